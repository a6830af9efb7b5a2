import type { TaskId } from '../tasks/task.ts';
import type { Overlay } from './overlay.ts';
import type { FinishedTaskRuns, PrunableTask } from './projection.ts';
import { RUNS_PER_ANSWER_MAX } from './projection-bounds.ts';
import type { ProjectionLink } from './projection-link.ts';
import { prunableRuns } from './projection-retention.ts';
import { parseRunKey } from './rows.ts';

/** Which runs of which tasks retention may remove. */
export interface HistoryReads {
  /** As of the last flush, less what was removed since: the file alone counts ended executions. */
  prunable(kept: number, excess: number, limit: number): Promise<readonly PrunableTask[]>;
  runsOf(taskIds: readonly TaskId[]): Promise<readonly FinishedTaskRuns[]>;
}

export function createHistoryReads({ tasks, executions }: Overlay, link: ProjectionLink): HistoryReads {
  /** The runs of these tasks that memory knows better: true where there is an execution, false where it was removed. */
  function changedRuns(taskIds: ReadonlySet<TaskId>): ReadonlyMap<TaskId, ReadonlyMap<number, boolean>> {
    const changed = new Map<TaskId, Map<number, boolean>>();
    executions.eachShadow((key, { value }) => {
      const { taskId, run } = parseRunKey(key);
      if (!taskIds.has(taskId)) return;
      const runs = changed.get(taskId) ?? new Map<number, boolean>();
      changed.set(taskId, runs.set(run, value !== undefined));
    });
    return changed;
  }

  function isRemoved(taskId: TaskId): boolean {
    const change = tasks.shadow(taskId);
    return change !== undefined && change.value === undefined;
  }

  return {
    async prunable(kept, excess, limit) {
      const found: PrunableTask[] = [];
      const runsMin = kept + Math.max(1, excess);
      let after: TaskId | null = null;
      do {
        const from: TaskId | null = after;
        after = await link.ask('histories', { after: from, runsMin, limit: limit - found.length }, (step) => {
          const changed = changedRuns(new Set(step.rows.map(({ taskId }) => taskId)));
          for (const history of step.rows) {
            if (isRemoved(history.taskId)) continue;
            const ofTask = changed.get(history.taskId);
            const oldestRuns = history.oldestRuns.filter((run) => ofTask?.get(run) !== false);
            const count = history.count - (history.oldestRuns.length - oldestRuns.length);
            const prunable = prunableRuns({ ...history, count, oldestRuns }, kept, excess);
            if (prunable !== undefined) found.push(prunable);
          }
          return step.through;
        });
      } while (after !== null && found.length < limit);
      return found;
    },
    runsOf(taskIds) {
      // One more than is answered tells whether there are more; those that memory removed do not count.
      const asked = changedRuns(new Set(taskIds));
      const ask = taskIds.map((taskId) => ({
        taskId,
        limit: RUNS_PER_ANSWER_MAX + 1 + (asked.get(taskId)?.size ?? 0),
      }));
      return link.ask('runs', ask, (filed) => {
        const changed = changedRuns(new Set(taskIds));
        return ask.map(({ taskId, limit }, position) => {
          const ofTask = changed.get(taskId) ?? new Map<number, boolean>();
          const inFile = filed[position] ?? [];
          const runs = inFile.filter((run) => !ofTask.has(run));
          for (const [run, present] of ofTask) if (present) runs.push(run);
          runs.sort((a, b) => a - b);
          const complete = runs.length <= RUNS_PER_ANSWER_MAX && inFile.length < limit;
          return { taskId, runs: runs.slice(0, RUNS_PER_ANSWER_MAX), complete };
        });
      });
    },
  };
}
