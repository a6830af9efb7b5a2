import { Worker } from 'node:worker_threads';
import type { SeedOrder } from './seed-worker.ts';
import type { RunReport } from './simulate.ts';

/** One run does not use a second core; two do. */
const WORKERS = 2;

/** Runs what `next` hands out, until it hands out null. `report` sees each run, in the order in which they end. */
export async function runSeeds(next: () => SeedOrder | null, report: (run: RunReport) => void): Promise<void> {
  const workers = Array.from({ length: WORKERS }, () => new Worker(new URL('./seed-worker.ts', import.meta.url)));
  try {
    await Promise.all(workers.map((worker) => keepBusy(worker, next, report)));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function keepBusy(worker: Worker, next: () => SeedOrder | null, report: (run: RunReport) => void): Promise<void> {
  return new Promise((done, failed) => {
    const give = (): void => {
      const order = next();
      if (order === null) done();
      else worker.postMessage(order);
    };
    worker.on('message', (run: RunReport) => {
      report(run);
      give();
    });
    worker.on('error', failed);
    give();
  });
}
