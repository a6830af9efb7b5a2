import type Database from 'better-sqlite3';
import type { Configuration, Entry, EntryKind, HardState, LogIndex, MemberId, Term } from '../raft/types.ts';
import { EMPTY_LOG_CHECKSUM, entryChecksum, formatChecksum, parseChecksum, resetChecksum } from './checksum.ts';
import type { LastIncluded, LogBase } from './log-store.ts';
import { isCount, seal, unseal } from './sealed-json.ts';

/** What `log.db` holds, and how it is read back: nothing is believed whose checksum does not fit. */

export const LOG_FORMAT = 1;

/**
 * - `end_bytes`: bytes of data from the first entry ever to the end of this one, so that the size of the log is one subtraction.
 * - `configuration_at`, `term_started_at`: the newest entry of that kind at or below this one, 0 for none since the log began. They
 *   stand in for an index, whose damaged pages would hide an entry without a word.
 */
export const LOG_SCHEMA = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE entries (
    idx INTEGER PRIMARY KEY,
    term INTEGER NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    end_bytes INTEGER NOT NULL,
    configuration_at INTEGER NOT NULL,
    term_started_at INTEGER NOT NULL,
    checksum INTEGER NOT NULL
  ) STRICT;
`;

/** Name of the row in `meta` that is there while the node may lack what it acknowledged. */
export const LOST_TAIL = 'lost-tail';

export const ROW_COLUMNS = 'idx, term, kind, data, end_bytes, configuration_at, term_started_at, checksum';
export const INSERT_ROW = `INSERT INTO entries (${ROW_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;

export interface EntryRow {
  readonly idx: LogIndex;
  readonly term: Term;
  readonly kind: EntryKind;
  readonly data: string;
  readonly end_bytes: number;
  readonly configuration_at: LogIndex;
  readonly term_started_at: LogIndex;
  readonly checksum: number;
}

/** Where the next row continues from: the last row, or the base. */
export interface LogTail {
  readonly index: LogIndex;
  readonly term: Term;
  readonly endBytes: number;
  readonly configurationAt: LogIndex;
  readonly termStartedAt: LogIndex;
  readonly checksum: number;
}

export interface StoredBase extends LogBase {
  readonly endBytes: number;
}

export const EMPTY_BASE: StoredBase = {
  index: 0,
  term: 0,
  checksum: formatChecksum(EMPTY_LOG_CHECKSUM),
  configuration: null,
  endBytes: 0,
};
/** Of a log that begins behind a snapshot. */
export const baseBehind = (end: LastIncluded): StoredBase => ({
  index: end.index,
  term: end.term,
  checksum: formatChecksum(resetChecksum(end)),
  configuration: end.configuration,
  endBytes: 0,
});

export const FIRST_HARD_STATE: HardState = { term: 0, votedFor: null };

/** Thrown while rows are read; every caller turns it into a refusal or a finding. */
export class EntryDamaged extends Error {
  readonly index: LogIndex;
  constructor(index: LogIndex, reason: string) {
    super(`entry ${index} ${reason}`);
    this.name = 'EntryDamaged';
    this.index = index;
  }
}

export const rowAfter = (tail: LogTail, entry: Entry): EntryRow => ({
  idx: entry.index,
  term: entry.term,
  kind: entry.kind,
  data: entry.data,
  end_bytes: tail.endBytes + Buffer.byteLength(entry.data),
  configuration_at: entry.kind === 'configuration' ? entry.index : tail.configurationAt,
  term_started_at: entry.kind === 'term-started' ? entry.index : tail.termStartedAt,
  checksum: entryChecksum(tail.checksum, entry),
});

export const insertRow = (insert: Database.Statement, row: EntryRow): void => {
  insert.run(
    row.idx,
    row.term,
    row.kind,
    row.data,
    row.end_bytes,
    row.configuration_at,
    row.term_started_at,
    row.checksum,
  );
};

export const tailOfRow = (row: EntryRow): LogTail => ({
  index: row.idx,
  term: row.term,
  endBytes: row.end_bytes,
  configurationAt: row.configuration_at,
  termStartedAt: row.term_started_at,
  checksum: row.checksum,
});

export const tailOfBase = (base: StoredBase): LogTail => ({
  index: base.index,
  term: base.term,
  endBytes: base.endBytes,
  configurationAt: 0,
  termStartedAt: 0,
  checksum: parseChecksum(base.checksum) ?? EMPTY_LOG_CHECKSUM,
});

export const entryOfRow = (row: EntryRow): Entry => ({
  index: row.idx,
  term: row.term,
  kind: row.kind,
  data: row.data,
});

/** `row` is what was found where entry `index` should be, after one that ended with `previous`. */
export function assertFollows(row: EntryRow | undefined, index: LogIndex, previous: number): EntryRow {
  if (row === undefined || row.idx !== index) throw new EntryDamaged(index, 'is missing');
  if (typeof row.data !== 'string' || entryChecksum(previous, entryOfRow(row)) !== row.checksum)
    throw new EntryDamaged(index, `fails its checksum, or does not follow from entry ${index - 1}`);
  return row;
}

/** Rows `from` … `to` in order, each verified against the one before it. Throws EntryDamaged, or what SQLite throws. */
export function* verifiedRows(
  database: Database.Database,
  from: LogIndex,
  to: LogIndex,
  previous: number,
): Generator<EntryRow> {
  const rows = database
    .prepare<[number, number], EntryRow>(`SELECT ${ROW_COLUMNS} FROM entries WHERE idx BETWEEN ? AND ? ORDER BY idx`)
    .iterate(from, to);
  let index = from;
  let checksum = previous;
  for (const row of rows) {
    checksum = assertFollows(row, index, checksum).checksum;
    index += 1;
    yield row;
  }
  if (index <= to) throw new EntryDamaged(index, 'is missing');
}

export const sealHardState = (hardState: HardState): string => seal({ ...hardState });
export const sealBase = (base: StoredBase): string => seal({ ...base });

export function unsealHardState(text: string): HardState | undefined {
  const { term, votedFor } = unseal(text) ?? {};
  if (!isCount(term) || (votedFor !== null && typeof votedFor !== 'string')) return undefined;
  return { term, votedFor: votedFor as MemberId | null };
}

export function unsealBase(text: string): StoredBase | undefined {
  const { index, term, checksum, configuration, endBytes } = unseal(text) ?? {};
  if (!isCount(index) || !isCount(term) || !isCount(endBytes)) return undefined;
  if (typeof checksum !== 'string' || parseChecksum(checksum) === undefined) return undefined;
  if (typeof configuration !== 'object') return undefined;
  return { index, term, checksum, configuration: configuration as Configuration | null, endBytes };
}
