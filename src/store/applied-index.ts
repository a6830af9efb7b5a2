import { existsSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { LogIndex } from '../raft/types.ts';
import { parseLastIncluded } from './last-included.ts';
import type { LastIncluded } from './log-store.ts';
import { isCount } from './sealed-json.ts';

/** How far the projection beside a log has gone. Entries it applied were committed, so they may outlive the log that held them. */
export type AppliedIndex =
  | { readonly kind: 'absent' }
  /** `lastIncluded`: absent where the file does not say it. */
  | { readonly kind: 'at'; readonly index: LogIndex; readonly lastIncluded?: LastIncluded }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Read-only, and with SQLite's own check of the whole file: seconds at a million tasks. */
export function readAppliedIndex(path: string): AppliedIndex {
  if (!existsSync(path)) return { kind: 'absent' };
  const hadSharedMemory = existsSync(`${path}-shm`);
  let database: Database.Database | undefined;
  try {
    database = new Database(path, { readonly: true, fileMustExist: true });
    const check = database.pragma('quick_check(1)', { simple: true });
    if (check !== 'ok') return { kind: 'unreadable', reason: String(check) };
    const value: unknown = database.prepare("SELECT value FROM meta WHERE name = 'applied_index'").pluck().get();
    // A file that was made and not used yet has applied nothing.
    const index = value === undefined ? 0 : Number(value);
    const end: unknown = database.prepare("SELECT value FROM meta WHERE name = 'last_included'").pluck().get();
    const lastIncluded = typeof end === 'string' && isCount(index) ? parseLastIncluded(end, index) : null;
    return isCount(index)
      ? { kind: 'at', index, ...(lastIncluded === null ? {} : { lastIncluded }) }
      : { kind: 'unreadable', reason: `its applied index is ${JSON.stringify(value)}` };
  } catch (error) {
    return { kind: 'unreadable', reason: error instanceof Error ? error.message : String(error) };
  } finally {
    database?.close();
    if (!hadSharedMemory) rmSync(`${path}-shm`, { force: true });
  }
}
