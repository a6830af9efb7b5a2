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

/** What lies before the first entry: the end of the snapshot that replaced the rest. */
export interface LogBase {
  readonly index: LogIndex;
  readonly term: Term;
  /** The chain continues from here, 8 hex digits. */
  readonly checksum: string;
  /** The configuration in force at `index`, for a log whose configuration entries were compacted away. */
  readonly configuration: Configuration | null;
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
