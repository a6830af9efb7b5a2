import assert from 'node:assert/strict';
import { test } from 'node:test';
import { howFar, howFarWhileHeld, howLong } from '../../src/ui/parts/how-far.ts';

const NOW_MS = Date.UTC(2027, 0, 1);
for (const [awayMs, said] of [
  [0, 'now'],
  [999, 'now'],
  [59_000, 'in 59 sec.'],
  [-61_000, '1 min. ago'],
  [3_600_000, 'in 1 hr.'],
  [-90 * 86_400_000, '90 days ago'],
] as const) {
  test(`${awayMs} ms away is said as "${said}"`, () => assert.equal(howFar(NOW_MS + awayMs, NOW_MS), said));
}

test('while all is held, what is due is said to be held, and not to be now', () => {
  const said = [60_000, 999, 0, -61_000].map((awayMs) => howFarWhileHeld(NOW_MS + awayMs, NOW_MS));
  const held = 'held: all scheduling is paused';
  assert.deepEqual(said, ['in 1 min.', held, held, held]);
});

for (const [ms, said] of [
  [0, '0 s'],
  [999, '0 s'],
  [59_999, '59 s'],
  [70_472, '1 min 10 s'],
  [3_600_000, '1 h'],
  [3_725_000, '1 h 2 min'],
  [86_400_000 + 59_000, '1 d'],
] as const) {
  test(`a span of ${ms} ms is said as "${said}"`, () => assert.equal(howLong(ms), said));
}
