import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { count, linePath, milliseconds, roundMax } from '../../src/ui/plots/scale.ts';

test('an axis ends at a round number that all stays below, and is half used at least', () => {
  fc.assert(
    fc.property(fc.double({ min: 1, max: 1e9, noNaN: true }), (value) => {
      const max = roundMax(value);
      assert.ok(max >= value * (1 - 1e-9) && max <= value * 2.5 + 1, `${value} ${max}`);
      assert.match(String(max), /^[125]0*$/);
    }),
  );
  assert.deepEqual([0, Number.NaN, 0.3].map(roundMax), [1, 1, 1]);
});

test('a line is broken where a value is missing', () => {
  assert.equal(linePath([0, 10, null, 5, null], 10, 50, 100), 'M5 100L15 0M30 50H40');
  assert.equal(linePath([], 10, 50, 100), '');
});

test('numbers are said as people read them', () => {
  assert.deepEqual([0, 999, 12_345, 91.123].map(count), ['0', '999', '12.3K', '91.1']);
  assert.deepEqual([0, 999, 1_500, 90_000].map(milliseconds), ['0 ms', '999 ms', '1.5 s', '1.5 min']);
});
