import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TARGET_CLAIMS_MAX, TARGET_PARKED_MAX } from '../../src/node/limits.ts';
import { Targets } from '../../src/node/targets.ts';
import type { DuePosition } from '../../src/store/projection.ts';
import type { TaskId } from '../../src/tasks/task.ts';

const id = (task: number): TaskId => String(task) as TaskId;
const due = (task: number): DuePosition => ({ dueAtMs: task, taskId: id(task), run: 0 });

const full = (): Targets => {
  const targets = new Targets();
  for (let task = 1; task <= TARGET_CLAIMS_MAX; task += 1) targets.claim('http://a', id(task), 1);
  return targets;
};

test('a target is full at its bound, and the others are not', () => {
  const targets = full();
  assert.equal(targets.roomOf('http://a'), 0);
  assert.equal(targets.roomOf('http://b'), TARGET_CLAIMS_MAX);
  assert.equal(targets.open, TARGET_CLAIMS_MAX);
});

test('the same claim counts once, and is released once', () => {
  const targets = new Targets();
  targets.claim('http://a', id(1), 1);
  targets.claim('http://a', id(1), 1);
  assert.equal(targets.open, 1);
  assert.deepEqual(targets.release(id(1), 1), { target: 'http://a', rewind: null });
  assert.equal(targets.release(id(1), 1), null);
  assert.equal(targets.open, 0);
});

test('what is parked comes back in order, one for each place', () => {
  const targets = full();
  targets.park('http://a', due(100));
  targets.park('http://a', due(101));
  assert.equal(targets.unpark('http://a'), null, 'still full');
  targets.release(id(1), 1);
  assert.deepEqual(targets.unpark('http://a'), due(100));
  targets.claim('http://a', id(100), 1);
  assert.equal(targets.unpark('http://a'), null);
  assert.equal(targets.parked, 1);
});

test('I10: beyond its bound nothing is parked, and the first left out is read again once there is room', () => {
  const targets = full();
  for (let task = 1; task <= TARGET_PARKED_MAX + 5; task += 1) targets.park('http://a', due(1_000 + task));
  assert.equal(targets.parked, TARGET_PARKED_MAX);
  while (targets.parked > 0) {
    assert.equal(targets.release(id(1), 1)?.rewind ?? null, null);
    targets.unpark('http://a');
    targets.claim('http://a', id(1), 1);
  }
  assert.deepEqual(targets.release(id(1), 1)?.rewind, due(1_000 + TARGET_PARKED_MAX + 1));
});
