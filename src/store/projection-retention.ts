import type { Execution } from '../tasks/execution.ts';
import type { Task } from '../tasks/task.ts';
import type { PrunableTask } from './projection.ts';
import { RUNS_PER_ANSWER_MAX } from './projection-bounds.ts';

/** Dead letters have a term of their own, longer than the history. */
export const countsAsHistory = (execution: Pick<Execution, 'state' | 'endedAtMs'>): boolean =>
  execution.endedAtMs !== null && execution.state !== 'failed';

export interface TaskHistory extends Pick<Task, 'taskId' | 'openRuns' | 'prunedThroughRun'> {
  /** Ended executions that are no dead letters: how many there are … */
  readonly count: number;
  /** … and the oldest of them, ascending, at least RUNS_PER_ANSWER_MAX if there are so many. */
  readonly oldestRuns: readonly number[];
}

/**
 * All but the newest `kept` may go, once there are `excess` of them, oldest first. `throughRun` stays below the oldest open run, so
 * that what ends later is still looked at.
 */
export function prunableRuns(history: TaskHistory, kept: number, excess: number): PrunableTask | undefined {
  const { taskId, count, oldestRuns, openRuns, prunedThroughRun } = history;
  const spare = count - kept;
  if (spare < excess || spare <= 0) return undefined;
  const runs = oldestRuns.slice(0, Math.min(spare, RUNS_PER_ANSWER_MAX));
  const oldestOpen = openRuns.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...openRuns);
  const throughRun = Math.max(prunedThroughRun, Math.min(runs.at(-1) ?? 0, oldestOpen - 1));
  return { taskId, throughRun, runs };
}
