import { produce } from 'immer';
import type { TaskLifeEvent } from '../../machines/task.ts';
import type { DueTimesSkipped, TaskUpdated } from './event.ts';
import { mayMoveTask, moveTask } from './lifecycle.ts';
import { TASK_RECORDS_KEPT } from './limits.ts';
import type { Task } from './task.ts';

/** How one task changes. Every next state comes from the machine's table. */

/** What an owner's command does to a task: the move, a new version, and a line in its event list. */
export function commandTask(
  task: Task,
  move: TaskLifeEvent['type'],
  change: { type: string; by: string; atMs: number; nextAtMs?: number | null; definition?: TaskUpdated['definition'] },
): Task {
  return produce(task, (draft) => {
    draft.state = moveTask(task.state, move);
    draft.version += 1;
    draft.updatedAtMs = change.atMs;
    if (change.nextAtMs !== undefined) draft.nextAtMs = change.nextAtMs;
    if (change.definition !== undefined) draft.definition = change.definition as typeof draft.definition;
    if (move === 'CANCEL') {
      draft.nextAtMs = null;
      draft.openRuns = [];
      draft.finishedAtMs = change.atMs;
    }
    draft.records.push({ atMs: change.atMs, type: change.type, by: change.by });
    if (draft.records.length > TASK_RECORDS_KEPT) draft.records.shift();
  });
}

export function openRun(
  task: Task,
  run: number,
  taken: { scheduledAtMs: number; nextAtMs: number | null } | null,
): Task {
  return produce(task, (draft) => {
    draft.state = moveTask(task.state, 'FIRE');
    draft.runCount = run;
    draft.openRuns.push(run);
    if (taken !== null) {
      draft.lastScheduledAtMs = taken.scheduledAtMs;
      draft.nextAtMs = taken.nextAtMs;
    }
  });
}

/** An execution ended. A task with no due time left and nothing open is complete. */
export function closeRun(task: Task, run: number, atMs: number): Task {
  return produce(task, (draft) => {
    draft.openRuns = task.openRuns.filter((open) => open !== run);
    if (task.nextAtMs === null && draft.openRuns.length === 0 && mayMoveTask(task.state, 'FINISH')) {
      draft.state = moveTask(task.state, 'FINISH');
      draft.finishedAtMs = atMs;
      draft.records.push({ atMs, type: 'TaskCompleted', by: 'schedule' });
      if (draft.records.length > TASK_RECORDS_KEPT) draft.records.shift();
    }
  });
}

/** What a schedule missed is said where its owner looks. */
export function recordSkip(task: Task, skipped: DueTimesSkipped, by: string, atMs: number): Task {
  const { type, fromMs, throughMs } = skipped;
  return produce(task, (draft) => {
    draft.records.push({ atMs, type, by, fromMs, throughMs });
    if (draft.records.length > TASK_RECORDS_KEPT) draft.records.shift();
  });
}

/** Due times after this are not taken any more: what held them was withdrawn. */
export function takeBack(task: Task, takenThroughMs: number): Task {
  return produce(task, (draft) => {
    draft.lastScheduledAtMs = Math.min(task.lastScheduledAtMs ?? takenThroughMs, takenThroughMs);
  });
}

export function pruneRuns(task: Task, throughRun: number): Task {
  return produce(task, (draft) => {
    draft.prunedThroughRun = Math.max(task.prunedThroughRun, throughRun);
  });
}
