import type Database from 'better-sqlite3';
import { invariant } from '../invariant.ts';
import type { Configuration, Entry, EntryKind, HardState, LogIndex, Term } from '../raft/types.ts';
import { EMPTY_LOG_CHECKSUM, formatChecksum } from './checksum.ts';
import { beginBehindState, isMarkedDamaged, markDamage, unmarkDamage } from './damage-mark.ts';
import type { DataDirectory } from './data-directory.ts';
import { makeDirectoryDurably } from './durable-file.ts';
import { type GuardFile, type GuardRecord, openGuardFile } from './guard-file.ts';
import { inspectLog, type LogInspection } from './log-inspection.ts';
import { recovered, type StateEnd } from './log-recovery.ts';
import { refusalOf, refusedRead } from './log-refusal.ts';
import { finishReplacement } from './log-replacement.ts';
import {
  assertFollows,
  baseBehind,
  EMPTY_BASE,
  EntryDamaged,
  type EntryRow,
  entryOfRow,
  FIRST_HARD_STATE,
  insertRow,
  LOST_TAIL,
  type LogTail,
  rowAfter,
  type StoredBase,
  sealBase,
  sealHardState,
  tailOfBase,
  tailOfRow,
} from './log-rows.ts';
import {
  type LastIncluded,
  type LogBase,
  type LogStore,
  type LogWrite,
  StorageFailed,
  StorageRefused,
} from './log-store.ts';
import { assertResettable, assertWritable } from './log-write.ts';
import { seal } from './sealed-json.ts';
import { createLogFile, limitFile, openLogFile } from './sqlite-log-file.ts';
import { type LogStatements, prepareLogStatements } from './sqlite-log-statements.ts';
import { type GroupPaths, groupPaths } from './store-layout.ts';

/**
 * A checkpoint copies the WAL into the database and fsyncs it, all at once. Measured with every frame another page: 7 ms at 512 frames
 * (2 MiB; 15 at worst), 12 at 1,024 (37), 72 at 4,096 (85); with small turns, which rewrite the same page, 1 to 2 ms. I10 allows 50.
 */
const CHECKPOINT_DUE_FRAMES = 512;
/** Not waited for beyond this: `persist` does it itself. */
export const CHECKPOINT_FORCED_FRAMES = 1024;
/** `read` stops here even below `maxBytes`: 300,000 rows a second, so 14 ms. */
export const READ_ENTRIES_MAX = 4096;

export interface SqliteLogStoreOptions {
  /** Entries before it are verified when they are read: those that the projection holds durably need not delay a start. */
  readonly verifyFrom?: LogIndex;
  readonly group?: number;
  /** Default: refuse. A member of a cluster recovers: it goes on with what is whole, says `lostTail`, and catches up. */
  readonly onLostTail?: 'refuse' | 'recover';
  /** Of the projection beside it: where a recovered log begins, should the state have gone further. */
  readonly state?: StateEnd;
  /** Default: WAL_PREGROWN_BYTES. */
  readonly walPregrownBytes?: number;
  /** The log is as full as a disk at this size. Default: what the device holds. */
  readonly logBytesMax?: number;
  /** Called with how long each took, for metrics. */
  readonly observe?: (operation: 'persist' | 'checkpoint', durationMs: number) => void;
}

