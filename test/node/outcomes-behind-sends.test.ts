import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OUTCOMES_HELD_MS } from '../../src/node/limits.ts';
import { OutcomesBehindSends } from '../../src/node/outcomes-behind-sends.ts';
import { steppedClock } from './stepped-clock.ts';

function holding(waiting: number) {
  const clock = steppedClock(0);
  const told: string[] = [];
  const state = { waiting };
  const outcomes = new OutcomesBehindSends(clock, () => state.waiting);
  return { clock, told, state, put: (name: string) => outcomes.put(() => told.push(name)), outcomes };
}

test('with nothing that waits to be sent, an outcome is told at once', () => {
  const { told, put } = holding(0);
  put('a');
  assert.deepEqual(told, ['a']);
});

test('while callbacks wait for a place, outcomes wait, also when none waits any more: other nodes may still be sending', () => {
  const { told, put, state, clock } = holding(2);
  put('a');
  put('b');
  state.waiting = 0;
  put('c');
  clock.pass(OUTCOMES_HELD_MS - 1);
  assert.deepEqual(told, []);
  clock.pass(1);
  assert.deepEqual(told, ['a', 'b', 'c']);
  put('d');
  assert.deepEqual(told, ['a', 'b', 'c', 'd'], 'nothing waits, and nothing did since');
});

test('a line that lasts holds up what was told first, for no longer than the bound, and then nothing until it was empty', () => {
  const { told, put, state, clock } = holding(1);
  put('a');
  clock.pass(OUTCOMES_HELD_MS - 1);
  put('b');
  assert.deepEqual(told, []);
  clock.pass(1);
  assert.deepEqual(told, ['a', 'b']);
  put('c');
  assert.deepEqual(told, ['a', 'b', 'c'], 'a slow target holds up nobody else');
  state.waiting = 0;
  put('d');
  state.waiting = 5;
  put('e');
  assert.deepEqual(told, ['a', 'b', 'c', 'd'], 'another burst');
  clock.pass(OUTCOMES_HELD_MS);
  assert.deepEqual(told, ['a', 'b', 'c', 'd', 'e']);
});

test('a line that was over by the bound was no long one: the next burst holds outcomes back', () => {
  const { told, put, state, clock } = holding(1);
  put('a');
  state.waiting = 0;
  clock.pass(OUTCOMES_HELD_MS);
  assert.deepEqual(told, ['a']);
  state.waiting = 5;
  put('b');
  assert.deepEqual(told, ['a']);
});
