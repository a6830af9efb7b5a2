import type Database from 'better-sqlite3';
import { type EntryRow, INSERT_ROW, ROW_COLUMNS } from './log-rows.ts';

export type LogStatements = ReturnType<typeof prepareLogStatements>;
/** What the checkpoint pragma answers. NOOP only asks (7 µs). */
type WalState = [busy: number, written: number, checkpointed: number];

export function prepareLogStatements(database: Database.Database) {
  const run = database.transaction((action: () => void) => action());
  return {
    transaction: (action: () => void): void => run.immediate(action),
    insert: database.prepare(INSERT_ROW),
    deleteAfter: database.prepare<[number]>('DELETE FROM entries WHERE idx > ?'),
    deleteThrough: database.prepare<[number]>('DELETE FROM entries WHERE idx <= ?'),
    firstRow: database.prepare<[], number>('SELECT idx FROM entries ORDER BY idx LIMIT 1').pluck(),
    setMeta: database.prepare<[string, string]>('UPDATE meta SET value = ? WHERE name = ?'),
    addMeta: database.prepare<[string, string]>('INSERT OR REPLACE INTO meta (value, name) VALUES (?, ?)'),
    deleteMeta: database.prepare<[string]>('DELETE FROM meta WHERE name = ?'),
    from: database.prepare<[number], EntryRow>(`SELECT ${ROW_COLUMNS} FROM entries WHERE idx >= ? ORDER BY idx`),
    checksum: database.prepare<[number], number>('SELECT checksum FROM entries WHERE idx = ?').pluck(),
    lastEvents: database
      .prepare<[number], number>("SELECT idx FROM entries WHERE idx <= ? AND kind = 'events' ORDER BY idx DESC LIMIT 1")
      .pluck(),
    walState: database.prepare<[], WalState>('PRAGMA wal_checkpoint(NOOP)').raw(),
    checkpoint: database.prepare<[], WalState>('PRAGMA wal_checkpoint(PASSIVE)').raw(),
  };
}
