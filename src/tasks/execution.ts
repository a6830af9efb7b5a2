import type { Brand } from '../brand.ts';
import type { TaskId } from './task.ts';

/** What the target sees as `webhook-id`: the same for every attempt. */
export type ExecutionId = Brand<string, 'ExecutionId'>;

export type ExecutionState = 'attempting' | 'waiting' | 'succeeded' | 'failed' | 'skipped' | 'cancelled' | 'unknown';

/** One HTTP request made, or to be made, for an execution. */
export interface Attempt {
  readonly number: number;
  readonly nodeId: string;
  readonly incarnation: number;
  /** Of a claim that names it: since entry version 3. */
  readonly instance?: string;
  /** The version of the task that was claimed; a later one withholds the request (I6). */
  readonly version: number;
  readonly claimedAtMs: number;
  readonly result: 'open' | 'succeeded' | 'failed' | 'lost' | 'withheld';
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly status: number | null;
  readonly error: string | null;
  /** Up to 1 KB of a failed response. */
  readonly excerpt: string | null;
}

/** One firing of a task. Identity: (task id, scheduled time); a run asked for by a person has its run number instead. */
export interface Execution {
  readonly executionId: ExecutionId;
  readonly taskId: TaskId;
  readonly run: number;
  readonly trigger: 'schedule' | 'manual';
  readonly scheduledAtMs: number;
  /** Begun more than LATE_AFTER_MS after its time. */
  readonly late: boolean;
  readonly state: ExecutionState;
  /** The newest ATTEMPTS_KEPT. */
  readonly attempts: readonly Attempt[];
  /** Attempts that count against the retry policy: those lost with a node, or withheld, do not. */
  readonly failures: number;
  readonly nextAttemptAtMs: number | null;
  readonly createdAtMs: number;
  readonly endedAtMs: number | null;
}

export const scheduledExecutionId = (taskId: TaskId, scheduledAtMs: number): ExecutionId =>
  `${taskId}-${scheduledAtMs}` as ExecutionId;

export const manualExecutionId = (taskId: TaskId, run: number): ExecutionId => `${taskId}-run-${run}` as ExecutionId;
