import type { Execution } from '../tasks/execution.ts';
import type { Task, TaskId } from '../tasks/task.ts';
import { missedBy } from './missed-due-times.ts';
import type { Frozen } from './overlay.ts';
import { LOOP_CHECK_EVERY, LOOP_SLICE_MS, SLICE_CHARACTERS_MAX, SLICE_ROWS_MAX } from './projection-bounds.ts';
import type { ExecutionRow, Slice, TaskRow } from './projection-protocol.ts';
import { encodeExecution, encodeKey, encodeTaskDefinition, encodeTaskStatus, parseRunKey } from './rows.ts';

/** Whether this turn of the event loop has given enough. Reads the clock once in LOOP_CHECK_EVERY calls. */
export function turnBudget(): () => boolean {
  const endMs = performance.now() + LOOP_SLICE_MS;
  let calls = 0;
  return () => {
    calls += 1;
    return calls % LOOP_CHECK_EVERY === 0 && performance.now() >= endMs;
  };
}

const emptySlice = (): Slice => ({
  executions: [],
  removedExecutions: [],
  createdTasks: [],
  tasks: [],
  removedTasks: [],
  keys: [],
  removedKeys: [],
});

/** A frozen overlay as rows, in slices that are each encoded within one turn. */
export function* slicesOf(frozen: Frozen): Generator<Slice> {
  let slice = emptySlice();
  let rows = 0;
  let characters = 0;
  let spent = turnBudget();
  function* cut(): Generator<Slice> {
    if (rows === 0 || (rows < SLICE_ROWS_MAX && characters < SLICE_CHARACTERS_MAX && !spent())) return;
    yield slice;
    slice = emptySlice();
    rows = 0;
    characters = 0;
    spent = turnBudget();
  }

  for (const [key, { value }] of frozen.executions) {
    if (value === undefined) slice.removedExecutions.push(parseRunKey(key));
    else {
      const row = executionRow(value);
      slice.executions.push(row);
      characters += row.document.length;
    }
    rows += 1;
    yield* cut();
  }
  // An entry's text goes to the worker once, also where some of what it created has changed since.
  const created = new Map<string, TaskId[]>();
  for (const [taskId, change] of frozen.tasks) {
    const { note } = change;
    const entry = note.createdBy?.entry ?? null;
    if (entry !== null) {
      const taskIds = created.get(entry);
      if (taskIds === undefined) created.set(entry, [taskId as TaskId]);
      else taskIds.push(taskId as TaskId);
      continue;
    }
    const { value } = change;
    if (value === undefined) slice.removedTasks.push(taskId as TaskId);
    else {
      const row = taskRow(value, note.definitionChanged);
      slice.tasks.push(row);
      characters += row.status.length + (row.wide?.definition.length ?? 0);
    }
    rows += 1;
    yield* cut();
  }
  for (const [entry, taskIds] of created) {
    slice.createdTasks.push({ entry, taskIds });
    characters += entry.length;
    rows += taskIds.length;
    yield* cut();
  }
  for (const [key, { value }] of frozen.keys) {
    if (value === undefined) slice.removedKeys.push(key);
    else slice.keys.push({ key, expiresAtMs: value.expiresAtMs, document: encodeKey(value) });
    rows += 1;
    yield* cut();
  }
  if (rows > 0) yield slice;
}

export function taskRow(task: Task, withDefinition: boolean): TaskRow {
  const { taskId, state, nextAtMs, finishedAtMs, definition } = task;
  return {
    taskId,
    state,
    dueAtMs: state === 'scheduled' ? nextAtMs : null,
    finishedAtMs,
    status: encodeTaskStatus(task),
    wide: withDefinition
      ? { definition: encodeTaskDefinition(task), name: definition.name, tags: definition.tags, missed: missedBy(task) }
      : null,
  };
}

function executionRow(execution: Execution): ExecutionRow {
  const { taskId, run, state, nextAttemptAtMs, endedAtMs } = execution;
  const sender = openAttemptOf(execution);
  return {
    taskId,
    run,
    state,
    nextAttemptAtMs: state === 'waiting' ? nextAttemptAtMs : null,
    endedAtMs,
    nodeId: sender?.nodeId ?? null,
    incarnation: sender?.incarnation ?? null,
    document: encodeExecution(execution),
  };
}

export const openAttemptOf = ({ state, attempts }: Execution) => (state === 'attempting' ? attempts.at(-1) : undefined);
