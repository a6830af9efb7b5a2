import type { RaftRole } from '../raft/role.ts';
import type { LogIndex, Term } from '../raft/types.ts';
import type { Result } from '../result.ts';
import type { MissedDueTimes } from '../store/missed-due-times.ts';
import type { DeadLetter, MissedPlace, ProjectionCounts, TaskFilter } from '../store/projection.ts';
import type { Command, Refusal } from '../tasks/command.ts';
import type { CommandId } from '../tasks/command-id.ts';
import type { Execution } from '../tasks/execution.ts';
import type { ClusterOperation, OperationEnd, OperationRecord } from '../tasks/operation.ts';
import type { Task, TaskId } from '../tasks/task.ts';
import type { TransportCounts } from '../transport/counts.ts';
import type { EventFeed, FeedCounters } from './event-feed.ts';
import type { BackupMade } from './online-backup.ts';
import type { StatisticsSeen, StatisticsWindow } from './statistics.ts';
import type { TracePage, TracePlace } from './trace-page.ts';
import type { Tracing } from './tracing.ts';

export type { DeadLetter, MissedPlace, TaskFilter };

/** What HTTP, the CLI and cluster operations stand on: one node, whatever its role. */
export interface SchedulerNode {
  /** Resolves when the outcome is known, or after SUBMIT_DEADLINE_MS with `unknown`. */
  submit(command: Command, asked: Asked): Promise<SubmitOutcome>;
  /** Linearizable, where nothing else is asked for. */
  readTask(taskId: TaskId, consistency?: Consistency): Promise<ReadOutcome<Task | undefined>>;
  listTasks(
    filter: TaskFilter,
    after: TaskId | null,
    limit: number,
    consistency?: Consistency,
  ): Promise<ReadOutcome<readonly Task[]>>;
  /** Undefined when there is no such task. Newest first, below `beforeRun`. */
  listExecutions(
    taskId: TaskId,
    beforeRun: number | null,
    limit: number,
    consistency?: Consistency,
  ): Promise<ReadOutcome<readonly Execution[] | undefined>>;
  readExecution(taskId: TaskId, run: number, consistency?: Consistency): Promise<ReadOutcome<Execution | undefined>>;
  /** Executions that failed for good, the last one first, below a position. */
  listDeadLetters(
    below: DeadLetter | null,
    limit: number,
    consistency?: Consistency,
  ): Promise<ReadOutcome<readonly FailedExecution[]>>;
  /** Due times that were passed over, the last ones first, below a position. */
  listMissed(
    below: MissedPlace | null,
    limit: number,
    consistency?: Consistency,
  ): Promise<ReadOutcome<readonly MissedOfTask[]>>;
  /** `requestId`: the same id twice is one operation. Null: it gets one here. */
  operate(operation: ClusterOperation, asked: Asked, requestId: CommandId | null): Promise<OperationOutcome>;
  /** What concerns this node alone: audited where there is a leader, done all the same where there is none, and what came of it is told. */
  operateHere<T>(
    operation: ClusterOperation,
    asked: Asked,
    requestId: CommandId | null,
    work: () => Promise<DoneHere<T>>,
  ): Promise<OperatedHere<T>>;
  /** Of this node alone: its log forgets what its state holds. Resolves to why it could not, in words, or to null. */
  compactLog(): Promise<string | null>;
  /** Of this node alone: a backup file in its data directory, or why there is none, in words. */
  backUp(): Promise<Result<BackupMade, string>>;
  /** What consensus was told and answered, while it is on. */
  readonly tracing: Tracing;
  /** What this node applied, to whoever reads it. */
  readonly feed: EventFeed;
  /** What the whole cluster did lately, as far as this node applied it. */
  statistics(window: StatisticsWindow): StatisticsSeen;
  /** What a member has traced since, or that it does not answer. Asking keeps its trace on. */
  traceOf(nodeId: string, place: TracePlace | null): Promise<TracePage | null>;
  /** What operators asked for, as far as this node has applied it; the newest last. */
  operations(): readonly OperationRecord[];
  health(): NodeHealth;
  status(): ClusterStatus;
  /** Counters and gauges of this process, read by /metrics. */
  metrics(): NodeMetrics;
  /** Not ready → no more claims for it → another leads → drain → fsync → closed. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * `linearizable`: sees every write that was acknowledged before it was asked; needs a leader. `stale`: what this node has applied, be it
 * cut off and behind.
 */
export type Consistency = 'linearizable' | 'stale';

export interface FailedExecution {
  readonly task: Task;
  readonly execution: Execution;
}

export interface MissedOfTask {
  readonly task: Task;
  readonly missed: MissedDueTimes;
}

export interface Asked {
  /** Who asks, as it stands in the task's event list: `token`, or `anonymous` where none is set. Never the token itself (I11). */
  readonly by: string;
  /** Whoever asks again under it asks for the same, once. */
  readonly requestId?: CommandId | null;
}

export type UnavailableReason =
  | 'starting'
  | 'no_leader'
  | 'stopping'
  | 'storage_failed'
  /** More writes wait than PROPOSALS_WAITING_MAX. */
  | 'overloaded';

export type SubmitOutcome =
  | {
      readonly outcome: 'committed';
      readonly task: Task /** False: an earlier creation with this Idempotency-Key. */;
      readonly created: boolean;
    }
  | { readonly outcome: 'refused'; readonly refusal: Refusal }
  /** For certain not done. */
  | { readonly outcome: 'unavailable'; readonly reason: UnavailableReason; readonly retryAfterMs: number }
  /** May have been done: the answer did not come in time, or the disk failed under it. */
  | { readonly outcome: 'unknown'; readonly taskId: TaskId | null };

export type OperationRefusalCode =
  | 'member_not_found'
  | 'would_lose_majority'
  | 'would_leave_no_sender'
  | 'feature_level_too_low'
  /** Consensus does not take it now; the message says why. */
  | 'operation_refused';

export type OperationOutcome =
  /** `changed`: false where it was so already. `warning`: done, and not all is well, in words. */
  | { readonly outcome: 'done'; readonly changed: boolean; readonly warning?: string }
  | { readonly outcome: 'refused'; readonly code: OperationRefusalCode; readonly message: string }
  /** For certain not done. */
  | { readonly outcome: 'unavailable'; readonly reason: UnavailableReason; readonly retryAfterMs: number }
  | { readonly outcome: 'unknown' };

/** What a node did of an operation that is its own, and what is told of that. */
export interface DoneHere<T> {
  readonly result: T;
  readonly end: OperationEnd;
}
export interface OperatedHere<T> {
  /** It stands in the audit. */
  readonly audited: boolean;
  readonly result: T;
}

export type ReadOutcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: UnavailableReason; readonly retryAfterMs: number };

