import type { Execution } from '../tasks/execution.ts';
import type { Task, TaskId } from '../tasks/task.ts';
import type { PrunableTask } from './projection.ts';
import { RUNS_PER_ANSWER_MAX } from './projection-bounds.ts';

/** Dead letters have a term of their own, longer than the history. */
export const countsAsHistory = (execution: Pick<Execution, 'state' | 'endedAtMs'>): boolean =>
  execution.endedAtMs !== null && execution.state !== 'failed';

/**
 * Of `history` (ascending runs that ended and are no dead letters) all but the newest `kept` may go, once there are `excess` of them.
 * `throughRun` stays below the oldest open run, so that what ends later is still looked at.
 */
export function prunableRuns(
  taskId: TaskId,
  history: readonly number[],
  { openRuns, prunedThroughRun }: Pick<Task, 'openRuns' | 'prunedThroughRun'>,
  kept: number,
  excess: number,
): PrunableTask | undefined {
  const spare = history.length - kept;
  if (spare < excess || spare <= 0) return undefined;
  const runs = history.slice(0, Math.min(spare, RUNS_PER_ANSWER_MAX));
  const oldestOpen = openRuns.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...openRuns);
  const throughRun = Math.max(prunedThroughRun, Math.min(runs.at(-1) ?? 0, oldestOpen - 1));
  return { taskId, throughRun, runs };
}
