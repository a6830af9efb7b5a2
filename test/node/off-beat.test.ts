import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BEAT_MS, UPBEAT_MS } from '../../src/node/limits.ts';
import { untilOffBeatMs } from '../../src/node/off-beat.ts';

const NOON_MS = Date.UTC(2026, 0, 1, 12);

test('claims ahead wait for the beat of a second to pass, and no longer', () => {
  assert.equal(untilOffBeatMs(NOON_MS, 2_000), BEAT_MS);
  assert.equal(untilOffBeatMs(NOON_MS + 100, 2_000), BEAT_MS - 100);
  assert.equal(untilOffBeatMs(NOON_MS + BEAT_MS, 2_000), 0);
});

test('they do not begin right before a second either: they would still be made in it', () => {
  assert.equal(untilOffBeatMs(NOON_MS + 999 - UPBEAT_MS, 2_000), 0);
  assert.equal(untilOffBeatMs(NOON_MS + 1_000 - UPBEAT_MS, 2_000), UPBEAT_MS + BEAT_MS);
  assert.equal(untilOffBeatMs(NOON_MS + 999, 2_000), 1 + BEAT_MS);
});

test('a look-ahead that is shorter than a second has no time to lose', () => {
  assert.equal(untilOffBeatMs(NOON_MS, 999), 0);
});
