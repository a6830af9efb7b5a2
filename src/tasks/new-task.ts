import type { TaskCreated } from './event.ts';
import type { Task } from './task.ts';

/** What a creation makes. Without machines and immer, which a change needs: the state's worker makes it, too. */
export function createTask(event: TaskCreated, by: string, atMs: number): Task {
  return {
    taskId: event.taskId,
    definition: event.definition,
    state: 'scheduled',
    version: 1,
    createdAtMs: atMs,
    updatedAtMs: atMs,
    nextAtMs: event.nextAtMs,
    lastScheduledAtMs: null,
    runCount: 0,
    openRuns: [],
    prunedThroughRun: 0,
    finishedAtMs: null,
    records: [{ atMs, type: 'TaskCreated', by }],
  };
}
