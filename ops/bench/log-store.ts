import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Entry, NodeId } from '../../src/raft/types.ts';
import { openDataDirectory } from '../../src/store/data-directory.ts';
import { openLogStore } from '../../src/store/sqlite-log-store.ts';

/**
 * What the log costs: persists a second and the time of each, by entries a persist; then of the checkpoints, of compaction and of a
 * start. `node ops/bench/log-store.ts [seconds a size] [directory]`
 */
const SIZES = [1, 16, 128, 1024] as const;
const ENTRY_BYTES = 300;
const COMPACT_ROWS = 1000;
const READ_BYTES = 256 * 1024;
const [secondsText = '3', parent = tmpdir()] = process.argv.slice(2);
const durationMs = Number(secondsText) * 1000;

const path = mkdtempSync(join(parent, 'xcron-bench-log-'));
const directory = openDataDirectory(path, 'bench' as NodeId);
const persistMs: number[] = [];
const checkpointMs: number[] = [];
const options = {
  observe: (operation: 'persist' | 'checkpoint', tookMs: number) => {
    (operation === 'persist' ? persistMs : checkpointMs).push(tookMs);
  },
};

const quantile = (values: readonly number[], fraction: number): string => {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? 0).toFixed(2).padStart(7);
};
const summary = (values: readonly number[]): string =>
  `p50 ${quantile(values, 0.5)}  p99 ${quantile(values, 0.99)}  max ${quantile(values, 1)} ms`;
const timed = <T>(action: () => T): [T, number] => {
  const startedAtMs = performance.now();
  const result = action();
  return [result, performance.now() - startedAtMs];
};

let store = openLogStore(directory, options);
const data = 'x'.repeat(ENTRY_BYTES);
console.log('entries  persists/s   entries/s  persist                                   checkpoint');
for (const size of SIZES) {
  persistMs.length = 0;
  checkpointMs.length = 0;
  const endsAtMs = performance.now() + durationMs;
  let nextSecondMs = performance.now() + 1000;
  while (performance.now() < endsAtMs) {
    const first = store.lastIndex + 1;
    const entries = Array.from(
      { length: size },
      (_, i): Entry => ({ index: first + i, term: 1, kind: 'events', data }),
    );
    store.persist({ entries });
    if (!store.checkpointDue && performance.now() < nextSecondMs) continue;
    store.maintain();
    nextSecondMs = performance.now() + 1000;
  }
  const persists = persistMs.length / (durationMs / 1000);
  console.log(
    `${String(size).padStart(7)}  ${persists.toFixed(0).padStart(10)}  ${(persists * size).toFixed(0).padStart(10)}  ` +
      `${summary(persistMs)}  ${String(checkpointMs.length).padStart(4)} × ${summary(checkpointMs)}`,
  );
}

const readMs: number[] = [];
let read = 0;
while (read < Math.min(store.lastIndex, 200_000)) {
  const [entries, tookMs] = timed(() => store.read(read + 1, READ_BYTES));
  read += entries.length;
  readMs.push(tookMs);
}
const readSeconds = readMs.reduce((sum, ms) => sum + ms, 0) / 1000;
console.log(
  `read     ${(read / readSeconds).toFixed(0)} verified entries/s, ${READ_BYTES / 1024} KiB a call: ${summary(readMs)}`,
);

const { lastIndex } = store;
for (const verifyFrom of [lastIndex - 1000, 1]) {
  store.close();
  const [reopened, tookMs] = timed(() => openLogStore(directory, { ...options, verifyFrom }));
  store = reopened;
  console.log(
    `start    ${tookMs.toFixed(0)} ms with the last ${lastIndex - verifyFrom + 1} of ${lastIndex} entries verified`,
  );
}

const compactMs: number[] = [];
checkpointMs.length = 0;
for (let more = true; more && compactMs.length < 300; ) {
  const [left, tookMs] = timed(() => store.compact(lastIndex - 10, { members: [] }, COMPACT_ROWS));
  more = left;
  compactMs.push(tookMs);
  if (store.checkpointDue) store.maintain();
}
console.log(
  `compact  ${COMPACT_ROWS} rows a call: ${summary(compactMs)}; ${checkpointMs.length} checkpoints: ${summary(checkpointMs)}`,
);

store.close();
directory.close();
rmSync(path, { recursive: true });
