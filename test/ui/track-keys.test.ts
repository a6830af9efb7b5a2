import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timeByKey } from '../../src/ui/debug/track-keys.ts';

for (const [key, atMs, to] of [
  ['ArrowRight', 1_000, 2_000],
  ['ArrowLeft', 1_000, 0],
  ['ArrowLeft', 400, 0],
  ['PageUp', 30_000, 40_000],
  ['PageDown', 5_000, 0],
  ['Home', 30_000, 0],
  ['End', 30_000, 60_000],
  ['a', 30_000, null],
] as const) {
  test(`${key} at ${atMs} ms of a minute leads to ${to}`, () => assert.equal(timeByKey(key, atMs, 0, 60_000), to));
}
