import { resolve } from 'node:path';
import Database from 'better-sqlite3';
import { StorageRefused } from './log-store.ts';
import { lockPath } from './store-layout.ts';

export interface DirectoryLock {
  release(): void;
}

/**
 * One process a data directory: two would both vote under one name (I8). An open exclusive transaction on an empty database holds a
 * lock of the operating system, which frees it however the process ends. Refused at once, without waiting.
 */
export function lockDirectory(directory: string): DirectoryLock {
  const path = lockPath(directory);
  try {
    const database = new Database(path, { timeout: 0 });
    try {
      database.pragma('locking_mode = EXCLUSIVE');
      database.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      database.close();
      throw error;
    }
    return { release: () => database.close() };
  } catch (error) {
    const code = error instanceof Database.SqliteError ? error.code : '';
    if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
      throw new StorageRefused(
        'locked',
        `the data directory ${resolve(directory)} is in use by another xcron process`,
        `Stop that process (\`fuser ${path}\` names it), or give this one a data directory of its own with --data-dir.`,
        error,
      );
    throw new StorageRefused(
      'io',
      `cannot lock ${path}: ${error instanceof Error ? error.message : String(error)}`,
      `Make ${resolve(directory)} a directory that this user can write, on a local file system.`,
      error,
    );
  }
}
