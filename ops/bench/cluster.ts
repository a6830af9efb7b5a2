import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NatsServer, startNatsServer } from '../scripts/nats-server.ts';
import { ensureSystemTools, NATS_SERVER, thisMachine } from '../scripts/system-tools.ts';
import { hasEtcd, PUT, startEtcd } from './etcd.ts';
import type { LoadResult } from './load.ts';
import { load, median, metric, startNode } from './measuring.ts';

/** createTask on the leader of three nodes, beside a put to the leader of three members of etcd. */
const ROUNDS = 3;
const SECONDS = 5;

interface Cluster {
  readonly leaderPort: number;
  stop(): Promise<void>;
}

async function startCluster(): Promise<Cluster> {
  const directory = mkdtempSync(join(tmpdir(), 'xcron-bench-cluster-'));
  const nats: NatsServer = await startNatsServer();
  const names = ['n1', 'n2', 'n3'];
  const flags = ['--cluster', 'bench', '--nats-url', nats.url, '--peers', names.join(',')];
  const nodes = await Promise.all(names.map((name) => startNode(join(directory, name), ['--node-id', name, ...flags])));
  const url = `http://127.0.0.1:${nodes[0]?.port}/v1/cluster`;
  let leader = -1;
  while (leader < 0) {
    const { leader_id } = (await (await fetch(url)).json()) as { leader_id: string | null };
    leader = names.indexOf(leader_id ?? '');
  }
  return {
    leaderPort: nodes[leader]?.port ?? 0,
    async stop() {
      await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
      await nats.kill('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function reachedByCluster(connections: number): Promise<LoadResult> {
  const cluster = await startCluster();
  const result = await load(cluster.leaderPort, connections, SECONDS);
  // The original API says in the body what went wrong, which the load does not read.
  const decided = await metric(cluster.leaderPort, 'xcron_proposals_total');
  if (decided < result.answered) throw new Error(`${result.answered} answers, and ${decided} decisions in the log`);
  await cluster.stop();
  return result;
}

async function reachedByEtcd(connections: number): Promise<LoadResult | null> {
  if (!hasEtcd()) return null;
  const etcd = await startEtcd();
  const result = await load(etcd.leaderPort, connections, SECONDS, PUT);
  await etcd.stop();
  return result;
}

const inWords = (result: LoadResult | null): string =>
  result === null
    ? 'not here (Debian: etcd-server)'
    : `${result.perSecond}/s (p50 ${result.p50Ms.toFixed(2)} ms, p99 ${result.p99Ms.toFixed(1)} ms, ${result.errors} errors)`;

export async function benchCluster(): Promise<void> {
  if (!(await ensureSystemTools([NATS_SERVER], thisMachine, 'the bench needs'))) throw new Error('no nats-server');
  for (const connections of [1, 64, 256]) {
    const ratios: number[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      const etcd = await reachedByEtcd(connections);
      const xcron = await reachedByCluster(connections);
      if (etcd !== null) ratios.push(xcron.perSecond / etcd.perSecond);
      console.log(
        `three nodes, ${connections} connections to the leader, round ${round}: etcd put ${inWords(etcd)}; xcron createTask ${inWords(xcron)}`,
      );
    }
    if (ratios.length > 0) {
      console.log(`three nodes, ${connections} connections to the leader: ${median(ratios).toFixed(2)} × etcd`);
    }
  }
}
