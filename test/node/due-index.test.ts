import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { comparePositions, DueIndex, endOf } from '../../src/node/due-index.ts';
import type { DuePosition } from '../../src/store/projection.ts';
import type { TaskId } from '../../src/tasks/task.ts';

const due = (dueAtMs: number, task: number, run = 0): DuePosition => ({ dueAtMs, taskId: String(task) as TaskId, run });

const complete = (untilMs: number, ...positions: DuePosition[]): DueIndex => {
  const index = new DueIndex();
  index.beginPage(untilMs);
  index.endPage(positions, true);
  return index;
};

const drain = (index: DueIndex, nowMs: number): DuePosition[] => {
  const taken: DuePosition[] = [];
  for (let next = index.take(nowMs); next !== null; next = index.take(nowMs)) taken.push(next);
  return taken;
};

test('takes what is due in the order of time, task and run, and nothing that is not', () => {
  const index = complete(100, due(5, 1), due(3, 10), due(3, 9), due(3, 9, 2), due(50, 1, 1));
  assert.deepEqual(drain(index, 10), [due(3, 9), due(3, 9, 2), due(3, 10), due(5, 1)]);
  assert.equal(index.nextDueAtMs, 50);
});

test('the newest due time of a task counts, an older one is forgotten', () => {
  const index = complete(100, due(5, 1));
  index.put(due(20, 1));
  assert.deepEqual(drain(index, 10), []);
  assert.deepEqual(drain(index, 20), [due(20, 1)]);
  index.put(due(30, 1));
  index.remove('1' as TaskId, 0);
  assert.deepEqual(drain(index, 100), []);
  assert.equal(index.size, 0);
});

test('beyond the horizon nothing is kept: a page brings it in time', () => {
  const index = complete(100);
  index.put(due(101, 1));
  assert.equal(index.size, 0);
  index.put(due(100, 1));
  assert.equal(index.size, 1);
  index.put(due(500, 1));
  assert.equal(index.size, 0, 'moved beyond the horizon');
});

test('what arrives while a page is being read is kept, and is newer than the page', () => {
  const index = new DueIndex();
  index.beginPage(100);
  index.put(due(40, 1));
  index.put(due(60, 2));
  index.endPage([due(10, 1), due(20, 3)], true);
  assert.deepEqual(drain(index, 100), [due(20, 3), due(40, 1), due(60, 2)]);
});

test('a page that was cut off draws the horizon only to its last position', () => {
  const index = new DueIndex();
  index.beginPage(100);
  index.endPage([due(10, 1), due(10, 2)], false);
  assert.deepEqual(index.horizon, due(10, 2));
  index.put(due(10, 3));
  assert.equal(index.size, 2);
});

test('I10: a flood of near due times is cut back, and the horizon with it', () => {
  const index = complete(1_000, ...Array.from({ length: 100 }, (_, at) => due(at, at + 1)));
  index.shrinkTo(10);
  assert.equal(index.size, 10);
  assert.deepEqual(index.horizon, due(9, 10));
  assert.equal(drain(index, 1_000).length, 10);
});

test('rewound, a page begins before the very position that was left out', () => {
  const index = complete(1_000);
  index.rewindTo(due(50, 7));
  assert.deepEqual(index.horizon, endOf(49));
});

test('a rewind while a page is being read is not undone by its end', () => {
  const index = complete(1_000);
  index.beginPage(2_000);
  index.rewindTo(due(50, 7));
  index.rewindTo(due(70, 7));
  index.endPage([due(1_500, 1)], true);
  assert.deepEqual(index.horizon, endOf(49));
});

test('whatever is put, removed and taken: the same as a sorted list', () => {
  const step = fc.oneof(
    fc.record({
      what: fc.constant('put' as const),
      dueAtMs: fc.nat(60),
      task: fc.integer({ min: 1, max: 12 }),
      run: fc.nat(2),
    }),
    fc.record({
      what: fc.constant('remove' as const),
      dueAtMs: fc.nat(60),
      task: fc.integer({ min: 1, max: 12 }),
      run: fc.nat(2),
    }),
    fc.record({ what: fc.constant('take' as const), dueAtMs: fc.nat(60), task: fc.constant(1), run: fc.constant(0) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const index = complete(50);
      const model = new Map<string, DuePosition>();
      for (const { what, dueAtMs, task, run } of steps) {
        const position = due(dueAtMs, task, run);
        const key = `${task}/${run}`;
        if (what === 'put') {
          index.put(position);
          if (comparePositions(position, endOf(50)) > 0) model.delete(key);
          else model.set(key, position);
        } else if (what === 'remove') {
          index.remove(position.taskId, run);
          model.delete(key);
        } else {
          const first =
            [...model.values()].sort(comparePositions).find((candidate) => candidate.dueAtMs <= dueAtMs) ?? null;
          assert.deepEqual(index.take(dueAtMs), first);
          if (first !== null) model.delete(`${first.taskId}/${first.run}`);
        }
        assert.equal(index.size, model.size);
      }
    }),
  );
});

test('what is to be looked at ahead comes once each, and stays until it is due', () => {
  const index = new DueIndex(true);
  index.beginPage(100);
  index.endPage([due(5, 1), due(6, 2), due(7, 3, 1)], true);
  assert.equal(index.nextAheadAtMs, 5);
  assert.equal(index.lookAhead(4), null);
  assert.deepEqual(index.lookAhead(10), due(5, 1));
  assert.deepEqual(index.lookAhead(10), due(6, 2), 'and no attempt after the first');
  assert.equal(index.lookAhead(10), null);
  index.put(due(8, 2));
  assert.deepEqual(index.lookAhead(10), due(8, 2), 'a task with another due time is looked at again');
  index.remove('1' as TaskId, 0);
  assert.deepEqual(drain(index, 10), [due(7, 3, 1), due(8, 2)]);
  assert.equal(index.nextAheadAtMs, null);
});
