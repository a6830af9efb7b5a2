import Database from 'better-sqlite3';
import type { Configuration, LogIndex } from '../raft/types.ts';
import type { LogInspection } from './log-inspection.ts';
import {
  type EntryRow,
  entryOfRow,
  type LogTail,
  rowAfter,
  type StoredBase,
  tailOfBase,
  tailOfRow,
  verifiedRows,
} from './log-rows.ts';

/** The longest run of entries from the base on that a damaged log still proves. */
export interface Salvage {
  readonly base: StoredBase;
  readonly tail: LogTail;
  /** In force at the tail. */
  readonly configuration: Configuration | null;
}

/** Undefined without a base that can be believed: nothing can be verified then. Read-only. */
export function salvageLog(path: string, found: LogInspection & { kind: 'damaged' }): Salvage | undefined {
  const { base } = found;
  if (base === undefined) return undefined;
  let tail = tailOfBase(base);
  let configuration = base.configuration;
  readSalvagedRows(path, base, found.lastIndex ?? base.index, (row) => {
    tail = tailOfRow(row);
    if (row.kind === 'configuration') configuration = JSON.parse(row.data) as Configuration;
  });
  return { base, tail, configuration };
}

/**
 * Calls `take` with each verified row after the base, in order, and stops without a word at the first that is not: what stops it is the
 * very damage that the inspection has named.
 */
export function readSalvagedRows(
  path: string,
  base: StoredBase,
  through: LogIndex,
  take: (row: EntryRow) => void,
): void {
  let database: Database.Database | undefined;
  let tail = tailOfBase(base);
  try {
    database = new Database(path, { readonly: true, fileMustExist: true });
    const rows = verifiedRows(database, base.index + 1, through, tail.checksum);
    for (let next = nextRow(rows); next !== undefined; next = nextRow(rows)) {
      // What the checksum does not cover is made anew.
      const row = rowAfter(tail, entryOfRow(next));
      tail = tailOfRow(row);
      take(row);
    }
  } finally {
    database?.close();
  }
}

function nextRow(rows: Generator<EntryRow>): EntryRow | undefined {
  try {
    const next = rows.next();
    return next.done === true ? undefined : next.value;
  } catch {
    return undefined;
  }
}
