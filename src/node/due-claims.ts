import { type ClaimContext, decideClaim } from '../tasks/claim.ts';
import type { Pair } from '../tasks/entry.ts';
import { openRun } from '../tasks/evolve-task.ts';
import type { Execution } from '../tasks/execution.ts';
import type { Task } from '../tasks/task.ts';

/** A claim to be proposed. */
export interface Claim {
  readonly pair: Pair;
  readonly run: number;
  readonly dueAtMs: number;
}

/**
 * A task that is behind, or looked at ahead, takes several due times in one entry, each claim decided on the state that the one before
 * leaves. `not-due`: what was known of it is out of date.
 */
export function decideDueTimes(task: Task, claimsMax: number, context: ClaimContext): readonly Claim[] | 'not-due' {
  const claims: Claim[] = [];
  let after = task;
  while (claims.length < claimsMax) {
    const decided = decideClaim(after, context);
    if (!decided.ok) return claims.length === 0 && decided.error === 'not-due' ? 'not-due' : claims;
    const { pair, claimed } = decided.value;
    claims.push({ pair, run: claimed.run, dueAtMs: claimed.scheduledAtMs });
    after = openRun(after, claimed.run, claimed);
  }
  return claims;
}

/** Its node was lost, or sent nothing: behind all that has come due since, it would wait once more for what it had waited for. */
export function hadItsTurn(execution: Execution | undefined): boolean {
  const result = execution?.attempts.at(-1)?.result;
  return result === 'lost' || result === 'withheld';
}
