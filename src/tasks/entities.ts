import type { Execution } from './execution.ts';
import type { OperationRecord } from './operation.ts';
import type { Task, TaskId } from './task.ts';

/** A creation that named an Idempotency-Key; kept for a day of log time. */
export interface IdempotencyRecord {
  readonly key: string;
  readonly fingerprint: string;
  readonly taskId: TaskId;
  readonly expiresAtMs: number;
}

/** What the state knows beside tasks. */
export interface StateMeta {
  /** '0' before the first. */
  readonly lastTaskId: TaskId;
  /** Log time: never decreases. */
  readonly logTimeMs: number;
  readonly nodes: Readonly<
    Record<string, { readonly instance: string; readonly incarnation: number; readonly startedAtMs: number }>
  >;
  /** While an operator holds all scheduling: nothing is claimed. */
  readonly schedulingPaused?: true;
  /** Nodes that are given no claims and do not lead, by name, in order. */
  readonly drained?: readonly string[];
  /** What operators asked for, the newest last: OPERATIONS_KEPT of them. */
  readonly operations?: readonly OperationRecord[];
}

export const EMPTY_META: StateMeta = { lastTaskId: '0' as TaskId, logTimeMs: 0, nodes: {} };

/**
 * The state as apply sees it: plain collections of immutable entities. `undefined` means that there is none; an implementation
 * that has not loaded an entity throws, because guessing would part the nodes (I4).
 */
export interface Entities {
  task(taskId: TaskId): Task | undefined;
  /** A task as its creation made it: the entry that is being applied says all of it. */
  addTask(task: Task): void;
  putTask(task: Task): void;
  removeTask(taskId: TaskId): void;
  execution(taskId: TaskId, run: number): Execution | undefined;
  putExecution(execution: Execution): void;
  removeExecution(taskId: TaskId, run: number): void;
  key(key: string): IdempotencyRecord | undefined;
  putKey(record: IdempotencyRecord): void;
  removeKey(key: string): void;
  meta(): StateMeta;
  putMeta(meta: StateMeta): void;
}
