/**
 * npm run cluster: a NATS server and three nodes on this machine, to be tried out and killed. One Ctrl-C ends all of them.
 *
 *   npm run cluster -- --first-port 9001 --nats-port 4333 --data-dir elsewhere
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { lineForPerson } from '../../src/cli/node-log.ts';
import { readFlags, USAGE } from './cluster-flags.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';
import { nodeFlags } from './runtime.mjs';
import { ensureSystemTools, NATS_SERVER, thisMachine } from './system-tools.ts';
import { ensureUi } from './ui.mjs';

const flags = readFlags(process.argv.slice(2));
if (flags === null || typeof flags === 'string') {
  if (flags === null) console.log(USAGE);
  else console.error(`xcron: ${flags}\n${USAGE}`);
  process.exit(flags === null ? 0 : 2);
}
const { firstPort: FIRST_PORT, directory: DIRECTORY, natsPort: NATS_PORT } = flags;
const NODES = [0, 1, 2].map((at) => ({ nodeId: `n${at + 1}`, port: FIRST_PORT + at }));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
/** A node ends when this process is gone without having said so. */
const FOLLOW = fileURLToPath(new URL('./follow-launcher.cjs', import.meta.url));
const READY_MS_MAX = 60_000;
const EXIT_USAGE = 2;

/** There while the node runs: its number may be another process's once it has ended. */
const pidFileOf = (nodeId: string): string => join(DIRECTORY, `${nodeId}.pid`);

const say = (who: string, line: string): void => console.log(`${who.padEnd(4)} ${line}`);

function startNode(nodeId: string, port: number, natsUrl: string): ChildProcess {
  const flags = ['--node-id', nodeId, '--http-port', String(port), '--data-dir', join(DIRECTORY, nodeId)];
  const cluster = ['--cluster', 'demo', '--nats-url', natsUrl, '--peers', NODES.map((node) => node.nodeId).join(',')];
  const child = spawn(
    process.execPath,
    [...nodeFlags(['serve']), '--require', FOLLOW, MAIN, 'serve', ...flags, ...cluster],
    {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
      env: { ...process.env, XCRON_FOLLOW_LAUNCHER: '1' },
    },
  );
  // The first steps of a node alone are not those of a cluster.
  createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (line) =>
    say(nodeId, line.startsWith('{') ? lineForPerson(line) : line),
  );
  (child.stdout as NodeJS.ReadableStream).resume();
  writeFileSync(pidFileOf(nodeId), `${child.pid}\n`);
  return child;
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
  } catch {
    return false;
  }
}

async function allReady(isOver: () => boolean): Promise<boolean> {
  const untilMs = Date.now() + READY_MS_MAX;
  while (!isOver() && Date.now() < untilMs) {
    if ((await Promise.all(NODES.map(({ port }) => isReady(port)))).every(Boolean)) return true;
    await new Promise((looked) => setTimeout(looked, 100));
  }
  return false;
}

function sayFirstSteps(natsUrl: string): void {
  const [first, second, third] = NODES.map(({ port }) => `http://127.0.0.1:${port}`);
  const leader = `$(curl -s ${second}/v1/cluster | sed 's/.*"leader_id":"\\([^"]*\\)".*/\\1/')`;
  const task = `{"type":2,"format":"'$(($(date +%s)+15))'","callback":{"url":"http://127.0.0.1:9000/","body":{"hello":"cluster"}}}`;
  for (const line of [
    '',
    `Three nodes on ${first}, ${second} and ${third}, through ${natsUrl}; their data in ${DIRECTORY}. Ctrl-C ends all.`,
    `Dashboards: ${[first, second, third].map((url) => `${url}/`).join('  ')}`,
    'With "npx xcron listen" in a second terminal, paste these into a third: a task for in 15 seconds on one node, read on',
    'another, and the leader killed before it is due. The callback comes all the same.',
    `  curl ${first}/xcron/createTask -H 'content-type: application/json' -d '${task}'`,
    `  curl ${second}/v1/tasks`,
    `  kill -9 $(cat ${DIRECTORY}/${leader}.pid)`,
    '',
  ])
    console.log(line);
}

const isTaken = (port: number): Promise<boolean> =>
  new Promise((known) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      known(true);
    });
    socket.once('error', () => known(false));
  });

async function run(): Promise<number> {
  for (const { nodeId, port } of NODES) {
    if (!(await isTaken(port))) continue;
    console.error(`xcron: port ${port}, on which node ${nodeId} is to listen, is in use`);
    return EXIT_USAGE;
  }
  let stopping = false;
  const { promise: told, resolve } = Promise.withResolvers<void>();
  const stop = (): void => {
    stopping = true;
    resolve();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  await ensureUi(ROOT, thisMachine.say);
  mkdirSync(DIRECTORY, { recursive: true });
  const nats: NatsServer = await startNatsServer((await isTaken(NATS_PORT)) ? {} : { port: NATS_PORT });
  say('nats', `nats-server listens on ${nats.url}`);
  const nodes = NODES.map(({ nodeId, port }) => ({ nodeId, child: startNode(nodeId, port, nats.url) }));
  const ends = nodes.map(async ({ nodeId, child }) => {
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    rmSync(pidFileOf(nodeId), { force: true });
    if (!stopping) say(nodeId, `ended (${signal ?? `exit ${code}`}); the next "npm run cluster" goes on with its data`);
    return code ?? 0;
  });
  void Promise.all(ends).then(stop);
  if (await allReady(() => stopping)) sayFirstSteps(nats.url);
  await told;
  for (const { child } of nodes) child.kill('SIGTERM');
  const codes = await Promise.all(ends);
  await nats.kill('SIGTERM');
  return Math.max(...codes);
}

process.exitCode = (await ensureSystemTools([NATS_SERVER], thisMachine, 'a cluster needs')) ? await run() : EXIT_USAGE;
