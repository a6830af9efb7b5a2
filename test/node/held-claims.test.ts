import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeldClaims } from '../../src/node/held-claims.ts';
import { CLAIMS_HELD_MAX, DUE_LOOK_MS } from '../../src/node/limits.ts';
import { steppedClock } from './stepped-clock.ts';

test('each comes due once, at its time, with one timer for all of them', () => {
  const clock = steppedClock(0);
  const held = new HeldClaims(clock);
  const due: string[] = [];
  held.hold(300, () => due.push('third'));
  held.hold(100, () => due.push('first'));
  held.hold(200, () => due.push('second'));
  assert.equal(clock.timers, 1);
  clock.pass(99);
  assert.deepEqual(due, []);
  clock.pass(1);
  assert.deepEqual(due, ['first']);
  clock.pass(1_000);
  assert.deepEqual(due, ['first', 'second', 'third']);
  assert.equal(held.size, 0);
  assert.equal(clock.timers, 0);
});

test('a look between two times calls nothing early', () => {
  const clock = steppedClock(0);
  const held = new HeldClaims(clock);
  const due: number[] = [];
  held.hold(DUE_LOOK_MS + 1, () => due.push(clock.nowMs()));
  clock.pass(DUE_LOOK_MS);
  assert.deepEqual(due, []);
  clock.pass(1);
  assert.deepEqual(due, [DUE_LOOK_MS + 1]);
});

test('what is taken back does not come due, and can be taken back once', () => {
  const clock = steppedClock(0);
  const held = new HeldClaims(clock);
  const due: number[] = [];
  const takeBack = held.hold(100, () => due.push(100));
  const tooLate = held.hold(100, () => due.push(101));
  assert.equal(takeBack(), true);
  assert.equal(takeBack(), false);
  assert.equal(held.size, 1);
  clock.pass(100);
  assert.deepEqual(due, [101]);
  assert.equal(tooLate(), false);
});

test('time that jumps forward is noticed soon; time that jumps back is waited for', () => {
  const clock = steppedClock(0);
  const held = new HeldClaims(clock);
  const due: number[] = [];
  held.hold(2_000, () => due.push(2_000));
  held.hold(2_500, () => due.push(2_500));
  clock.jump(2_100);
  clock.pass(DUE_LOOK_MS);
  assert.deepEqual(due, [2_000, 2_500]);
  clock.jump(-3_600_000);
  held.hold(3_000, () => due.push(3_000));
  clock.pass(3_000);
  assert.deepEqual(due, [2_000, 2_500]);
  clock.pass(3_600_000);
  assert.deepEqual(due, [2_000, 2_500, 3_000]);
});

test('one more than a leader may give is a bug (I10)', () => {
  const held = new HeldClaims(steppedClock(0));
  for (let count = 0; count < CLAIMS_HELD_MAX; count += 1) held.hold(1_000, () => {});
  assert.throws(() => held.hold(1_000, () => {}), /I10/);
});

test('once it is stopped, nothing comes due any more', () => {
  const clock = steppedClock(0);
  const held = new HeldClaims(clock);
  held.hold(100, () => assert.fail('it has stopped'));
  held.stop();
  clock.pass(1_000);
});
