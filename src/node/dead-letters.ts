import type { Projection } from '../store/projection.ts';
import type { EntryContent, Pair } from '../tasks/entry.ts';
import type { TaskId } from '../tasks/task.ts';
import { DEAD_LETTER_CANDIDATES_MAX, DEAD_LETTERS_PER_TASK_MAX, RETENTION_BATCH } from './limits.ts';

/**
 * Bounds the dead letters of one task by number, beside their age: a task that fails every second would otherwise leave 86,400 rows a
 * day. Looked at once in RETENTION_BATCH runs, so that each look finds at most as many as one entry removes.
 */
export class DeadLetters {
  readonly #candidates = new Map<TaskId, number>();

  applied(content: EntryContent): void {
    for (const { events } of content.pairs) {
      for (const event of events) {
        if (event.type !== 'ExecutionFailed' || event.run <= DEAD_LETTERS_PER_TASK_MAX) continue;
        if (event.run % RETENTION_BATCH !== 0 || this.#candidates.size >= DEAD_LETTER_CANDIDATES_MAX) continue;
        this.#candidates.set(event.taskId, event.run);
      }
    }
  }

  async prune(projection: Projection): Promise<readonly Pair[]> {
    const pairs: Pair[] = [];
    for (const [taskId, run] of this.#candidates) {
      if (pairs.length >= RETENTION_BATCH) break;
      this.#candidates.delete(taskId);
      const old = await projection.listExecutions(taskId, run - DEAD_LETTERS_PER_TASK_MAX, RETENTION_BATCH);
      const runs = old.filter(({ state }) => state === 'failed').map((execution) => execution.run);
      if (runs.length === 0) continue;
      pairs.push({
        requires: [{ type: 'task-exists', taskId }],
        events: [{ type: 'HistoryPruned', taskId, throughRun: 0, runs }],
        by: 'retention',
      });
    }
    return pairs;
  }
}
