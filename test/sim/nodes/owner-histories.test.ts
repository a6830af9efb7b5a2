import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OwnerHistories } from '../../../src/sim/nodes/owner-histories.ts';
import type { Task } from '../../../src/tasks/task.ts';
import { Scenario } from '../../tasks/scenario.ts';

/** A task as a cancel answers it, at this version. */
function cancelled(version: number): Task {
  const { task } = new Scenario().create();
  const { callback } = task.definition;
  const definition = { ...task.definition, callback: { ...callback, body: '0' } };
  return { ...task, definition, version, state: 'cancelled' };
}

function afterCancel(task: Task): OwnerHistories {
  const histories = new OwnerHistories();
  const asking = histories.about(task.taskId, histories.asked({ kind: 'cancel' }));
  histories.answered(asking, { outcome: 'committed', task, created: false });
  return histories;
}

test('a task whose creation was never answered may be cancelled all the same, once it is there', () => {
  assert.equal(afterCancel(cancelled(2)).check(), 1);
  // Nobody changed it before, so far as anybody was told or can have done.
  assert.throws(() => afterCancel(cancelled(3)).check(), /Linearizable Histories/);
});