export function openLogStore(directory: DataDirectory, options: SqliteLogStoreOptions = {}): LogStore {
  const paths = groupPaths(directory.path, options.group);
  try {
    makeDirectoryDurably(paths.directory);
    finishReplacement(paths);
    if (!directory.logCreated) createLog(directory, paths);
    const { state } = options;
    const isBehind = state !== undefined && isMarkedDamaged(paths);
    const verifyFrom = isBehind ? state.appliedIndex : (options.verifyFrom ?? 0);
    const inspect = () => inspectLog(directory.path, { ...options, verifyFrom, instance: directory.identity.instance });
    const found = options.onLostTail === 'recover' ? recovered(directory, paths, inspect, state) : inspect();
    if (found.kind !== 'whole') throw refusalOf(found, directory.path);
    const database = openLogFile(paths.log, paths.wal, options.walPregrownBytes);
    try {
      if (options.logBytesMax !== undefined) limitFile(database, options.logBytesMax);
      const log = new SqliteLog(database, paths, found, options);
      if (isBehind) beginBehindState(log, state);
      unmarkDamage(paths);
      return log;
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    if (error instanceof StorageRefused) throw error;
    throw new StorageRefused(
      'io',
      `cannot open ${paths.log}: ${error instanceof Error ? error.message : String(error)}`,
      'Free space on the device, check that this user may write there and that the disk is well, and start again.',
      error,
    );
  }
}

/** Nothing was ever written to a log that is not marked as created, so what a crash left of it is made anew. */
function createLog(directory: DataDirectory, paths: GroupPaths): void {
  createLogFile(paths.log, {
    instance: directory.identity.instance,
    hardState: FIRST_HARD_STATE,
    base: EMPTY_BASE,
  });
  openGuardFile(paths.guard, { ...FIRST_HARD_STATE, lastIndex: 0, checksum: tailOfBase(EMPTY_BASE).checksum }).close();
  directory.markLogCreated();
}

class SqliteLog implements LogStore {
  readonly #database: Database.Database;
  readonly #paths: GroupPaths;
  readonly #guard: GuardFile;
  readonly #observe: NonNullable<SqliteLogStoreOptions['observe']>;
  readonly #statements: LogStatements;
  #hardState: HardState;
  #base: StoredBase;
  #tail: LogTail;
  /** Oldest row still in the file; those up to the base are no longer part of the log. */
  #firstRow: LogIndex;
  #lostTail: boolean;
  #walFrames = 0;
  #failure: StorageFailed | undefined;

  constructor(
    database: Database.Database,
    paths: GroupPaths,
    found: LogInspection & { kind: 'whole' },
    options: SqliteLogStoreOptions,
  ) {
    this.#database = database;
    this.#paths = paths;
    this.#observe = options.observe ?? (() => undefined);
    this.#statements = prepareLogStatements(database);
    this.#hardState = found.hardState;
    this.#base = found.base;
    this.#tail = found.tail;
    this.#firstRow = found.firstRow;
    this.#lostTail = found.lostTail;
    this.#guard = openGuardFile(paths.guard, this.#guardRecord());
  }

  get hardState(): HardState {
    return this.#hardState;
  }
  get base(): LogBase {
    const { endBytes: _, ...base } = this.#base;
    return base;
  }
  get lastIndex(): LogIndex {
    return this.#tail.index;
  }
  get lastTerm(): Term {
    return this.#tail.term;
  }
  get sizeBytes(): number {
    return this.#tail.endBytes - this.#base.endBytes;
  }
  get lostTail(): boolean {
    return this.#lostTail;
  }
  get checkpointDue(): boolean {
    return this.#walFrames >= CHECKPOINT_DUE_FRAMES;
  }

  persist(write: LogWrite): void {
    assertWritable(write, {
      hardState: this.#hardState,
      baseIndex: this.#base.index,
      lastIndex: this.#tail.index,
      termAt: (index) => this.termAt(index),
    });
    const hardStateChanged = write.hardState !== undefined && !sameHardState(write.hardState, this.#hardState);
    if (write.entries.length === 0 && !hardStateChanged) return;
    const first = write.entries[0];
    const kept = first === undefined || first.index > this.#tail.index ? this.#tail : this.#tailAt(first.index - 1);

    this.#write('persist', () => {
      const startedAtMs = performance.now();
      // The guard never says more than the log: it goes back, durably, before what it speaks of is replaced.
      if (kept !== this.#tail) this.#guard.writeSynced(this.#guardRecord(kept));
      let tail = kept;
      this.#statements.transaction(() => {
        if (kept !== this.#tail) this.#statements.deleteAfter.run(kept.index);
        for (const entry of write.entries) {
          const row = rowAfter(tail, entry);
          insertRow(this.#statements.insert, row);
          tail = tailOfRow(row);
        }
        if (hardStateChanged) this.#statements.setMeta.run(sealHardState(write.hardState), 'hard-state');
      });
      this.#tail = tail;
      if (hardStateChanged) {
        this.#hardState = write.hardState;
        this.#guard.writeSynced(this.#guardRecord());
      } else {
        this.#guard.write(this.#guardRecord());
      }
      this.#observe('persist', performance.now() - startedAtMs);
      this.#walFrames = this.#framesToCheckpoint();
      if (this.#walFrames >= CHECKPOINT_FORCED_FRAMES) this.#checkpoint();
    });
  }

  read(fromIndex: LogIndex, maxBytes: number): readonly Entry[] {
    if (fromIndex <= this.#base.index)
      throw new RangeError(`entry ${fromIndex} was compacted away; the log begins at ${this.#base.index + 1}`);
    if (fromIndex > this.#tail.index) return [];
    return this.#reading(() => {
      const entries: Entry[] = [];
      let checksum = this.#checksumAt(fromIndex - 1);
      let index = fromIndex;
      let bytes = 0;
      for (const row of this.#statements.from.iterate(fromIndex)) {
        checksum = assertFollows(row, index, checksum).checksum;
        bytes += Buffer.byteLength(row.data);
        if (entries.length > 0 && bytes > maxBytes) return entries;
        entries.push(entryOfRow(row));
        index += 1;
        if (entries.length === READ_ENTRIES_MAX) return entries;
      }
      if (index <= this.#tail.index) throw new EntryDamaged(index, 'is missing');
      return entries;
    });
  }

  termAt(index: LogIndex): Term | undefined {
    if (index === this.#tail.index) return this.#tail.term;
    if (index === this.#base.index) return this.#base.term;
    if (index < this.#base.index || index > this.#tail.index) return undefined;
    return this.#reading(() => this.#row(index).term);
  }

  lastOfKind(kind: EntryKind, throughIndex: LogIndex): Entry | undefined {
    const through = Math.min(throughIndex, this.#tail.index);
    if (through <= this.#base.index) return undefined;
    return this.#reading(() => {
      const index = this.#indexOfKind(kind, this.#row(through));
      if (index === undefined || index <= this.#base.index) return undefined;
      const row = this.#row(index);
      if (row.kind !== kind)
        throw new EntryDamaged(through, `points to entry ${index} as ${kind}, which is ${row.kind}`);
      return entryOfRow(row);
    });
  }

  #indexOfKind(kind: EntryKind, row: EntryRow): LogIndex | undefined {
    switch (kind) {
      case 'configuration':
        return row.configuration_at;
      case 'term-started':
        return row.term_started_at;
      case 'events':
        // All but a handful of entries are of this kind.
        return this.#statements.lastEvents.get(row.idx);
    }
  }

  compact(throughIndex: LogIndex, configuration: Configuration, maxRows: number): boolean {
    if (throughIndex > this.#tail.index)
      throw new RangeError(`cannot compact through ${throughIndex}: the log ends at ${this.#tail.index}`);
    const moves = throughIndex > this.#base.index;
    const base = moves ? this.#baseAt(throughIndex, configuration) : this.#base;
    const deleteThrough = Math.min(base.index, this.#firstRow + maxRows - 1);
    if (moves || deleteThrough >= this.#firstRow)
      this.#write('compact', () => {
        // The base moves at once, so that its configuration is the one in force there; the rows behind it go bit by bit.
        this.#statements.transaction(() => {
          if (moves) this.#statements.setMeta.run(sealBase(base), 'base');
          this.#statements.deleteThrough.run(deleteThrough);
        });
        this.#base = base;
        this.#firstRow = this.#statements.firstRow.get() ?? base.index + 1;
        this.#walFrames = this.#framesToCheckpoint();
      });
    return this.#firstRow <= this.#base.index;
  }

  resetTo(end: LastIncluded): void {
    assertResettable(end, { hardState: this.#hardState, base: this.#base });
    const base = baseBehind(end);
    this.#write('reset', () => {
      // What is true of the old log and of the new one: whichever a crash leaves, the guard does not accuse it.
      this.#guard.writeSynced({ ...this.#hardState, lastIndex: 0, checksum: EMPTY_LOG_CHECKSUM });
      this.#statements.transaction(() => {
        this.#statements.deleteAfter.run(base.index);
        this.#statements.setMeta.run(sealBase(base), 'base');
      });
      this.#base = base;
      this.#tail = tailOfBase(base);
      this.#guard.writeSynced(this.#guardRecord());
      this.#walFrames = this.#framesToCheckpoint();
    });
  }

  tailLost(): void {
    if (this.#lostTail) return;
    this.#write('mark the lost end', () => {
      this.#statements.addMeta.run(seal({ lostTail: true }), LOST_TAIL);
      this.#lostTail = true;
    });
  }

  recovered(): void {
    if (!this.#lostTail) return;
    this.#write('unmark the lost end', () => {
      this.#statements.deleteMeta.run(LOST_TAIL);
      this.#lostTail = false;
    });
  }

  #baseAt(index: LogIndex, configuration: Configuration): StoredBase {
    return this.#reading(() => {
      const row = this.#row(index);
      return { index, term: row.term, checksum: formatChecksum(row.checksum), configuration, endBytes: row.end_bytes };
    });
  }

  maintain(): void {
    this.#write('maintain', () => {
      this.#guard.sync();
      if (this.checkpointDue) this.#checkpoint();
    });
  }

  close(): void {
    if (!this.#database.open) return;
    try {
      if (this.#failure === undefined) this.#guard.sync();
    } finally {
      this.#guard.close();
      this.#database.close();
    }
  }

  /** Fail-stop: after one failed write nobody knows what the disk holds, and a later success would prove nothing. */
  #write(operation: string, action: () => void): void {
    if (this.#failure !== undefined)
      throw new StorageFailed(operation, `refused, because an earlier write failed (${this.#failure.message})`);
    try {
      action();
    } catch (error) {
      this.#failure = new StorageFailed(operation, error);
      throw this.#failure;
    }
  }

  #reading<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      const refusal = refusedRead(error, this.#paths.log);
      if (refusal instanceof StorageRefused && refusal.code === 'damaged') markDamage(this.#paths);
      throw refusal;
    }
  }

  /** Verified against the row before it. */
  #row(index: LogIndex): EntryRow {
    return assertFollows(this.#statements.from.get(index), index, this.#checksumAt(index - 1));
  }

  #tailAt(index: LogIndex): LogTail {
    return index === this.#base.index ? tailOfBase(this.#base) : this.#reading(() => tailOfRow(this.#row(index)));
  }

  #checksumAt(index: LogIndex): number {
    if (index === this.#base.index) return tailOfBase(this.#base).checksum;
    const checksum = this.#statements.checksum.get(index);
    if (checksum === undefined) throw new EntryDamaged(index, 'is missing');
    return checksum;
  }

  #guardRecord(tail: LogTail = this.#tail): GuardRecord {
    return { ...this.#hardState, lastIndex: tail.index, checksum: tail.checksum };
  }

  #framesToCheckpoint(): number {
    const [, written, checkpointed] = this.#statements.walState.get() ?? [0, 0, 0];
    return written - checkpointed;
  }

  /** PASSIVE is complete, because nobody else reads this file; the next commit then starts the WAL over. */
  #checkpoint(): void {
    const startedAtMs = performance.now();
    const [busy, written, checkpointed] = this.#statements.checkpoint.get() ?? [1, 0, 0];
    invariant(busy === 0 && written === checkpointed, 'I10', `checkpoint ended at frame ${checkpointed} of ${written}`);
    this.#walFrames = 0;
    this.#observe('checkpoint', performance.now() - startedAtMs);
  }
}

const sameHardState = (a: HardState, b: HardState): boolean => a.term === b.term && a.votedFor === b.votedFor;
