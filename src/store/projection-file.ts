import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { makeDirectoryDurably, syncDirectory } from './durable-file.ts';
import { formatHash, rowHash } from './entity-hash.ts';
import { parseLastIncluded } from './last-included.ts';
import { type LastIncluded, StorageRefused } from './log-store.ts';
import { MISSED_INDEX, MISSED_SCHEMA, rebuildMissed } from './missed-index.ts';
import type { ProjectionCounts } from './projection.ts';
import { SQLITE_CACHE_KIB } from './projection-bounds.ts';
import { NO_COUNTS, NO_META } from './projection-empty.ts';
import { encodeMeta } from './rows.ts';

/** Raised when an older xcron could not read what a newer one wrote. */
export const PROJECTION_FORMAT = 1;
/** Marks the file as ours (`PRAGMA application_id`): 'xcst'. */
const APPLICATION_ID = 0x78637374;

/**
 * `document`, `status` and `definition` hold the canonical text, which alone counts; every other column is taken from it, for an
 * index. `hash` is the row's share of the state hash.
 *
 * - `tasks.due_at` is null unless the task is scheduled, `executions.due_at` unless the execution waits *and* its task is scheduled.
 *   A pause takes both out of their indexes (its open runs are touched, at most OPEN_RUNS_MAX), so that looking for what is due
 *   never meets what is parked.
 * - `tasks.history` counts ended executions that are no dead letters: retention asks an index, not the executions.
 */