export interface NodeHealth {
  /** State of machines/node.ts. */
  readonly state: 'booting' | 'recovering' | 'serving' | 'draining' | 'storageFailed' | 'halted' | 'stopped';
  readonly ready: boolean;
  /** Why not, in words for a person; null when ready. */
  readonly reason: string | null;
}

export interface ClusterStatus {
  readonly clusterId: string;
  readonly nodeId: string;
  readonly role: RaftRole;
  readonly term: Term;
  readonly leaderId: string | null;
  readonly commitIndex: LogIndex;
  readonly appliedIndex: LogIndex;
  /** An operator holds all scheduling. */
  readonly schedulingPaused: boolean;
  readonly members: readonly {
    readonly nodeId: string;
    readonly instance: string;
    /** An operator keeps claims and leadership from it. */
    readonly drained: boolean;
    readonly kind: 'voter' | 'learner' | 'worker';
    readonly role: RaftRole | null;
    readonly httpUrl: string | null;
    readonly matchIndex: LogIndex | null;
    readonly lagMs: number | null;
    readonly alive: boolean;
  }[];
}

export interface NodeMetrics {
  readonly proposals: number;
  readonly entries: number;
  readonly turns: number;
  readonly fsyncs: number;
  readonly elections: number;
  readonly fires: number;
  readonly attempts: Readonly<Record<'succeeded' | 'failed' | 'error' | 'withheld' | 'lost', number>>;
  /** Executions that failed for good, as this node applied them since it started. */
  readonly deadLetters: number;
  readonly claimsInHand: number;
  /** Of this node's, those that wait for their time. */
  readonly claimsHeldAhead: number;
  readonly requestsInFlight: number;
  readonly parked: number;
  readonly dueInMemory: number;
  readonly logBytes: number;
  readonly term: Term;
  readonly commitIndex: LogIndex;
  readonly appliedIndex: LogIndex;
  readonly durableIndex: LogIndex;
  readonly counts: ProjectionCounts;
  /** Seconds, cumulative buckets as Prometheus wants them. */
  readonly fsyncSeconds: Histogram;
  /** How late attempts left, seconds after their due time. */
  readonly latenessSeconds: Histogram;
  readonly transport: Readonly<TransportCounts>;
  readonly feed: FeedCounters;
}

export interface Histogram {
  readonly buckets: readonly { readonly le: number; readonly count: number }[];
  readonly sum: number;
  readonly count: number;
}
