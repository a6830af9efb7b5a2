import type { TaskAnswer } from '../api/answers.ts';
import type { Query } from '../api/client.ts';

const TIMES = 5;

/** A slot that is the task's own, by its id, which a preview does not have. */
export const hasOwnSlot = (schedule: string): boolean => /(?<![A-Za-z])H(?![A-Za-z])/.test(schedule);

/**
 * The question for the next times of a task, from the one that is known; null where a preview would say something else: an interval counts
 * from the task's creation, `H` takes the task's own slot, and a lone instant is told already.
 */
export function previewOf({ state, schedule, timezone, next_at }: TaskAnswer): Query | null {
  if (state !== 'scheduled' || timezone === null || next_at === null || hasOwnSlot(schedule)) return null;
  const from = new Date(Date.parse(next_at) - 1).toISOString();
  return { format: schedule, timezone, from, count: TIMES };
}
