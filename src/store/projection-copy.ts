import { closeSync, fdatasyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import { syncDirectory } from './durable-file.ts';
import { COPY_PAUSE_MS_MIN, COPY_SLICE_BYTES } from './projection-bounds.ts';

/**
 * Copies the file as it is now, while flushes go on. A truncating checkpoint puts everything into the main file; without another
 * one until the end, later flushes stay in the WAL, and the main file does not move.
 */
export interface StateCopies {
  /** Only between transactions. Resolves when `file` is fsynced and in place. */
  copyTo(file: string): Promise<void>;
  /** Ends a copy that is under way: it is refused, and leaves nothing behind. */
  abort(): void;
  /** After the database is closed. */
  close(): void;
}

/** Bytes 18 and 19 of a database file: 2 asks for a WAL, 1 does not (https://www.sqlite.org/fileformat2.html#file_format_version_numbers). */
export const FORMAT_VERSIONS_OFFSET = 18;
const WITHOUT_WAL = Buffer.from([1, 1]);
/** What SQLite itself takes. */
const AUTOCHECKPOINT_PAGES = 1_000;

export function createStateCopies(database: Database.Database, path: string): StateCopies {
  // Open for as long as the database is: closing any descriptor of a file drops this process's POSIX locks on it (fcntl(2)), and
  // SQLite's with them.
  const source = openSync(path, 'r');
  let aborted = false;

  async function copySlices(target: number): Promise<void> {
    const buffer = Buffer.alloc(COPY_SLICE_BYTES);
    for (let position = 0; ; ) {
      const startedMs = performance.now();
      const bytes = readSync(source, buffer, 0, buffer.length, position);
      if (bytes === 0) return;
      for (let written = 0; written < bytes; )
        written += writeSync(target, buffer, written, bytes - written, position + written);
      // A copy is read without a WAL beside it: its reader then needs to write nothing next to it.
      if (position === 0) writeSync(target, WITHOUT_WAL, 0, WITHOUT_WAL.length, FORMAT_VERSIONS_OFFSET);
      fdatasyncSync(target);
      position += bytes;
      await pause(Math.max(COPY_PAUSE_MS_MIN, performance.now() - startedMs));
      if (aborted) throw new Error('the projection was closed while it was copied');
    }
  }

  return {
    async copyTo(file) {
      if (aborted) throw new Error('the projection was closed before it was copied');
      const temporary = `${file}.new`;
      database.pragma('wal_autocheckpoint = 0');
      try {
        const [result] = database.pragma('wal_checkpoint(TRUNCATE)') as { readonly busy: number }[];
        if (result?.busy !== 0) throw new Error(`the WAL of ${path} could not be emptied for a copy`);
        const target = openSync(temporary, 'w', 0o600);
        try {
          await copySlices(target);
        } finally {
          closeSync(target);
        }
        renameSync(temporary, file);
        syncDirectory(dirname(file));
      } catch (error) {
        rmSync(temporary, { force: true });
        throw error;
      } finally {
        if (database.open) database.pragma(`wal_autocheckpoint = ${AUTOCHECKPOINT_PAGES}`);
      }
    },
    abort() {
      aborted = true;
    },
    close: () => closeSync(source),
  };
}
