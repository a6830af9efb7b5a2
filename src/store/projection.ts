import type { LogIndex } from '../raft/types.ts';
import type { Entities, IdempotencyRecord, StateMeta } from '../tasks/entities.ts';
import type { Execution } from '../tasks/execution.ts';
import type { EntityRef } from '../tasks/needs.ts';
import type { Task, TaskId, TaskState } from '../tasks/task.ts';
import type { LogEnds } from './last-included.ts';
import type { LastIncluded } from './log-store.ts';
import type { MissedDueTimes } from './missed-due-times.ts';
import type { RefusedPairs } from './refused-pairs.ts';

/**
 * The port behind which the state folded from the committed log is kept (I4). Two implementations pass one contract suite: SQLite
 * in a worker thread behind an overlay (`sqlite-projection.ts`), and memory (`memory-projection.ts`).
 *
 * Applying works on `entities`, in memory and at once: what is touched goes to the overlay, which is written behind. Whoever
 * applies an entry makes sure first that `missing()` is empty.
 */
export interface Projection {
  /** Overlay, then what is being flushed, then the cache. Throws on an entity that is not in memory. */
  readonly entities: Entities;
  /** What was applied to `entities`, as told by `applied()`. */
  readonly appliedIndex: LogIndex;
  /** What is fsynced in the file. Only this much of the log may be forgotten. */
  readonly durableIndex: LogIndex;

  /** Those of `refs` that are not in memory. `open-executions` asks for the task first, then for its open runs. */
  missing(refs: readonly EntityRef[]): readonly EntityRef[];
  /**
   * Brings them into the cache, present or known to be absent. `pinned`: they stay there until the next `applied()`, for an entry
   * that waits for them; else as long as the cache holds.
   */
  load(refs: readonly EntityRef[], pinned?: boolean): Promise<void>;
  /** The entry at `index` is folded: the overlay now stands there. With its text, tasks that it created need not be written out here. */
  applied(index: LogIndex, entry?: string): void;
  /** Beside the state, and kept with each flush of it: told of an entry before its `applied()`. */
  readonly refused: RefusedPairs;
  /**
   * Writes the overlay as it is now; resolves when it is fsynced. Flushes also happen by themselves, by size and age. Not to be
   * called between the changes of an entry and its `applied()`.
   */
  flush(): Promise<void>;
  /** Entities changed since the last flush began. */
  readonly overlaySize: number;
  /**
   * Await it before each batch of entries: it resolves at once, unless entries are applied faster than a flush can write them and
   * the overlay has reached its bound (I10). Rejects when a write has failed.
   */
  untilRoom(): Promise<void>;

  // Reads for the API and for the leader's own work. Each sees overlay, flushing and file as one, at one moment between the call
  // and the answer; a list that needs several steps (a search among many names) sees each part of its range at one such moment.
  readTask(taskId: TaskId): Promise<Task | undefined>;
  listTasks(filter: TaskFilter, after: TaskId | null, limit: number): Promise<readonly Task[]>;
  readExecution(taskId: TaskId, run: number): Promise<Execution | undefined>;
  /** Newest first, below `beforeRun`. */
  listExecutions(taskId: TaskId, beforeRun: number | null, limit: number): Promise<readonly Execution[]>;
  readKey(key: string): Promise<IdempotencyRecord | undefined>;
  /**
   * What falls due up to `untilMs`, after a position, in the order of positions. Only what can be acted on: scheduled tasks with a
   * due time, waiting executions of tasks that are scheduled. The entities named are in memory afterwards, as far as the cache holds.
   */
  dueAfter(position: DuePosition | null, untilMs: number, limit: number): Promise<readonly DuePosition[]>;
  /** Executions with an open attempt, claimed by another incarnation than the newest started one of its node. */
  orphanedClaims(limit: number): Promise<readonly RunRef[]>;
  /** All executions with an open attempt, for counting what is in flight per target when leadership begins. */
  openClaims(after: RunRef | null, limit: number): Promise<readonly RunRef[]>;
  /**
   * Tasks with at least `excess` more ended executions than `kept`, dead letters not counted, each with the runs that may go: oldest
   * first, a bounded number. As of a flush that this call makes.
   */
  prunable(kept: number, excess: number, limit: number): Promise<readonly PrunableTask[]>;
  /** Failed executions, those that ended last first, below a position. */
  newestDeadLetters(below: DeadLetter | null, limit: number): Promise<readonly DeadLetter[]>;
  /** Due times that were passed over, of all tasks, the last ones first, below a position. */
  newestMissed(below: MissedPlace | null, limit: number): Promise<readonly MissedDueTimes[]>;
  /** Failed executions that ended before. */
  deadLettersBefore(endedBeforeMs: number, limit: number): Promise<readonly RunRef[]>;
  finishedTasksBefore(finishedBeforeMs: number, limit: number): Promise<readonly FinishedTaskRuns[]>;
  keysExpiredBefore(expiresBeforeMs: number, limit: number): Promise<readonly string[]>;
  /** The counts of the last flush: cheap, and as old as that. */
  readonly counts: ProjectionCounts;

