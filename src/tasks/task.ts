import type { Brand } from '../brand.ts';
import type { Schedule } from '../schedule/types.ts';

/** Decimal string of a 63-bit number (see task-id.ts): a JavaScript number cannot hold it. */
export type TaskId = Brand<string, 'TaskId'>;

export const CALLBACK_METHODS = ['POST', 'PUT', 'PATCH', 'GET', 'DELETE'] as const;
export type CallbackMethod = (typeof CALLBACK_METHODS)[number];

export interface Callback {
  readonly url: string;
  readonly method: CallbackMethod;
  readonly headers: Readonly<Record<string, string>>;
  /** Exactly the bytes the client sent, cut from its request; null when it sent none. */
  readonly body: string | null;
}

export interface RetryPolicy {
  /** Attempts that may fail before the execution is a dead letter. */
  readonly attempts: number;
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
}

/** What becomes of due times that passed more than MISFIRE_AFTER_MS ago, in an outage. */
export const MISFIRE_POLICIES = ['latest'] as const;
export type MisfirePolicy = (typeof MISFIRE_POLICIES)[number];

/** What happens at a due time while an earlier execution of the task is still open. */
export const OVERLAP_POLICIES = ['allow'] as const;
export type OverlapPolicy = (typeof OVERLAP_POLICIES)[number];

export const DELIVERIES = ['at_least_once', 'at_most_once'] as const;
export type Delivery = (typeof DELIVERIES)[number];

/** What the owner asked for. Immutable: an update makes the next version. */
export interface TaskDefinition {
  readonly name: string | null;
  readonly tags: readonly string[];
  readonly schedule: Schedule;
  readonly callback: Callback;
  readonly retry: RetryPolicy;
  readonly misfire: MisfirePolicy;
  readonly overlap: OverlapPolicy;
  readonly delivery: Delivery;
}

export type TaskState = 'scheduled' | 'paused' | 'completed' | 'cancelled';

/** One line of the task's own event list. */
export interface TaskRecord {
  readonly atMs: number;
  readonly type: string;
  readonly by: string;
  /** Of due times that were passed over: all from the first of them through this time, just before the one that was sent. */
  readonly fromMs?: number;
  readonly throughMs?: number;
}

/** An immutable entity: the fold of its events. `definition` is shared between versions of the value that do not change it. */
export interface Task {
  readonly taskId: TaskId;
  readonly definition: TaskDefinition;
  readonly state: TaskState;
  /** Raised by every command of the owner, not by fires. */
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Null when no due time is left. Kept while paused, but not acted on. */
  readonly nextAtMs: number | null;
  readonly lastScheduledAtMs: number | null;
  /** Executions ever begun; the newest one's run number. */
  readonly runCount: number;
  /** Run numbers of executions that have not ended. */
  readonly openRuns: readonly number[];
  /** Ended executions up to this run were looked at by retention. */
  readonly prunedThroughRun: number;
  readonly finishedAtMs: number | null;
  readonly records: readonly TaskRecord[];
}
