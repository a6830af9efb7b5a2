import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readJson } from './client.ts';
import { childWithOutput, until } from './serving.ts';
import { openSink } from './sink.ts';

/** `npm run cluster`, and the three lines that it and the README tell to paste: only ports and directory are this test's own. */
const script = fileURLToPath(new URL('../../ops/scripts/cluster.ts', import.meta.url));
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const README_LINES = /<!-- readme:cluster -->\n```sh\n([\s\S]*?)\n```/.exec(readme)?.[1]?.split('\n') ?? [];

const isFree = (port: number): Promise<boolean> =>
  new Promise((known) => {
    const server = createServer();
    server.once('error', () => known(false));
    server.listen(port, '127.0.0.1', () => server.close(() => known(true)));
  });

async function fourFreePorts(): Promise<number> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 10_000);
    const free = await Promise.all([0, 1, 2, 3].map((at) => isFree(first + at)));
    if (free.every(Boolean)) return first;
  }
}

const exists = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('a cluster for trying out: its lines do what they say, Ctrl-C ends all, and the next start goes on', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'xcron-dev-cluster-'));
  const sink = await openSink();
  const first = await fourFreePorts();
  const args = ['--first-port', String(first), '--nats-port', String(first + 3), '--data-dir', directory];
  const start = () =>
    childWithOutput(spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] }));
  let cluster = start();
  const pidFiles = () => readdirSync(directory).filter((name) => name.endsWith('.pid'));
  const pidsOf = () => pidFiles().map((name) => Number(readFileSync(join(directory, name), 'utf8')));
  const ready = () =>
    until(
      () => /kill -9/.test(cluster.output()),
      () => cluster.output(),
    );
  try {
    await ready();
    const printed = cluster
      .output()
      .split('\n')
      .flatMap((line) => (/^ {2}(?:curl|kill)/.test(line) ? [line.trim()] : []));
    const shapeOf = (line: string): string =>
      line
        .replaceAll('data/cluster', directory)
        .replace(/127\.0\.0\.1:800(\d)/g, (_, at) => `127.0.0.1:${first + Number(at) - 1}`);
    assert.deepEqual(printed, README_LINES.map(shapeOf));
    const shell = printed.map((line) =>
      line.replace('http://127.0.0.1:9000/', sink.url).replace('date +%s)+15', 'date +%s)+3'),
    );
    const run = async (line = ''): Promise<string> => {
      const child = childWithOutput(spawn('bash', ['-c', line], { stdio: ['ignore', 'pipe', 'ignore'] }));
      assert.equal(await child.ended, 0, line);
      return child.output();
    };
    const taskId = /"task_id":"(\d+)"/.exec(await run(shell[0]))?.[1] ?? '';
    assert.ok((await run(shell[1])).includes(`"id":"${taskId}"`));
    await run(shell[2]);
    await until(
      () => sink.taskIds.has(taskId),
      () => cluster.output(),
    );
    assert.match(cluster.output(), /ended \(SIGKILL\)/);

    const pids = pidsOf();
    cluster.process.kill('SIGINT');
    assert.equal(await cluster.ended, 0, cluster.output());
    assert.deepEqual(pids.filter(exists), []);
    assert.deepEqual(pidFiles(), [], 'they would name whoever gets these numbers next');

    cluster = start();
    await ready();
    assert.equal((await readJson(`http://127.0.0.1:${first + 2}/v1/tasks/${taskId}`)).status, 200);
    cluster.process.kill('SIGTERM');
    assert.equal(await cluster.ended, 0, cluster.output());
  } finally {
    cluster.process.kill('SIGKILL');
    for (const pid of pidsOf().filter(exists)) process.kill(pid, 'SIGKILL');
    await sink.close();
    rmSync(directory, { recursive: true, force: true });
  }
});
