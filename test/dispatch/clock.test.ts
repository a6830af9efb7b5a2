import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { NODE_TIMER_MS_MAX, systemClock } from '../../src/clock.ts';

test('a timer fires once, later than the call, and can be cancelled', async () => {
  let fired = 0;
  systemClock.setTimer(0, () => {
    fired += 1;
  });
  systemClock.setTimer(1, () => assert.fail('cancelled')).cancel();
  assert.equal(fired, 0);
  await delay(20);
  assert.equal(fired, 1);
});

test('a delay that Node cannot hold does not fire at once', async () => {
  const timers = [NODE_TIMER_MS_MAX + 1, 30 * 86_400_000, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY].map(
    (delayMs) => systemClock.setTimer(delayMs, () => assert.fail(`${delayMs} ms fired`)),
  );
  await delay(30);
  for (const timer of timers) timer.cancel();
});

test('a long delay is re-armed until it is over', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  // Node's mock leaves performance.now alone: the clock's own source of time is moved by hand.
  let nowMs = 1_000;
  t.mock.method(performance, 'now', () => nowMs);
  const pass = (ms: number): void => {
    nowMs += ms;
    t.mock.timers.tick(ms);
  };
  let fired = 0;
  systemClock.setTimer(2 * NODE_TIMER_MS_MAX + 500, () => {
    fired += 1;
  });
  pass(NODE_TIMER_MS_MAX);
  pass(NODE_TIMER_MS_MAX);
  assert.equal(fired, 0);
  pass(499);
  assert.equal(fired, 0);
  pass(1);
  assert.equal(fired, 1);
});

test('no delay is a bug', () => {
  assert.throws(() => systemClock.setTimer(Number.NaN, () => {}), RangeError);
});
