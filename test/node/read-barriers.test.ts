import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadBarriers } from '../../src/node/read-barriers.ts';
import type { Incarnation } from '../../src/raft/types.ts';

const askedBy = (incarnation: number): { readonly barriers: ReadBarriers; readonly ids: readonly number[] } => {
  const barriers = new ReadBarriers(incarnation as Incarnation);
  for (let count = 0; count < 3; count += 1) void barriers.ask();
  return { barriers, ids: barriers.gather() };
};

test('an answer to what an earlier start asked confirms nothing that this one asks (I2)', () => {
  const before = askedBy(7);
  const { barriers, ids } = askedBy(8);
  let settled = 0;
  const asked = barriers.ask().then(() => {
    settled += 1;
  });
  const [last] = barriers.gather();
  barriers.confirmed(before.ids, 5);
  barriers.applied(5);
  assert.equal(new Set([...before.ids, ...ids, last]).size, 7);
  barriers.confirmed([last ?? 0], 5);
  barriers.applied(5);
  return asked.then(() => assert.equal(settled, 1));
});

test('whatever number a start has, its reads are whole numbers', () => {
  for (const incarnation of [1, 8_191, 8_192, 2 ** 48, Number.MAX_SAFE_INTEGER - 1])
    for (const id of askedBy(incarnation).ids) assert.ok(Number.isSafeInteger(id) && id > 0, String(id));
});
