import type { LogIndex } from '../raft/types.ts';
import type { ExecutionState } from '../tasks/execution.ts';
import type { TaskId, TaskState } from '../tasks/task.ts';
import type { LastIncluded } from './log-store.ts';
import type { MissedDueTimes } from './missed-due-times.ts';
import type { DeadLetter, DuePosition, MissedPlace, ProjectionCounts, RunRef, TaskFilter } from './projection.ts';
import type { TaskHistory } from './projection-retention.ts';

/**
 * What the main thread and the worker say to each other. The channel keeps order both ways, and the worker answers each request
 * before it looks at the next; that a read's answer is never newer, and never older, than the layers in memory rests on it.
 */

export interface TaskRow {
  readonly taskId: TaskId;
  readonly state: TaskState;
  readonly dueAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly status: string;
  /** Null: the file has it already. */
  readonly wide: {
    readonly definition: string;
    readonly name: string | null;
    readonly tags: readonly string[];
    readonly missed: readonly MissedDueTimes[];
  } | null;
}

export interface ExecutionRow extends RunRef {
  readonly state: ExecutionState;
  /** When waiting. */
  readonly nextAttemptAtMs: number | null;
  readonly endedAtMs: number | null;
  /** Of the open attempt. */
  readonly nodeId: string | null;
  readonly incarnation: number | null;
  readonly document: string;
}

export interface KeyRow {
  readonly key: string;
  readonly expiresAtMs: number;
  readonly document: string;
}

/** Creations whose tasks did not change since: the rows are made from the entry's text, by the worker. */
export interface CreatedTasks {
  readonly entry: string;
  readonly taskIds: readonly TaskId[];
}

/** Part of a flush. Executions come before tasks: see `putTask` in projection-writes.ts. */
export interface Slice {
  readonly executions: ExecutionRow[];
  readonly removedExecutions: RunRef[];
  readonly createdTasks: CreatedTasks[];
  readonly tasks: TaskRow[];
  readonly removedTasks: TaskId[];
  readonly keys: KeyRow[];
  readonly removedKeys: string[];
}

export type FetchRef =
  | { readonly kind: 'task'; readonly taskId: TaskId }
  | { readonly kind: 'execution'; readonly taskId: TaskId; readonly run: number }
  | { readonly kind: 'key'; readonly key: string };

/** A task's two texts; the others' one. */
export type Fetched = readonly string[] | null;
export type TaskTexts = readonly [taskId: TaskId, status: string, definition: string];
export type ExecutionText = readonly [run: number, document: string];
export type OpenClaim = readonly [taskId: TaskId, run: number, nodeId: string, incarnation: number];

/** A part of a list: rows, and how far the file was looked through; null when to its end. */
export interface Step<Row, Position> {
  readonly rows: readonly Row[];
  readonly through: Position | null;
}

export interface FinishedTask {
  readonly taskId: TaskId;
  readonly finishedAtMs: number;
}
export interface ExpiringKey {
  readonly key: string;
  readonly expiresAtMs: number;
}
/** What a file says of itself. */
export interface OpenedState {
  readonly index: LogIndex;
  readonly meta: string;
  readonly hash: string;
  readonly counts: ProjectionCounts;
  readonly lastIncluded: LastIncluded | null;
  /** As refused-pairs.ts keeps them; null in a file of an older xcron. */
  readonly refused: string | null;
}

/** Each request by name: what it asks with, and what it is answered with. */
export interface Requests {
  slice: { readonly ask: Slice; readonly answer: null };
  commit: {
    readonly ask: {
      readonly index: LogIndex;
      readonly meta: string;
      readonly lastIncluded: LastIncluded | null;
      readonly refused: string;
    };
    readonly answer: { readonly hash: string; readonly counts: ProjectionCounts };
  };
  copy: { readonly ask: { readonly file: string }; readonly answer: { readonly index: LogIndex } };
  replace: { readonly ask: { readonly file: string }; readonly answer: OpenedState };
  close: { readonly ask: null; readonly answer: null };
  /** Answers a prefix of the refs, at least one. */
  fetch: { readonly ask: readonly FetchRef[]; readonly answer: readonly Fetched[] };
  tasks: {
    readonly ask: { readonly filter: TaskFilter; readonly after: TaskId | null; readonly limit: number };
    readonly answer: Step<TaskTexts, TaskId>;
  };
  executions: {
    readonly ask: { readonly taskId: TaskId; readonly beforeRun: number | null; readonly limit: number };
    readonly answer: Step<ExecutionText, number>;
  };
  due: {
    readonly ask: { readonly after: DuePosition | null; readonly untilMs: number; readonly limit: number };
    readonly answer: Step<DuePosition, DuePosition>;
  };
  'open-claims': {
    readonly ask: { readonly after: RunRef | null; readonly limit: number };
    readonly answer: Step<OpenClaim, RunRef>;
  };
  'dead-letters': {
    readonly ask: { readonly after: DeadLetter | null; readonly beforeMs: number; readonly limit: number };
    readonly answer: Step<DeadLetter, DeadLetter>;
  };
  'newest-dead-letters': {
    readonly ask: { readonly below: DeadLetter | null; readonly limit: number };
    readonly answer: Step<DeadLetter, DeadLetter>;
  };
  'newest-missed': {
    readonly ask: { readonly below: MissedPlace | null; readonly limit: number };
    readonly answer: Step<MissedDueTimes, MissedPlace>;
  };
  'finished-tasks': {
    readonly ask: { readonly after: FinishedTask | null; readonly beforeMs: number; readonly limit: number };
    readonly answer: Step<FinishedTask, FinishedTask>;
  };
  /** The first runs of each. */
  runs: {
    readonly ask: readonly { readonly taskId: TaskId; readonly limit: number }[];
    readonly answer: readonly (readonly number[])[];
  };
  'expired-keys': {
    readonly ask: { readonly after: ExpiringKey | null; readonly beforeMs: number; readonly limit: number };
    readonly answer: Step<ExpiringKey, ExpiringKey>;
  };
  histories: {
    readonly ask: { readonly after: TaskId | null; readonly runsMin: number; readonly limit: number };
    readonly answer: Step<TaskHistory, TaskId>;
  };
}

export type RequestName = keyof Requests;
export type Ask<Name extends RequestName> = Requests[Name]['ask'];
export type Answer<Name extends RequestName> = Requests[Name]['answer'];

export interface RequestMessage {
  readonly id: number;
  readonly name: RequestName;
  readonly ask: Ask<RequestName>;
}

export interface ErrorMessage {
  readonly name: string;
  readonly message: string;
  readonly code: string | null;
  /** Of a `StorageRefused`. */
  readonly remedy: string | null;
}

export type WorkerMessage =
  | ({ readonly type: 'opened' } & OpenedState)
  | { readonly type: 'refused'; readonly error: ErrorMessage }
  | { readonly type: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: ErrorMessage };
