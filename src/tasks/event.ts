import type { CommandId } from './command-id.ts';
import type { ExecutionId } from './execution.ts';
import type { ClusterOperation, OperationEnd } from './operation.ts';
import type { TaskDefinition, TaskId } from './task.ts';

/**
 * Facts, in the past tense. Everything that needed a clock, randomness or tz data was computed by the leader and stands in them
 * (I3). An event's time is the log time of its entry.
 */

export interface TaskCreated {
  readonly type: 'TaskCreated';
  readonly taskId: TaskId;
  readonly definition: TaskDefinition;
  readonly nextAtMs: number;
  readonly idempotency?: { readonly key: string; readonly fingerprint: string };
}
export interface TaskUpdated {
  readonly type: 'TaskUpdated';
  readonly taskId: TaskId;
  readonly definition: TaskDefinition;
  readonly nextAtMs: number | null;
}
export interface TaskPaused {
  readonly type: 'TaskPaused';
  readonly taskId: TaskId;
  /** `gone`: the target answered 410. */
  readonly reason: 'asked' | 'gone';
}
export interface TaskResumed {
  readonly type: 'TaskResumed';
  readonly taskId: TaskId;
  readonly nextAtMs: number | null;
}
export interface TaskCancelled {
  readonly type: 'TaskCancelled';
  readonly taskId: TaskId;
}
/** A person asked for a run: an execution of its own, due at once. */
export interface ExecutionRequested {
  readonly type: 'ExecutionRequested';
  readonly taskId: TaskId;
  readonly run: number;
  readonly executionId: ExecutionId;
}
/** Every due time from `fromMs`, which is one, through `throughMs`, which need not be, was passed over by the misfire policy. */
export interface DueTimesSkipped {
  readonly type: 'DueTimesSkipped';
  readonly taskId: TaskId;
  readonly fromMs: number;
  readonly throughMs: number;
}
/** One start of one node: who a claim is for. */
export interface ClaimHolder {
  readonly nodeId: string;
  readonly incarnation: number;
  /** Without it another instance under the same name could take the claim for its own. Since entry version 3. */
  readonly instance?: string;
}
interface Claim extends ClaimHolder {
  readonly taskId: TaskId;
  readonly run: number;
  readonly attempt: number;
}
/** Takes a due time: begins an execution, claims its first attempt, and moves the task on to its next due time. */
export interface ExecutionClaimed extends Claim {
  readonly type: 'ExecutionClaimed';
  readonly executionId: ExecutionId;
  readonly scheduledAtMs: number;
  readonly nextAtMs: number | null;
}
/** Claims a later attempt, or the first one of a run that was asked for. */
export interface AttemptClaimed extends Claim {
  readonly type: 'AttemptClaimed';
}

interface Outcome {
  readonly taskId: TaskId;
  readonly run: number;
  readonly attempt: number;
}
/** What the sender measured. */
export interface AttemptMeasured extends Outcome {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly status: number | null;
  readonly error: string | null;
  readonly excerpt: string | null;
}
export interface ExecutionSucceeded extends AttemptMeasured {
  readonly type: 'ExecutionSucceeded';
}
export interface AttemptFailed extends AttemptMeasured {
  readonly type: 'AttemptFailed';
  readonly nextAttemptAtMs: number;
}
/** A dead letter. */
export interface ExecutionFailed extends AttemptMeasured {
  readonly type: 'ExecutionFailed';
}
/** At-most-once: whether the target saw the request is not known. */
export interface ExecutionDoubted extends Outcome {
  readonly type: 'ExecutionDoubted';
  readonly error: string;
}
/** The incarnation that held the claim is gone. */
export interface AttemptLost extends Outcome {
  readonly type: 'AttemptLost';
  readonly nextAttemptAtMs: number;
}
/** The task changed between claim and request: nothing was sent. */
export interface AttemptWithheld extends Outcome {
  readonly type: 'AttemptWithheld';
  readonly nextAttemptAtMs: number;
}

/**
 * Claimed ahead of their due times, which are the task's no more: its schedule was replaced first, or it was paused over them. They end as
 * cancelled.
 */
export interface ExecutionsWithdrawn {
  readonly type: 'ExecutionsWithdrawn';
  readonly taskId: TaskId;
  readonly runs: readonly number[];
  /** Of a replaced schedule: due times count as taken through here, and no further. */
  readonly takenThroughMs: number | null;
}

export interface NodeStarted {
  readonly type: 'NodeStarted';
  readonly nodeId: string;
  readonly instance: string;
  readonly incarnation: number;
}

/** Retention: every removal is an event, in bounded batches. */
export interface HistoryPruned {
  readonly type: 'HistoryPruned';
  readonly taskId: TaskId;
  readonly runs: readonly number[];
  readonly throughRun: number;
}
export interface TaskRemoved {
  readonly type: 'TaskRemoved';
  readonly taskId: TaskId;
  /** Its remaining executions, which go with it. */
  readonly runs: readonly number[];
}
export interface IdempotencyKeysExpired {
  readonly type: 'IdempotencyKeysExpired';
  readonly keys: readonly string[];
}

/** What a command did, so that its repetition through an election is answered and not done again. Since entry version 2. */
export interface CommandDone {
  readonly type: 'CommandDone';
  readonly commandId: CommandId;
  readonly taskId: TaskId;
}

/** The audit of an operation, committed before it is carried out. Since entry version 3, like what it brings about. */
export interface OperationRequested {
  readonly type: 'OperationRequested';
  readonly requestId: CommandId;
  readonly operation: ClusterOperation;
}
/** What came of one that stands in the audit. Since entry version 5. */
export interface OperationEnded {
  readonly type: 'OperationEnded';
  readonly requestId: CommandId;
  readonly operation: ClusterOperation;
  readonly end: OperationEnd;
}
export interface SchedulingPaused {
  readonly type: 'SchedulingPaused';
}
export interface SchedulingResumed {
  readonly type: 'SchedulingResumed';
}
export interface NodeDrained {
  readonly type: 'NodeDrained';
  readonly nodeId: string;
}
export interface NodeUndrained {
  readonly type: 'NodeUndrained';
  readonly nodeId: string;
}

export type TaskEvent =
  | TaskCreated
  | TaskUpdated
  | TaskPaused
  | TaskResumed
  | TaskCancelled
  | ExecutionRequested
  | DueTimesSkipped
  | ExecutionClaimed
  | AttemptClaimed
  | ExecutionSucceeded
  | AttemptFailed
  | ExecutionFailed
  | ExecutionDoubted
  | AttemptLost
  | AttemptWithheld
  | ExecutionsWithdrawn
  | NodeStarted
  | HistoryPruned
  | TaskRemoved
  | IdempotencyKeysExpired
  | CommandDone
  | OperationRequested
  | OperationEnded
  | SchedulingPaused
  | SchedulingResumed
  | NodeDrained
  | NodeUndrained;
