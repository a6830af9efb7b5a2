import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryLogDisk, openMemoryLogStore } from '../../src/store/memory-log-store.ts';
import { createMemoryDisk, openMemoryProjection } from '../../src/store/memory-projection.ts';
import { encodeState } from '../../src/store/memory-snapshot.ts';
import { createMemorySnapshotDisk, createMemorySnapshotStore } from '../../src/store/memory-snapshot-store.ts';
import { replay } from '../contract/projection.ts';
import { snapshotStoreContract } from '../contract/snapshot-store.ts';
import { Scenario } from '../tasks/scenario.ts';

let nodes = 0;

snapshotStoreContract('memory', async () => {
  const [logDisk, stateDisk, disk] = [createMemoryLogDisk(), createMemoryDisk(), createMemorySnapshotDisk()];
  nodes += 1;
  const name = `n${nodes}`;
  return {
    async open() {
      const log = openMemoryLogStore(logDisk);
      const projection = openMemoryProjection({ disk: stateDisk, forgetful: true });
      return { log, projection, snapshots: createMemorySnapshotStore({ disk, stateDisk, projection, log, name }) };
    },
    remove: async () => undefined,
  };
});

test('equal states are equal bytes, in whatever order they came to be', async () => {
  const given = new Scenario().create().create().create();
  const disks = [createMemoryDisk(), createMemoryDisk()] as const;
  for (const disk of disks) {
    const projection = openMemoryProjection({ disk });
    await replay(projection, given.entries);
    await projection.flush();
  }
  const [first, second] = disks;
  const reversed = [...second.tasks].reverse();
  second.tasks.clear();
  for (const [taskId, task] of reversed) second.tasks.set(taskId, task);
  assert.ok(first.tasks.size > 0);
  assert.deepEqual(encodeState(first), encodeState(second));
});
