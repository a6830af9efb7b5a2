import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getSimplePaths } from 'xstate/graph';
import { executionMachine } from '../../machines/execution.ts';
import { taskMachine } from '../../machines/task.ts';
import { InvariantBroken } from '../../src/invariant.ts';
import type { ExecutionState } from '../../src/tasks/execution.ts';
import { mayMoveTask, moveExecution, moveTask } from '../../src/tasks/lifecycle.ts';
import type { TaskState } from '../../src/tasks/task.ts';

test('every path of the task machine is a path of the table that evolve uses', () => {
  const paths = getSimplePaths(taskMachine);
  assert.ok(paths.length >= 4);
  for (const path of paths) {
    let state: TaskState = 'scheduled';
    for (const { event, state: reached } of path.steps) {
      if ((event.type as string) === 'xstate.init') continue;
      state = moveTask(state, event.type);
      assert.equal(state, reached.value);
    }
  }
});

test('every path of the execution machine is a path of the table that evolve uses', () => {
  const paths = getSimplePaths(executionMachine);
  assert.ok(paths.length >= 8);
  for (const path of paths) {
    let state: ExecutionState | 'due' = 'due';
    for (const { event, state: reached } of path.steps) {
      if ((event.type as string) === 'xstate.init') continue;
      state = moveExecution(state, event.type);
      assert.equal(state, reached.value);
    }
  }
});

test('a move that the machine does not know breaks I7', () => {
  assert.throws(() => moveTask('cancelled', 'RESUME'), InvariantBroken);
  assert.throws(() => moveExecution('succeeded', 'CLAIM'), InvariantBroken);
  assert.equal(mayMoveTask('completed', 'UPDATE'), false);
});