const SCHEMA = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE tasks (
    id INTEGER PRIMARY KEY, state TEXT NOT NULL, due_at INTEGER, finished_at INTEGER, history INTEGER NOT NULL,
    hash INTEGER NOT NULL, status TEXT NOT NULL
  ) STRICT;
  CREATE TABLE definitions (
    id INTEGER PRIMARY KEY, labelled INTEGER NOT NULL, hash INTEGER NOT NULL, definition TEXT NOT NULL
  ) STRICT;
  CREATE TABLE names (task_id INTEGER PRIMARY KEY, folded TEXT NOT NULL) STRICT;
  CREATE TABLE tags (tag TEXT NOT NULL, task_id INTEGER NOT NULL, PRIMARY KEY (tag, task_id)) STRICT, WITHOUT ROWID;
  CREATE TABLE executions (
    task_id INTEGER NOT NULL, run INTEGER NOT NULL, state TEXT NOT NULL, due_at INTEGER, ended_at INTEGER,
    node_id TEXT, incarnation INTEGER, hash INTEGER NOT NULL, document TEXT NOT NULL, PRIMARY KEY (task_id, run)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE keys (
    key TEXT PRIMARY KEY, expires_at INTEGER NOT NULL, hash INTEGER NOT NULL, document TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tasks_by_state ON tasks (state);
  CREATE INDEX tasks_due ON tasks (due_at) WHERE due_at IS NOT NULL;
  CREATE INDEX tasks_finished ON tasks (finished_at) WHERE finished_at IS NOT NULL;
  CREATE INDEX tasks_with_history ON tasks (id) WHERE history >= 40;
  CREATE INDEX executions_due ON executions (due_at, task_id, run) WHERE due_at IS NOT NULL;
  CREATE INDEX executions_open ON executions (task_id, run, node_id, incarnation) WHERE state = 'attempting';
  CREATE INDEX executions_failed ON executions (ended_at, task_id, run) WHERE state = 'failed';
  CREATE INDEX keys_by_expiry ON keys (expires_at, key);
`;

/** The index `tasks_with_history` holds tasks from here on. Below what retention keeps, so that its question is answered by it. */
export const HISTORY_INDEXED_FROM = 40;

export interface FileState {
  readonly index: number;
  readonly meta: string;
  readonly hash: bigint;
  readonly counts: ProjectionCounts;
  /** No part of the state, and of its hash: it says where in the log the state stands. */
  readonly lastIncluded: LastIncluded | null;
  /** No part of it either: refused-pairs.ts. Null in a file of an older xcron. */
  readonly refused: string | null;
}

const REBUILD_REMEDY =
  'Run `xcron store rebuild`: it folds the projection anew from the log or, where the log no longer reaches back, from snapshot.db.';

/** Opens, or makes, the file that this process alone writes. Throws `StorageRefused`. */
export function openStateFile(path: string): Database.Database {
  return refusing(path, () => {
    makeDirectoryDurably(dirname(path));
    const database = new Database(path, { timeout: 0 });
    try {
      // Exclusive: no shared-memory file, and nobody else's reading transaction can hold the WAL back.
      database.pragma('locking_mode = EXCLUSIVE');
      checkFormat(database, path);
      database.pragma('journal_mode = WAL');
      // After journal_mode: turning WAL on leaves NORMAL in effect, where commits are not fsynced.
      database.pragma('synchronous = FULL');
      database.pragma(`cache_size = -${SQLITE_CACHE_KIB}`);
      database.pragma('mmap_size = 0');
      database.pragma('temp_store = MEMORY');
      if (database.pragma('user_version', { simple: true }) === 0) create(database);
      syncDirectory(dirname(path));
      const { index } = readFileState(database, path);
      if (missedIndexOf(database) !== String(index)) indexMissed(database, index);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/** For reading alone: a copy, or the file of a node that does not run. */
export function openStateFileToRead(path: string): Database.Database {
  return refusing(path, () => {
    const database = new Database(path, { readonly: true, fileMustExist: true, timeout: 0 });
    try {
      checkFormat(database, path);
      database.pragma(`cache_size = -${SQLITE_CACHE_KIB}`);
      readFileState(database, path);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

function create(database: Database.Database): void {
  database.transaction(() => {
    database.exec(SCHEMA);
    database.exec(MISSED_SCHEMA);
    database.pragma(`application_id = ${APPLICATION_ID}`);
    database.pragma(`user_version = ${PROJECTION_FORMAT}`);
    const meta = encodeMeta(NO_META);
    writeFileState(database, {
      index: 0,
      meta,
      hash: rowHash('meta', '', meta),
      counts: NO_COUNTS,
      lastIncluded: null,
      refused: null,
    });
  })();
}

function checkFormat(database: Database.Database, path: string): void {
  const version = database.pragma('user_version', { simple: true }) as number;
  const application = database.pragma('application_id', { simple: true }) as number;
  const tables = database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() as number;
  if (version === 0 && tables === 0 && !database.readonly) return;
  if (application !== APPLICATION_ID) throw damaged(path, 'it is no projection of xcron');
  if (version > PROJECTION_FORMAT)
    throw new StorageRefused(
      'format',
      `${path} has format ${version}; this xcron knows up to ${PROJECTION_FORMAT}`,
      'Run the newer xcron that wrote it, or start on another --data-dir.',
    );
}

const missedIndexOf = (database: Database.Database): unknown =>
  database.prepare('SELECT value FROM meta WHERE name = ?').pluck().get(MISSED_INDEX);

function indexMissed(database: Database.Database, index: number): void {
  database.transaction(() => {
    rebuildMissed(database);
    database.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)').run(MISSED_INDEX, String(index));
  })();
}

/** Neither is there in a file of an older xcron. */
const LAST_INCLUDED = 'last_included';
const REFUSED = 'refused_pairs';
const META_NAMES = ['applied_index', 'state', 'state_hash', 'counts'] as const;

export function readFileState(database: Database.Database, path: string): FileState {
  const rows = database.prepare('SELECT name, value FROM meta').raw().all() as [string, string][];
  const values = new Map(rows);
  const [index, meta, hash, counts] = META_NAMES.map((name) => values.get(name));
  if (index === undefined || meta === undefined || hash === undefined || counts === undefined)
    throw damaged(path, 'its table `meta` is not whole');
  if (!/^\d+$/.test(index) || !/^[0-9a-f]{16}$/.test(hash)) throw damaged(path, 'its table `meta` is not as written');
  try {
    JSON.parse(meta);
    return {
      index: Number(index),
      meta,
      hash: BigInt.asIntN(64, BigInt(`0x${hash}`)),
      counts: JSON.parse(counts) as ProjectionCounts,
      lastIncluded: parseLastIncluded(values.get(LAST_INCLUDED), Number(index)),
      refused: values.get(REFUSED) ?? null,
    };
  } catch (error) {
    throw damaged(path, `its table \`meta\` is not as written (${error instanceof Error ? error.message : error})`);
  }
}

export function writeFileState(database: Database.Database, state: FileState): void {
  const write = database.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)');
  write.run('applied_index', String(state.index));
  write.run(MISSED_INDEX, String(state.index));
  write.run('state', state.meta);
  write.run('state_hash', formatHash(state.hash));
  write.run('counts', JSON.stringify(state.counts));
  if (state.refused !== null) write.run(REFUSED, state.refused);
  writeLastIncluded(database, state.lastIncluded);
}

export function writeLastIncluded(database: Database.Database, end: LastIncluded | null): void {
  const write = database.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)');
  write.run(LAST_INCLUDED, JSON.stringify(end));
}

export const damaged = (path: string, how: string, cause?: unknown): StorageRefused =>
  new StorageRefused('damaged', `the projection ${path} is damaged: ${how}`, REBUILD_REMEDY, cause);

/** SQLite's own words become ours, with what to do. */
function refusing<T>(path: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (error instanceof StorageRefused) throw error;
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof Database.SqliteError ? error.code : '';
    if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB' || code === 'SQLITE_ERROR')
      throw damaged(path, message, error);
    if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
      throw new StorageRefused('locked', `${path} is in use by another process`, 'Stop that process first.', error);
    throw new StorageRefused(
      'io',
      `cannot open ${path}: ${message}`,
      'Make the data directory readable and writable for this user, with free space, and start again.',
      error,
    );
  }
}
