import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StorageRefused } from '../../src/store/log-store.ts';
import { createMemoryLogDisk, openMemoryLogStore } from '../../src/store/memory-log-store.ts';
import { entries, logStoreContract } from '../contract/log-store.ts';

for (const outcome of ['lost', 'written'] as const)
  logStoreContract(`memory, a failing write is ${outcome}`, () => {
    const disk = createMemoryLogDisk();
    return {
      open: () => openMemoryLogStore(disk),
      failNextWrite: () => disk.failNextWrite('ENOSPC', outcome),
      remove: () => undefined,
    };
  });

const refusedAsDamaged = (error: unknown): boolean => error instanceof StorageRefused && error.code === 'damaged';

test('a lost tail is noticed, unless what would tell is lost with it', () => {
  for (const guardToo of [false, true]) {
    const disk = createMemoryLogDisk();
    openMemoryLogStore(disk).persist({ entries: entries(1, 10) });
    disk.loseTail(3, guardToo);
    if (guardToo) assert.equal(openMemoryLogStore(disk).lastIndex, 7);
    else assert.throws(() => openMemoryLogStore(disk), refusedAsDamaged);
  }
});

test('a damaged entry is refused when it is read', () => {
  const disk = createMemoryLogDisk();
  const store = openMemoryLogStore(disk);
  store.persist({ entries: entries(1, 10) });
  disk.damage(4);
  assert.throws(() => store.read(1, Number.MAX_SAFE_INTEGER), refusedAsDamaged);
  assert.deepEqual(store.read(5, 1_000_000), entries(5, 10));
});
