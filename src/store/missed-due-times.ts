import type { Task, TaskId } from '../tasks/task.ts';

/** Due times of one task that its misfire policy passed over, all at once: read from the task's own event list, which keeps them. */
export interface MissedDueTimes {
  readonly taskId: TaskId;
  /** When they were passed over. */
  readonly atMs: number;
  readonly fromMs: number;
  readonly throughMs: number;
}

export function missedBy({ taskId, records }: Task): readonly MissedDueTimes[] {
  const missed: MissedDueTimes[] = [];
  for (const { type, atMs, fromMs, throughMs } of records)
    if (type === 'DueTimesSkipped' && fromMs !== undefined && throughMs !== undefined)
      missed.push({ taskId, atMs, fromMs, throughMs });
  return missed;
}
