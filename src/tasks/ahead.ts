import type { Execution } from './execution.ts';
import type { TaskDefinition } from './task.ts';

/**
 * Claims made ahead of their due time. Its holder waits for the instant, so until then nothing has left: a task that is paused or given
 * another schedule in between takes its due time back.
 */

/** One that may be sent twice, and that no other execution of its task has to wait for. */
export const mayBeClaimedAhead = ({ delivery, overlap }: TaskDefinition): boolean =>
  delivery === 'at_least_once' && overlap === 'allow';

/** Log time never goes back: whatever clocks do, what was claimed when it was due is not taken for this. */
const isAhead = (execution: Execution, claim: Execution['attempts'][number] | undefined): boolean =>
  execution.trigger === 'schedule' && claim !== undefined && claim.claimedAtMs < execution.scheduledAtMs;

/** Whether its holder has to wait. */
export const isClaimedAhead = (execution: Execution): boolean => isAhead(execution, execution.attempts.at(-1));

/** Begun ahead of its time, and no attempt has failed since. Every later attempt is claimed when it is due. */
const wasBegunAhead = (execution: Execution): boolean =>
  execution.failures === 0 && isAhead(execution, execution.attempts[0]);

/** No attempt may be made before. */
export const notBeforeMs = (execution: Execution): number => (wasBegunAhead(execution) ? execution.scheduledAtMs : 0);

/** Not due yet: a schedule that takes the place of the one that it came from may not have its time. */
export const isYetToCome = (execution: Execution, nowMs: number): boolean =>
  wasBegunAhead(execution) && execution.scheduledAtMs > nowMs;

/** Nothing was sent for it when it was due: with the next claim it begins. */
export const beginsAnew = (execution: Execution): boolean =>
  wasBegunAhead(execution) &&
  execution.attempts.every(
    ({ result, endedAtMs }) => result === 'withheld' || (endedAtMs !== null && endedAtMs < execution.scheduledAtMs),
  );

/** Its holder gave it back before it was due, because its task was paused; and by now it would have been. */
export function fellDueWhilePaused(execution: Execution, nowMs: number): boolean {
  const given = execution.attempts.at(-1);
  return (
    wasBegunAhead(execution) &&
    execution.state === 'waiting' &&
    (given?.endedAtMs ?? Number.POSITIVE_INFINITY) < execution.scheduledAtMs &&
    execution.scheduledAtMs <= nowMs
  );
}
