import { unreachable } from '../invariant.ts';
import { notBeforeMs } from './ahead.ts';
import type { Pair } from './entry.ts';
import type { TaskEvent } from './event.ts';
import type { Execution } from './execution.ts';
import { BACKOFF_FACTOR, RETRY_AFTER_MAX_MS, WITHHELD_PAUSE_MS } from './limits.ts';
import type { RetryPolicy, Task } from './task.ts';

/** What became of an attempt, as its sender saw it. */
export type AttemptOutcome =
  | {
      readonly kind: 'response';
      readonly status: number;
      readonly retryAfterMs: number | null;
      readonly excerpt: string | null;
      readonly startedAtMs: number;
      readonly endedAtMs: number;
    }
  | {
      readonly kind: 'error';
      readonly error: string;
      readonly detail: string;
      /** Whether the target may have seen the request. */
      readonly sent: boolean;
      readonly startedAtMs: number;
      readonly endedAtMs: number;
    }
  /** Nothing left the node. `changed`: because the task did, or its node was told to stop; else for want of a place. */
  | { readonly kind: 'withheld'; readonly changed: boolean }
  /** The node that held it is gone. */
  | { readonly kind: 'lost' };

export interface OutcomeContext {
  readonly nowMs: number;
  /** In [0, 1): spreads retries (full jitter). */
  readonly random: number;
}

/** Statuses that another attempt may mend; any other but 2xx is final at once. */
const RETRYABLE_STATUSES: ReadonlySet<number> = new Set([408, 425, 429]);
const isRetryable = (status: number): boolean => RETRYABLE_STATUSES.has(status) || status >= 500;
const GONE = 410;

export function decideOutcome(
  task: Task,
  execution: Execution,
  outcome: AttemptOutcome,
  context: OutcomeContext,
): readonly Pair[] {
  const claimed = execution.attempts.at(-1);
  const attempt = claimed?.number ?? 0;
  const { taskId, run } = execution;
  const settled: Pair = {
    requires: [{ type: 'attempt-open', taskId, run, attempt }],
    events: [outcomeEvent(task, execution, { taskId, run, attempt }, outcome, context)],
    by: 'dispatch',
  };
  if (outcome.kind !== 'response' || outcome.status !== GONE) return [settled];
  // The target says that it is gone for good: the task stops instead of knocking for ever. A pair of its own, because by the
  // time it is applied the task may have ended, or its owner may have paused it or given it another target.
  const paused: Pair = {
    requires: [
      { type: 'task-scheduled', taskId },
      { type: 'task-version', taskId, version: claimed?.version ?? 0 },
    ],
    events: [{ type: 'TaskPaused', taskId, reason: 'gone' }],
    by: 'dispatch',
  };
  return [settled, paused];
}

type Where = { readonly taskId: Task['taskId']; readonly run: number; readonly attempt: number };

function outcomeEvent(
  task: Task,
  execution: Execution,
  where: Where,
  outcome: AttemptOutcome,
  { nowMs, random }: OutcomeContext,
): TaskEvent {
  const { retry, delivery } = task.definition;
  switch (outcome.kind) {
    case 'withheld':
      return {
        type: 'AttemptWithheld',
        ...where,
        nextAttemptAtMs: Math.max(nowMs + (outcome.changed ? 0 : WITHHELD_PAUSE_MS), notBeforeMs(execution)),
      };
    case 'lost':
      if (delivery === 'at_most_once') return { type: 'ExecutionDoubted', ...where, error: 'node_lost' };
      return { type: 'AttemptLost', ...where, nextAttemptAtMs: Math.max(nowMs, notBeforeMs(execution)) };
    case 'response': {
      const { status, excerpt, startedAtMs, endedAtMs, retryAfterMs } = outcome;
      const measured = { ...where, startedAtMs, endedAtMs, status, error: null, excerpt };
      if (status >= 200 && status < 300) return { type: 'ExecutionSucceeded', ...measured };
      const failed: TaskEvent = { type: 'ExecutionFailed', ...measured };
      const last = execution.failures + 1 >= retry.attempts;
      if (delivery === 'at_most_once' || !isRetryable(status) || last) return failed;
      const waitMs = Math.max(
        backoffMs(retry, execution.failures, random),
        Math.min(retryAfterMs ?? 0, RETRY_AFTER_MAX_MS),
      );
      return { type: 'AttemptFailed', ...measured, nextAttemptAtMs: nowMs + waitMs };
    }
    case 'error': {
      const { error, detail, sent, startedAtMs, endedAtMs } = outcome;
      if (delivery === 'at_most_once' && sent) return { type: 'ExecutionDoubted', ...where, error };
      const measured = { ...where, startedAtMs, endedAtMs, status: null, error, excerpt: detail };
      if (execution.failures + 1 >= retry.attempts) return { type: 'ExecutionFailed', ...measured };
      return {
        type: 'AttemptFailed',
        ...measured,
        nextAttemptAtMs: nowMs + backoffMs(retry, execution.failures, random),
      };
    }
    default:
      return unreachable(outcome);
  }
}

/** Exponential, bounded, with full jitter: a random point between nothing and the bound keeps retries from marching in step. */
function backoffMs(retry: RetryPolicy, failuresBefore: number, random: number): number {
  const ceiling = Math.min(retry.backoffMaxMs, retry.backoffMs * BACKOFF_FACTOR ** Math.min(failuresBefore, 40));
  return Math.round(ceiling * random);
}
