import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load, median, metric, startBareSketch, startNode } from './measuring.ts';

/** createTask on one node beside the bare sketch of the same path, in turns, so that both meet the same disk. */
const ROUNDS = 3;
const SECONDS = 5;
const RATIO_MIN = 0.7;

export async function benchCreate(): Promise<void> {
  for (const connections of [1, 16, 64, 256]) {
    const ratios: number[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      const directory = mkdtempSync(join(tmpdir(), 'xcron-bench-'));
      const bare = await startBareSketch();
      const ceiling = await load(bare.port, connections, SECONDS);
      await bare.stop();
      const node = await startNode(directory);
      const reached = await load(node.port, connections, SECONDS);
      const lagMs = (await metric(node.port, 'nodejs_eventloop_lag_max_seconds')) * 1_000;
      await node.stop();
      rmSync(directory, { recursive: true, force: true });
      ratios.push(reached.perSecond / ceiling.perSecond);
      console.log(
        `createTask, ${connections} connections, round ${round}: bare sketch ${ceiling.perSecond}/s, p50 ${ceiling.p50Ms.toFixed(2)} ms, p99 ${ceiling.p99Ms.toFixed(1)} ms; xcron ${reached.perSecond}/s, p50 ${reached.p50Ms.toFixed(2)} ms, p99 ${reached.p99Ms.toFixed(1)} ms, ${reached.errors} errors, longest lag of the loop ${lagMs.toFixed(0)} ms`,
      );
    }
    const goal = connections === 64 ? ` (goal ≥ ${RATIO_MIN})` : '';
    console.log(`createTask, ${connections} connections: ${median(ratios).toFixed(2)} of the bare sketch${goal}`);
  }
}
