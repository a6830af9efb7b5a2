import { closeSync, fstatSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import type { HardState, InstanceId } from '../raft/types.ts';
import { syncDirectory, syncFile } from './durable-file.ts';
import { LOG_FORMAT, LOG_SCHEMA, LOST_TAIL, type StoredBase, sealBase, sealHardState } from './log-rows.ts';
import { StorageRefused } from './log-store.ts';
import { seal } from './sealed-json.ts';

/** How `log.db` is made and opened, so that a commit is one fsync of bytes that overwrite others in place. */

/**
 * The WAL is written full of zeros when it is opened: commits that grow the file cost the file system a journal commit each
 * (600–4,000 a second against about 7,000). Twice what is written between two checkpoints, so that even a large turn stays inside.
 */
export const WAL_PREGROWN_BYTES = 16 * 1024 * 1024;

export interface LogDescription {
  readonly instance: InstanceId;
  readonly hardState: HardState;
  readonly base: StoredBase;
  readonly lostTail?: boolean;
}

/** Under the name `<path>.new` until it is whole. `fill` adds the rows, in transactions of its own. */
export function createLogFile(
  path: string,
  description: LogDescription,
  fill: (database: Database.Database) => void = () => undefined,
): void {
  const temporary = `${path}.new`;
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(`${temporary}${suffix}`, { force: true });
  const database = new Database(temporary);
  try {
    database.exec(LOG_SCHEMA);
    const insert = database.prepare('INSERT INTO meta (name, value) VALUES (?, ?)');
    database.transaction(() => {
      insert.run('log', seal({ format: LOG_FORMAT, instance: description.instance }));
      insert.run('hard-state', sealHardState(description.hardState));
      insert.run('base', sealBase(description.base));
      if (description.lostTail === true) insert.run(LOST_TAIL, seal({ lostTail: true }));
    })();
    fill(database);
    database.pragma('journal_mode = WAL');
  } finally {
    database.close();
  }
  syncFile(temporary);
  renameSync(temporary, path);
  syncDirectory(dirname(path));
}

/** The files were inspected and found whole. What the last process left in the WAL is moved into the database here. */
export function openLogFile(path: string, wal: string, walPregrownBytes = WAL_PREGROWN_BYTES): Database.Database {
  const database = new Database(path, { fileMustExist: true, timeout: 0 });
  try {
    // The directory's lock keeps others out; alone, SQLite needs neither shared memory nor a lock a transaction.
    database.pragma('locking_mode = EXCLUSIVE');
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('wal_autocheckpoint = 0');
    assertDurable(database);
    // Down to nothing, so that no frame of an earlier process is left behind the new ones to be taken for damage by the next scan.
    database.pragma('wal_checkpoint(TRUNCATE)');
    pregrow(wal, walPregrownBytes);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * better-sqlite3 is compiled with SQLITE_DEFAULT_WAL_SYNCHRONOUS=1: the first time a connection reads a file that is in WAL mode, it
 * falls to NORMAL, unless the pragma was set by hand before. Until that first read the pragma still prints 2 (seen with 13.2.0: `2`
 * right after journal_mode = WAL, `1` after the first statement, and no fsync at a commit). So what it prints counts only after the
 * file has been read; test/store/fsync.test.ts counts the real ones under strace.
 */
export function assertDurable(database: Database.Database): void {
  database.prepare('SELECT count(*) FROM sqlite_schema').get();
  const journal = database.pragma('journal_mode', { simple: true });
  const synchronous = database.pragma('synchronous', { simple: true });
  if (journal === 'wal' && synchronous === SYNCHRONOUS_FULL) return;
  throw new StorageRefused(
    'not_durable',
    `${database.name} is in journal mode ${String(journal)} with synchronous ${String(synchronous)}; ` +
      `acknowledged tasks need wal and ${SYNCHRONOUS_FULL}`,
    'Keep the data directory on a local file system that supports WAL, and use the better-sqlite3 of the lockfile.',
  );
}
const SYNCHRONOUS_FULL = 2;

function pregrow(wal: string, bytes: number): void {
  const handle = openSync(wal, 'a+', 0o600);
  try {
    const zeros = Buffer.alloc(1024 * 1024);
    for (let size = fstatSync(handle).size; size < bytes; )
      size += writeSync(handle, zeros, 0, Math.min(zeros.length, bytes - size));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** As full as a disk is at this size. */
export function limitFile(database: Database.Database, bytesMax: number): void {
  const pageBytes = Number(database.pragma('page_size', { simple: true }));
  database.pragma(`max_page_count = ${Math.floor(bytesMax / pageBytes)}`);
}
