import { existsSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { HardState, InstanceId, LogIndex } from '../raft/types.ts';
import { EMPTY_LOG_CHECKSUM, formatChecksum } from './checksum.ts';
import { type GuardReading, type GuardRecord, readGuard } from './guard-file.ts';
import { hasReplacement } from './log-replacement.ts';
import {
  EntryDamaged,
  type EntryRow,
  LOG_FORMAT,
  LOST_TAIL,
  type LogTail,
  ROW_COLUMNS,
  type StoredBase,
  tailOfBase,
  tailOfRow,
  unsealBase,
  unsealHardState,
  verifiedRows,
} from './log-rows.ts';
import { unseal } from './sealed-json.ts';
import { groupPaths } from './store-layout.ts';
import { scanWal, type WalScan } from './wal-scan.ts';

/**
 * What a log's files hold, found without changing them, as data: a single node refuses to start on damage, a member of a cluster
 * will start as recovering, and `xcron store check` prints it. Hold the directory's lock.
 */
export type LogInspection =
  /** No log was ever made here. */
  | { readonly kind: 'absent' }
  /** Written by an xcron that this one cannot follow, or for another directory. */
  | { readonly kind: 'foreign'; readonly message: string }
  /** `xcron store truncate` was cut short; it is completed by running it again, or by the next start. */
  | { readonly kind: 'unfinished-truncation' }
  | {
      readonly kind: 'whole';
      readonly hardState: HardState;
      readonly base: StoredBase;
      readonly tail: LogTail;
      /** Oldest row held: below the base while compaction is under way. */
      readonly firstRow: LogIndex;
      readonly verifiedFrom: LogIndex;
      /** It lost its end, and has not caught up since. */
      readonly lostTail: boolean;
      readonly wal: WalScan;
    }
  | {
      readonly kind: 'damaged';
      readonly damages: readonly Damage[];
      /** As far as they can be believed. */
      readonly guard: GuardRecord | undefined;
      readonly hardState: HardState | undefined;
      readonly base: StoredBase | undefined;
      /** The last row that SQLite finds, verified or not. */
      readonly lastIndex: LogIndex | undefined;
    };

export type Damage =
  | { readonly kind: 'missing-file'; readonly file: 'log.db' | 'guard' }
  | { readonly kind: 'wal'; readonly offsetBytes: number; readonly reason: string }
  | { readonly kind: 'guard' }
  | { readonly kind: 'database'; readonly reason: string }
  | { readonly kind: 'hard-state'; readonly reason: string }
  | { readonly kind: 'base' }
  | { readonly kind: 'entry'; readonly index: LogIndex; readonly reason: string }
  /** The log ends before what the guard remembers, or with something else there. */
  | { readonly kind: 'behind-guard'; readonly guardIndex: LogIndex; readonly reason: string };

export interface InspectionOptions {
  /** Rows before it are verified when they are read. Default: all of them are verified now. */
  readonly verifyFrom?: LogIndex;
  /** When given, a log that was made for another instance is foreign. */
  readonly instance?: InstanceId;
  readonly group?: number;
}

export function inspectLog(directory: string, options: InspectionOptions = {}): LogInspection {
  const paths = groupPaths(directory, options.group);
  if (hasReplacement(paths)) return { kind: 'unfinished-truncation' };
  const guard = readGuard(paths.guard);
  const logExists = existsSync(paths.log);
  if (!logExists && guard.kind === 'absent') return { kind: 'absent' };

  const damages: Damage[] = [];
  if (!logExists) damages.push({ kind: 'missing-file', file: 'log.db' });
  if (guard.kind === 'absent') damages.push({ kind: 'missing-file', file: 'guard' });
  if (guard.kind === 'damaged') damages.push({ kind: 'guard' });
  const wal = scanWal(paths.wal);
  if (wal.kind === 'damaged') damages.push({ kind: 'wal', offsetBytes: wal.offsetBytes, reason: wal.reason });

  const rows: RowsFinding = logExists
    ? readLogFile(paths.log, (database) => inspectRows(database, guard, options))
    : { damages: [] };
  if (rows.foreign !== undefined) return { kind: 'foreign', message: rows.foreign };
  damages.push(...rows.damages);
  const { hardState, base, tail } = rows;
  if (damages.length > 0 || hardState === undefined || base === undefined || tail === undefined)
    return {
      kind: 'damaged',
      damages,
      guard: guard.kind === 'read' ? guard.record : undefined,
      hardState,
      base,
      lastIndex: tail?.index,
    };
  return {
    kind: 'whole',
    hardState,
    base,
    tail,
    firstRow: rows.firstRow ?? base.index + 1,
    verifiedFrom: Math.max(options.verifyFrom ?? 0, base.index + 1),
    lostTail: rows.lostTail === true,
    wal,
  };
}

/** What says nothing about the content: nobody is to be told to give up entries because a file may not be opened. */
const NOT_DAMAGE =
  /^SQLITE_(CANTOPEN|PERM|READONLY|BUSY|LOCKED|FULL|NOMEM|MISUSE|IOERR_(SHM|WRITE|FSYNC|TRUNCATE|LOCK|ACCESS|NOMEM))/;

interface RowsFinding {
  readonly damages: readonly Damage[];
  readonly foreign?: string;
  readonly hardState?: HardState | undefined;
  readonly base?: StoredBase | undefined;
  readonly tail?: LogTail;
  readonly firstRow?: LogIndex;
  readonly lostTail?: boolean;
}

/** Read-only: SQLite recovers the WAL into memory and leaves the files as they are. */
function readLogFile(path: string, read: (database: Database.Database) => RowsFinding): RowsFinding {
  let database: Database.Database | undefined;
  try {
    database = new Database(path, { readonly: true, fileMustExist: true });
    return read(database);
  } catch (error) {
    if (!(error instanceof Database.SqliteError) || NOT_DAMAGE.test(error.code)) throw error;
    return { damages: [{ kind: 'database', reason: error.message }] };
  } finally {
    database?.close();
    rmSync(`${path}-shm`, { force: true });
  }
}

function inspectRows(database: Database.Database, guard: GuardReading, options: InspectionOptions): RowsFinding {
  const damages: Damage[] = [];
  const meta = (name: string): string =>
    database.prepare<[string], string>('SELECT value FROM meta WHERE name = ?').pluck().get(name) ?? '';

  const foreign = foreignReason(meta('log'), options.instance);
  if (foreign === 'damaged') damages.push({ kind: 'database', reason: 'its description fails its checksum' });
  else if (foreign !== undefined) return { damages: [], foreign };

  const hardState = unsealHardState(meta('hard-state'));
  if (hardState === undefined) damages.push({ kind: 'hard-state', reason: 'term and vote fail their checksum' });
  const base = unsealBase(meta('base'));
  if (base === undefined) damages.push({ kind: 'base' });
  if (hardState !== undefined && guard.kind === 'read') damages.push(...compareHardState(hardState, guard.record));
  if (base === undefined) return { damages, hardState };

  const lastRow = database.prepare<[], EntryRow>(`SELECT ${ROW_COLUMNS} FROM entries ORDER BY idx DESC LIMIT 1`).get();
  const firstRow = database.prepare<[], number>('SELECT idx FROM entries ORDER BY idx LIMIT 1').pluck().get();
  const tail = lastRow === undefined || lastRow.idx <= base.index ? tailOfBase(base) : tailOfRow(lastRow);

  const entryDamage = verifyChain(database, base, tail.index, options.verifyFrom ?? 0);
  if (entryDamage !== undefined) damages.push(entryDamage);
  if (guard.kind === 'read') damages.push(...compareEnd(database, base, tail, guard.record));
  // Be it readable or not: who is not sure does not vote.
  const lostTail = meta(LOST_TAIL) !== '';
  return { damages, hardState, base, tail, firstRow: firstRow ?? base.index + 1, lostTail };
}

function foreignReason(text: string, instance: InstanceId | undefined): string | undefined {
  const description = unseal(text);
  if (description === undefined) return 'damaged';
  if (description.format !== LOG_FORMAT)
    return `log.db has format ${String(description.format)}; this xcron knows ${LOG_FORMAT}`;
  if (instance !== undefined && description.instance !== instance)
    return `log.db was made for instance ${String(description.instance)}; this directory is instance ${instance}`;
  return undefined;
}

function compareHardState(log: HardState, guard: GuardRecord): Damage[] {
  if (guard.term < log.term) return [];
  if (guard.term === log.term && (guard.votedFor === null || guard.votedFor === log.votedFor)) return [];
  const said = (state: HardState): string => `term ${state.term} and a vote for ${state.votedFor ?? 'nobody'}`;
  return [{ kind: 'hard-state', reason: `the log says ${said(log)}, the guard file ${said(guard)}` }];
}

/** Verifies from `verifyFrom` on, and in any case the last row. */
function verifyChain(
  database: Database.Database,
  base: StoredBase,
  lastIndex: LogIndex,
  verifyFrom: LogIndex,
): (Damage & { kind: 'entry' }) | undefined {
  const from = Math.max(base.index + 1, Math.min(verifyFrom, lastIndex));
  if (from > lastIndex) return undefined;
  try {
    const previous = checksumAt(database, base, from - 1);
    if (previous === undefined) throw new EntryDamaged(from - 1, 'is missing');
    for (const row of verifiedRows(database, from, lastIndex, previous)) void row;
    return undefined;
  } catch (error) {
    if (error instanceof EntryDamaged) return { kind: 'entry', index: error.index, reason: error.message };
    throw error;
  }
}

function compareEnd(database: Database.Database, base: StoredBase, tail: LogTail, guard: GuardRecord): Damage[] {
  const behind = (reason: string): Damage[] => [{ kind: 'behind-guard', guardIndex: guard.lastIndex, reason }];
  if (guard.lastIndex > tail.index)
    return behind(`the log ends at entry ${tail.index}, but entry ${guard.lastIndex} was written`);
  // Older than the base: after a power cut the guard may be a second behind, and nothing of that is left to compare.
  if (guard.lastIndex < base.index) return [];
  const checksum = checksumAt(database, base, guard.lastIndex);
  if (checksum === guard.checksum) return [];
  return behind(
    `entry ${guard.lastIndex} has checksum ${formatChecksum(checksum ?? EMPTY_LOG_CHECKSUM)}, ` +
      `but ${formatChecksum(guard.checksum)} was written`,
  );
}

function checksumAt(database: Database.Database, base: StoredBase, index: LogIndex): number | undefined {
  if (index === base.index) return tailOfBase(base).checksum;
  return database.prepare<[number], number>('SELECT checksum FROM entries WHERE idx = ?').pluck().get(index);
}

/** A log that is whole in itself, and does not fit its projection. */
export const asDamaged = (found: LogInspection & { kind: 'whole' }): LogInspection & { kind: 'damaged' } => ({
  kind: 'damaged',
  damages: [],
  guard: { ...found.hardState, lastIndex: found.tail.index, checksum: found.tail.checksum },
  hardState: found.hardState,
  base: found.base,
  lastIndex: found.tail.index,
});
