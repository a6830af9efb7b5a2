import type { Configuration, Entry, EntryKind, HardState, LogIndex, Term } from '../raft/types.ts';

/**
 * The port behind which the Raft log is kept. Two implementations pass one contract suite: SQLite (`sqlite-log-store.ts`) and
 * memory (`memory-log-store.ts`).
 */

/** One transaction, one fsync. When `persist` returns, all of it is durable; when it throws, the store takes no more writes. */
export interface LogWrite {
  /** Set when term or vote changed. */
  readonly hardState?: HardState;
  /** Consecutive. An entry at an index that the log already holds replaces it and all that follow (paper §5.3). */
  readonly entries: readonly Entry[];
}

/** Where a state ends: the last entry folded into it, and the configuration in force there (paper Figure 13). */
export interface LastIncluded {
  readonly index: LogIndex;
  readonly term: Term;
  /** Null: none was ever agreed on. */
  readonly configuration: Configuration | null;
}

/** What lies before the first entry: the end of the snapshot that replaced the rest. */
export interface LogBase extends LastIncluded {
  /** The chain continues from here, 8 hex digits. */
  readonly checksum: string;
}

export interface LogStore {
  /** As found when opened, then as last written. */
  readonly hardState: HardState;
  readonly base: LogBase;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  /** Bytes of entry data held. */
  readonly sizeBytes: number;

  persist(write: LogWrite): void;
  /**
   * Entries from `fromIndex` in order, at least one if it exists, then no more than `maxBytes` of data; fewer may come back. Verifies
   * checksums. What was compacted away cannot be asked for: RangeError.
   */
  read(fromIndex: LogIndex, maxBytes: number): readonly Entry[];
  /** Undefined outside base.index … lastIndex. */
  termAt(index: LogIndex): Term | undefined;
  /** The newest entry of a kind at or below `throughIndex`. */
  lastOfKind(kind: EntryKind, throughIndex: LogIndex): Entry | undefined;
  /**
   * Forgets entries up to and including `throughIndex`. The base moves there at once, so that `configuration` is the one in force at
   * it; what is stored behind it goes at most `maxRows` a call, so that the loop is not held (I10). Returns whether more is left to go.
   */
  compact(throughIndex: LogIndex, configuration: Configuration, maxRows: number): boolean;
  /**
   * A snapshot took the place of the state: the log is empty now, and begins behind its end (paper §7). All of it, or nothing, is
   * durable when it returns. Term and vote stay. What is stored of old entries goes by `compact`, bit by bit.
   */
  resetTo(end: LastIncluded): void;
  /**
   * Part of the log was lost, and with it, it may be, what this node acknowledged: it has no vote until it has caught up (raft.md, case
   * 30). Outlives a restart.
   */
  readonly lostTail: boolean;
  /** The leader noticed it. Durable when it returns. */
  tailLost(): void;
  /** Caught up. Durable when it returns: to be called before the vote is given back. */
  recovered(): void;
  /** `maintain` has a checkpoint to do that should not wait for the next second. */
  readonly checkpointDue: boolean;
  /** Called about once a second: fsyncs the guard file, checkpoints the WAL when it is due. */
  maintain(): void;
  close(): void;
}

/** A write or fsync failed. Fail-stop: what the disk holds now is unknown until the next start (raft.md, case 24). */
export class StorageFailed extends Error {
  readonly operation: string;
  constructor(operation: string, cause: unknown) {
    super(`${operation}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'StorageFailed';
    this.operation = operation;
  }
}

/** The data directory cannot be used as it is; `remedy` says what to do. Exit 74. */
export class StorageRefused extends Error {
  readonly code: 'locked' | 'damaged' | 'format' | 'not_durable' | 'io';
  readonly remedy: string;
  constructor(code: StorageRefused['code'], message: string, remedy: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StorageRefused';
    this.code = code;
    this.remedy = remedy;
  }
}
