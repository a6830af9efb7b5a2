import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadResult } from './load.ts';
import { load, median, type Running, startBareSketch, startNode } from './measuring.ts';

/** createTask on one node beside the bare sketch of the same path, in turns, so that both meet the same disk. */
const ROUNDS = 3;
const SECONDS = 5;
const RATIO_MIN = 0.7;

async function reachedBy(running: Promise<Running>, connections: number): Promise<LoadResult> {
  const server = await running;
  const result = await load(server.port, connections, SECONDS);
  await server.stop();
  return result;
}

const inWords = ({ perSecond, p50Ms, p99Ms }: LoadResult): string =>
  `${perSecond}/s (p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(1)} ms)`;

export async function benchCreate(): Promise<void> {
  for (const connections of [1, 16, 64, 256]) {
    const toBare: number[] = [];
    const toFastify: number[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      const directory = mkdtempSync(join(tmpdir(), 'xcron-bench-'));
      const bare = await reachedBy(startBareSketch('node:http'), connections);
      const framework = await reachedBy(startBareSketch('fastify'), connections);
      const xcron = await reachedBy(startNode(directory), connections);
      rmSync(directory, { recursive: true, force: true });
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
