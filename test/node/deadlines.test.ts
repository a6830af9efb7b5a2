import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../src/clock.ts';
import { Deadlines } from '../../src/node/deadlines.ts';

/** Time and its timers, moved by hand; `armed` is how many timers wait. */
function handClock(): Clock & { advance(ms: number): void; readonly armed: number } {
  let nowMs = 0;
  const timers = new Set<{ atMs: number; run: () => void }>();
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    nextTurn: () => {},
    setTimer(delayMs, run) {
      const timer = { atMs: nowMs + delayMs, run };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    advance(ms) {
      nowMs += ms;
      for (const timer of [...timers]) {
        if (timer.atMs > nowMs) continue;
        timers.delete(timer);
        timer.run();
      }
    },
    get armed() {
      return timers.size;
    },
  };
}

test('each deadline passes at its own time, by one timer, and a cancelled one does not', () => {
  const clock = handClock();
  const deadlines = new Deadlines(clock, 100);
  const passed: string[] = [];
  const set = (name: string) => deadlines.set(() => passed.push(name));
  set('a');
  clock.advance(40);
  const b = set('b');
  set('c');
  assert.equal(clock.armed, 1);
  clock.advance(59);
  assert.deepEqual(passed, []);
  clock.advance(1);
  assert.deepEqual(passed, ['a']);
  b.cancel();
  clock.advance(39);
  assert.deepEqual(passed, ['a']);
  clock.advance(1);
  assert.deepEqual(passed, ['a', 'c']);
  assert.equal(clock.armed, 0);
});

test('without a deadline that waits no timer keeps the process alive', () => {
  const clock = handClock();
  const deadlines = new Deadlines(clock, 100);
  const [a, b] = [deadlines.set(() => {}), deadlines.set(() => {})];
  a.cancel();
  assert.equal(clock.armed, 1);
  b.cancel();
  assert.equal(clock.armed, 0);
});

test('a deadline that is set while one passes waits its whole length', () => {
  const clock = handClock();
  const deadlines = new Deadlines(clock, 100);
  const passed: string[] = [];
  deadlines.set(() => void deadlines.set(() => passed.push('later')));
  clock.advance(100);
  assert.equal(clock.armed, 1);
  clock.advance(99);
  assert.deepEqual(passed, []);
  clock.advance(1);
  assert.deepEqual(passed, ['later']);
});
