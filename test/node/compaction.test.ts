import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { type CompactionBounds, createCompaction } from '../../src/node/compaction.ts';
import { LOG_BYTES_MAX } from '../../src/node/limits.ts';
import type { LogStore } from '../../src/store/log-store.ts';
import type { Projection } from '../../src/store/projection.ts';

const bounds: CompactionBounds = {
  compactableThrough: (index) => index,
  configurationAt: () => ({ members: [] }),
  compacted: () => {},
};

/** Only what compaction asks of its log and its projection. */
function arranged(sizeBytes: number, copy: () => Promise<{ index: number }>) {
  const calls: string[] = [];
  let slices = 3;
  const log = {
    sizeBytes,
    base: { index: 0 },
    termAt: () => 1,
    compact(throughIndex: number) {
      calls.push(`compact ${throughIndex}`);
      slices -= 1;
      return slices > 0;
    },
  } as unknown as LogStore;
  const projection = {
    copyTo(file: string) {
      calls.push(`copy ${file}`);
      return copy();
    },
  } as unknown as Projection;
  const postponed: Error[] = [];
  const compact = createCompaction({
    log,
    projection,
    snapshotFile: 'snapshot.db',
    stateBytes: () => 0,
    clock: systemClock,
    postponed: (error) => postponed.push(error),
  });
  return { calls, postponed, compact };
}

test('a log within its bound is left alone', async () => {
  const { calls, compact } = arranged(LOG_BYTES_MAX, async () => ({ index: 7 }));
  await compact(bounds, () => false);
  assert.deepEqual(calls, []);
});

test('a larger log is cut only behind a copy of the state, slice by slice', async () => {
  const { calls, compact } = arranged(LOG_BYTES_MAX + 1, async () => ({ index: 7 }));
  await compact(bounds, () => false);
  assert.deepEqual(calls, ['copy snapshot.db', 'compact 7', 'compact 7', 'compact 7']);
});

test('a copy that cannot be made postpones: it is said, tried again later, and nothing is cut', async () => {
  const { calls, postponed, compact } = arranged(LOG_BYTES_MAX + 1, async () => {
    throw new Error('no space');
  });
  await compact(bounds, () => false);
  await compact(bounds, () => false);
  assert.deepEqual(calls, ['copy snapshot.db']);
  assert.equal(postponed.length, 1);
});

test('a node that stops cuts no further', async () => {
  const { calls, compact } = arranged(LOG_BYTES_MAX + 1, async () => ({ index: 7 }));
  await compact(bounds, () => true);
  assert.deepEqual(calls, ['copy snapshot.db']);
});