  /** Flushes, then tells the sum of entity hashes at that index: the same on every node (I4). */
  stateHash(): Promise<{ readonly index: LogIndex; readonly hash: string }>;
  /** Flushes, then writes a consistent copy to `file`, in slices that leave the disk to the log. */
  copyTo(file: string): Promise<{ readonly index: LogIndex }>;
  /**
   * A snapshot takes the place of the state (paper §7). `file`, a copy that `copyTo` made, is moved, and when this resolves it is
   * durably the state, at its own index; what was not flushed is given up. Nothing else may be asked meanwhile. Rejects, and changes
   * nothing, when the file is no such copy; a disk that fails on the way is told as with a flush.
   */
  replaceWith(file: string): Promise<void>;
  /** Flushes unless told not to, and ends the worker. */
  close(options?: { readonly flush: boolean }): Promise<void>;
  /**
   * From now on each flush keeps with it where it ends in `log`, which holds at least what is applied: so that the state can outlive
   * the log, and each copy says what it stands for.
   */
  standOn(log: LogEnds): void;
  /** The end of what is durable. Null while no flush knew. */
  readonly lastIncluded: LastIncluded | null;
  /** Set when a write failed: the file stays as it was, nothing more is flushed, and the node stops taking writes. */
  onFailure(tell: (error: Error) => void): void;
}

/** What the state was when the file was last flushed; where replay begins. */
export interface ProjectionStart {
  readonly appliedIndex: LogIndex;
  readonly meta: StateMeta;
}

export interface TaskFilter {
  readonly state?: TaskState;
  readonly tag?: string;
  /** Names that contain this, letter case aside. */
  readonly name?: string;
  /** From the newest down, each page below the one before; else in the order of their creation. */
  readonly newestFirst?: boolean;
}

/** Total order of due things: time, then task, then run; run 0 is the task's own due time, any other an execution's next attempt. */
export interface DuePosition {
  readonly dueAtMs: number;
  readonly taskId: TaskId;
  readonly run: number;
}

export interface RunRef {
  readonly taskId: TaskId;
  readonly run: number;
}

export interface DeadLetter extends RunRef {
  readonly endedAtMs: number;
}

/** In the order of time, then task; no task passes over the same due time twice. */
export type MissedPlace = Pick<MissedDueTimes, 'atMs' | 'taskId' | 'fromMs'>;

export interface PrunableTask {
  readonly taskId: TaskId;
  readonly throughRun: number;
  readonly runs: readonly number[];
}

export interface FinishedTaskRuns {
  readonly taskId: TaskId;
  readonly runs: readonly number[];
  /** False when the task has more executions than one entry should remove: prune these first, and ask again. */
  readonly complete: boolean;
}

export interface ProjectionCounts {
  readonly tasks: Readonly<Record<TaskState, number>>;
  readonly executions: number;
}
