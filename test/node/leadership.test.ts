import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { Leadership } from '../../src/node/leadership.ts';
import type { MemberId } from '../../src/raft/types.ts';

test('who waited in vain for a leader is not remembered until there is one (I10)', async () => {
  const leadership = new Leadership(systemClock, 'n1.i' as MemberId);
  await Promise.all(Array.from({ length: 100 }, () => leadership.untilChange(1)));
  assert.equal(leadership.waiting, 0);
  const waiting = leadership.untilChange(60_000);
  assert.equal(leadership.waiting, 1);
  leadership.changed('n2.i' as MemberId);
  await waiting;
  assert.equal(leadership.waiting, 0);
});
