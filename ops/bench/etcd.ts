import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort } from '../scripts/free-port.ts';

/** Three members of etcd on this machine, with what it does by default: what others reach with the same promise, in the same run. */
export interface EtcdCluster {
  readonly leaderPort: number;
  stop(): Promise<void>;
}

export const PUT = {
  path: '/v3/kv/put',
  body: JSON.stringify({
    key: Buffer.from('task').toString('base64'),
    value: Buffer.from('{"type":1,"format":"0 0 1 1 *","callback":{"url":"http://127.0.0.1:9/run"}}').toString(
      'base64',
    ),
  }),
  expect: '"revision"',
};

export const hasEtcd = (): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'etcd')));

async function leads(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/v3/maintenance/status`, { method: 'POST', body: '{}' });
    const { header, leader } = (await answer.json()) as { header?: { member_id: string }; leader?: string };
    return leader !== undefined && leader !== '0' && leader === header?.member_id;
  } catch {
    return false;
  }
}

export async function startEtcd(): Promise<EtcdCluster> {
  const directory = mkdtempSync(join(tmpdir(), 'xcron-bench-etcd-'));
  const members: { name: string; client: string; peer: string; port: number }[] = [];
  for (const name of ['e1', 'e2', 'e3']) {
    const port = await freePort();
    const [client, peer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${await freePort()}`];
    members.push({ name, client, peer, port });
  }
  const all = members.map(({ name, peer }) => `${name}=${peer}`).join(',');
  const children = members.map(({ name, client, peer }): ChildProcess => {
    const where = ['--name', name, '--data-dir', join(directory, name), '--initial-cluster', all];
    const peers = ['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer];
    const clients = ['--listen-client-urls', client, '--advertise-client-urls', client];
    return spawn('etcd', [...where, ...peers, ...clients], { stdio: 'ignore' });
  });
  let leaderPort = 0;
  while (leaderPort === 0) {
    if (children.some(({ exitCode }) => exitCode !== null)) throw new Error('etcd ended');
    for (const { port } of members) if (await leads(port)) leaderPort = port;
  }
  return {
    leaderPort,
    async stop() {
      const ends = children.map((child) => once(child, 'exit'));
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(ends);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
