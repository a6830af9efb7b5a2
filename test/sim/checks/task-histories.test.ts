import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandOf, TaskHistories } from '../../../src/sim/checks/task-histories.ts';

/** A history of a task that is created at entry 1 and cancelled at entry 2. */
function createdAndCancelled(): TaskHistories {
  const histories = new TaskHistories();
  const create = histories.asked('t1', 'create');
  histories.applied(1, commandOf('t1', 'create', 1));
  histories.answered(create, 't1', 1);
  const cancel = histories.asked('t1', 'cancel');
  histories.applied(2, commandOf('t1', 'cancel', 2).padEnd(1_000));
  // The second node to apply them changes nothing.
  histories.applied(1, commandOf('t1', 'create', 1));
  histories.answered(cancel, 't1', 2);
  return histories;
}

test('a read that shows the newest state is right, and other tasks are their own', () => {
  const histories = createdAndCancelled();
  histories.answered(histories.asked('t1', 'read'), 't1', 2);
  histories.answered(histories.asked('t2', 'read'), 't2', 2);
  histories.asked('t2', 'create');
  assert.equal(histories.check(), 2);
});

test('a read that shows what was before an acknowledged cancel is not, and the message tells the story', () => {
  const histories = createdAndCancelled();
  histories.answered(histories.asked('t1', 'read'), 't1', 1);
  assert.throws(() => histories.check(), {
    rule: 'Linearizable Histories',
    message: /create 1–2 → live; cancel 3–4 → cancelled; read 5–6 → live/,
  });
});

test('what was refused and done all the same shows', () => {
  const histories = new TaskHistories();
  histories.refused(histories.asked('t1', 'create'));
  histories.applied(1, commandOf('t1', 'create', 1));
  histories.answered(histories.asked('t1', 'read'), 't1', 1);
  assert.throws(() => histories.check(), { rule: 'Linearizable Histories' });
});
