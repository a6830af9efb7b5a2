import { parentPort } from 'node:worker_threads';
import { type RunReport, simulate } from './simulate.ts';

/** Runs the seeds it is given, each twice: a run that does not repeat itself proves nothing. */

export interface SeedOrder {
  readonly seed: number;
  readonly steps: number;
}

export function runTwice({ seed, steps }: SeedOrder): RunReport {
  const first = simulate({ seed, steps });
  const { traceHash } = simulate({ seed, steps });
  if (traceHash === first.traceHash) return first;
  const message = `two runs of seed ${seed} differ: traces ${first.traceHash} and ${traceHash}`;
  return { ...first, failure: { rule: 'Determinism', message, step: first.steps, atMs: 0, stack: '' } };
}

parentPort?.on('message', (order: SeedOrder) => parentPort?.postMessage(runTwice(order)));
