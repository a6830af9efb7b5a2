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
  for (let task = 1; task <= TARGET_CLAIMS_MAX; task += 1) targets.claim('http://a', n1, id(task), 1);
  return targets;
};

const n1 = { nodeId: 'n1', incarnation: 1 };
test('a target is full at its bound, and the others are not', () => {
  const targets = full();
  assert.equal(targets.roomOf('http://a'), 0);
  assert.equal(targets.roomOf('http://b'), TARGET_CLAIMS_MAX);
  assert.equal(targets.open, TARGET_CLAIMS_MAX);
});

test('the same claim counts once, and is released once', () => {
  const targets = new Targets();
  targets.claim('http://a', n1, id(1), 1);
  targets.claim('http://a', n1, id(1), 1);
  assert.equal(targets.open, 1);
  targets.release(id(1), 1);
  targets.release(id(1), 1);
  assert.equal(targets.open, 0);
});

test('what is parked comes back in order, as long as there is room', () => {
  const targets = full();
  targets.park('http://a', due(100));
  targets.park('http://a', due(101));
  assert.equal(targets.takeReady(), null, 'still full');
  targets.release(id(1), 1);
  assert.deepEqual(targets.takeReady()?.position, due(100));
  targets.claim('http://a', n1, id(100), 1);
  assert.equal(targets.takeReady(), null);
  assert.equal(targets.parked, 1);
});

test('what had its turn and came to no request goes before all that is parked, in order', () => {
  const targets = full();
  for (const task of [100, 101]) targets.park('http://a', due(task));
  for (const task of [102, 103]) targets.park('http://a', { ...due(task), run: 1 }, true);
  for (let task = 1; task <= 4; task += 1) targets.release(id(task), 1);
  const taken = Array.from({ length: 4 }, () => targets.takeReady()?.position.taskId);
  assert.deepEqual(taken, ['102', '103', '100', '101']);
  assert.equal(targets.parked, 0);
  assert.equal(targets.takeReady(), null);
});

test('what is parked already keeps its place, and is not parked again', () => {
  const targets = full();
  targets.park('http://a', due(100));
  targets.park('http://a', due(101));
  targets.park('http://a', { ...due(100), dueAtMs: 200 });
  assert.equal(targets.parked, 2);
  targets.release(id(1), 1);
  assert.deepEqual(targets.takeReady()?.position, due(100));
  // It has had its turn.
  targets.park('http://a', { ...due(100), dueAtMs: 200 });
  assert.equal(targets.parked, 2);
});

test('a parked one that comes to nothing leaves the place to the next: no place is lost with it', () => {
  const targets = full();
  for (let task = 100; task < 300; task += 1) targets.park('http://a', due(task));
  for (let task = 1; task <= TARGET_CLAIMS_MAX; task += 1) targets.release(id(task), 1);
  const taken: DuePosition[] = [];
  for (let next = targets.takeReady(); next !== null; next = targets.takeReady()) taken.push(next.position);
  assert.equal(taken.length, 200, 'all of them were cancelled or moved to another target, and none was claimed');
  assert.equal(targets.parked, 0);
});

test('targets with room take turns', () => {
  const targets = new Targets();
  for (const [name, first] of [
    ['http://a', 100],
    ['http://b', 200],
  ] as const) {
    targets.park(name, due(first));
    targets.park(name, due(first + 1));
  }
  const order = [1, 2, 3, 4].map(() => targets.takeReady()?.position.dueAtMs);
  assert.deepEqual(order, [100, 200, 101, 201]);
});

test('I10: beyond its bound nothing is parked, and the first left out is read again once all parked ones are gone', () => {
  const targets = full();
  for (let task = 1; task <= TARGET_PARKED_MAX + 5; task += 1) targets.park('http://a', due(1_000 + task));
  assert.equal(targets.parked, TARGET_PARKED_MAX);
  targets.release(id(1), 1);
  for (let taken = 1; taken < TARGET_PARKED_MAX; taken += 1) assert.equal(targets.takeReady()?.rewind, null);
  assert.deepEqual(targets.takeReady()?.rewind, due(1_000 + TARGET_PARKED_MAX + 1));
});

test('a due time and a run asked for that go for the same number have a place each, and the loser frees its own', () => {
  const targets = new Targets();
  const place = targets.claimNext('http://a', n1, id(1), 5);
  targets.claim('http://a', n1, id(1), 5);
  assert.equal(targets.open, 2);
  targets.release(id(1), place);
  targets.release(id(1), place);
  assert.equal(targets.open, 1, 'the winner holds its own');
  targets.release(id(1), 5);
  assert.equal(targets.open, 0);
  targets.claimNext('http://a', n1, id(2), 7);
  targets.release(id(2), 7);
  assert.equal(targets.open, 0, 'and a due time that got its number is released by it');
});

test('a claim ahead of its time is in hand at once, and counts against its target when it is due', () => {
  const targets = full();
  targets.claim('http://b', n1, id(900), 1, 2_000);
  targets.claim('http://b', n1, id(901), 1, 1_000);
  targets.claim('http://a', n1, id(902), 1, 1_000);
  assert.equal(targets.openOf('n1'), TARGET_CLAIMS_MAX + 3);
  assert.equal(targets.roomOf('http://b'), TARGET_CLAIMS_MAX);
  targets.release(id(901), 1);
  targets.fallDue(1_999);
  assert.equal(targets.roomOf('http://b'), TARGET_CLAIMS_MAX, 'one was given back, the other is not due');
  assert.equal(targets.roomOf('http://a'), -1, 'more than full by that');
  targets.park('http://a', due(100));
  targets.release(id(1), 1);
  assert.equal(targets.takeReady(), null);
  targets.release(id(902), 1);
  assert.deepEqual(targets.takeReady()?.position, due(100));
  targets.fallDue(2_000);
  targets.fallDue(2_000);
  assert.equal(targets.roomOf('http://b'), TARGET_CLAIMS_MAX - 1);
  targets.release(id(900), 1);
  assert.equal(targets.roomOf('http://b'), TARGET_CLAIMS_MAX);
});

test('a task that is cancelled frees the places of all but this very start of this node, which has its requests to end', () => {
  const targets = new Targets();
  const self = { nodeId: 'n1', instance: 'i1', incarnation: 3 };
  const holders = [
    self,
    { nodeId: 'n1', incarnation: 3 },
    { ...self, incarnation: 2 },
    { ...self, instance: 'i0' },
    { ...self, nodeId: 'n2' },
  ];
  for (const [at, holder] of holders.entries()) targets.claim('http://a', holder, id(1), at + 1);
  targets.releaseOthers(id(1), self);
  assert.equal(targets.open, 2);
  targets.release(id(1), 1, self.nodeId);
  targets.release(id(1), 2, self.nodeId);
  assert.deepEqual([targets.open, targets.roomOf('http://a')], [0, TARGET_CLAIMS_MAX]);
});
