import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { areThere, sampled } from './answers.ts';
import type { LoadResult } from './load.ts';
import { CREATE, load, median, startBareSketch, startNode } from './measuring.ts';

/** createTask on one node beside the bare sketch of the same path, in turns, so that both meet the same disk. */
const ROUNDS = 3;
const SECONDS = 5;
const RATIO_MIN = 0.7;

interface Clients {
  readonly connections: number;
  /** Each request on a connection of its own. */
  readonly closing: boolean;
}
const CLIENTS: readonly Clients[] = [
  ...[1, 16, 64, 256].map((connections) => ({ connections, closing: false })),
  { connections: 64, closing: true },
];

const loadOf = (port: number, { connections, closing }: Clients): Promise<LoadResult> =>
  load(port, connections, SECONDS, { ...CREATE, closing });

async function reachedBySketch(http: 'node:http' | 'fastify', clients: Clients): Promise<LoadResult> {
  const sketch = await startBareSketch(http);
  const result = await loadOf(sketch.port, clients);
  await sketch.stop();
  return result;
}

/** Killed right after, and started again on what it left: what it answered has to be there. */
async function reachedByNode(clients: Clients): Promise<LoadResult> {
  const directory = mkdtempSync(join(tmpdir(), 'xcron-bench-'));
  const node = await startNode(directory);
  const result = await loadOf(node.port, clients);
  const ids = await sampled(node.port);
  await node.stop('SIGKILL');
  const again = await startNode(directory);
  // A load that ends leaves a request a connection without its answer; it ends once after warming up, and once more.
  await areThere(again, ids, result.answered + ids.length, 2 * clients.connections);
  await again.stop();
  rmSync(directory, { recursive: true, force: true });
  return result;
}

const inWords = ({ perSecond, p50Ms, p99Ms }: LoadResult): string =>
  `${perSecond}/s (p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(1)} ms)`;

export async function benchCreate(): Promise<void> {
  for (const clients of CLIENTS) {
    const { connections, closing } = clients;
    const who = closing ? `${connections} clients, a connection for each request` : `${connections} connections`;
    const toBare: number[] = [];
    const toFastify: number[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      const bare = await reachedBySketch('node:http', clients);
      const framework = await reachedBySketch('fastify', clients);
      const xcron = await reachedByNode(clients);
      toBare.push(xcron.perSecond / bare.perSecond);
      toFastify.push(xcron.perSecond / framework.perSecond);
      console.log(
        `createTask, ${who}, round ${round}: bare sketch on node:http ${inWords(bare)}; on fastify ${inWords(framework)}; xcron ${inWords(xcron)}, ${xcron.errors} errors`,
      );
    }
    const goal = connections === 64 && !closing ? ` (goal ≥ ${RATIO_MIN})` : '';
    console.log(
      `createTask, ${who}: ${median(toBare).toFixed(2)} of the bare sketch on node:http${goal}, ${median(toFastify).toFixed(2)} of the one on fastify`,
    );
  }
}
