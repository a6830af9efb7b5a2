import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { areThere, sampled } from './answers.ts';
import type { LoadResult } from './load.ts';
import { load, median, startBareSketch, startNode } from './measuring.ts';

/** createTask on one node beside the bare sketch of the same path, in turns, so that both meet the same disk. */
const ROUNDS = 3;
const SECONDS = 5;
const RATIO_MIN = 0.7;

async function reachedBySketch(http: 'node:http' | 'fastify', connections: number): Promise<LoadResult> {
  const sketch = await startBareSketch(http);
  const result = await load(sketch.port, connections, SECONDS);
  await sketch.stop();
  return result;
}

/** Killed right after, and started again on what it left: what it answered has to be there. */
async function reachedByNode(connections: number): Promise<LoadResult> {
  const directory = mkdtempSync(join(tmpdir(), 'xcron-bench-'));
  const node = await startNode(directory);
  const result = await load(node.port, connections, SECONDS);
  const ids = await sampled(node.port);
  await node.stop('SIGKILL');
  const again = await startNode(directory);
  // A load that ends leaves a request a connection without its answer; it ends once after warming up, and once more.
  await areThere(again, ids, result.answered + ids.length, 2 * connections);
  await again.stop();
  rmSync(directory, { recursive: true, force: true });
  return result;
}

const inWords = ({ perSecond, p50Ms, p99Ms }: LoadResult): string =>
  `${perSecond}/s (p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(1)} ms)`;

export async function benchCreate(): Promise<void> {
  for (const connections of [1, 16, 64, 256]) {
    const toBare: number[] = [];
    const toFastify: number[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      const bare = await reachedBySketch('node:http', connections);
      const framework = await reachedBySketch('fastify', connections);
      const xcron = await reachedByNode(connections);
      toBare.push(xcron.perSecond / bare.perSecond);
      toFastify.push(xcron.perSecond / framework.perSecond);
      console.log(
        `createTask, ${connections} connections, round ${round}: bare sketch on node:http ${inWords(bare)}; on fastify ${inWords(framework)}; xcron ${inWords(xcron)}, ${xcron.errors} errors`,
      );
    }
    const goal = connections === 64 ? ` (goal ≥ ${RATIO_MIN})` : '';
    console.log(
      `createTask, ${connections} connections: ${median(toBare).toFixed(2)} of the bare sketch on node:http${goal}, ${median(toFastify).toFixed(2)} of the one on fastify`,
    );
  }
}
