import { parentPort } from 'node:worker_threads';
import { simulateNodes } from './nodes/simulate-nodes.ts';
import { type RunOptions, type RunReport, simulate } from './simulate.ts';

/** Runs the seeds it is given, each twice: a run that does not repeat itself proves nothing. */

export interface SeedOrder {
  readonly seed: number;
  readonly steps: number;
  readonly nodes: boolean;
}

export const runOf = (nodes: boolean, options: RunOptions): RunReport | Promise<RunReport> =>
  nodes ? simulateNodes(options) : simulate(options);

async function runTwice({ seed, steps, nodes }: SeedOrder): Promise<RunReport> {
  const first = await runOf(nodes, { seed, steps });
  const { traceHash } = await runOf(nodes, { seed, steps });
  if (traceHash === first.traceHash) return first;
  const message = `two runs of seed ${seed} differ: traces ${first.traceHash} and ${traceHash}`;
  return { ...first, failure: { rule: 'Determinism', message, step: first.steps, atMs: 0, stack: '' } };
}

parentPort?.on('message', (order: SeedOrder) => {
  void runTwice(order).then((report) => parentPort?.postMessage(report));
});
