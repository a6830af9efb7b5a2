import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncDirectory } from './durable-file.ts';
import { FORMAT_VERSIONS_OFFSET } from './projection-copy.ts';

const WITH_WAL = Buffer.from([2, 2]);

/**
 * A copy is made to be read without a WAL beside it. Told that it has one before it is put in place, it is opened without the
 * transaction that would tell it: cut short, that leaves a journal, which nobody who may only read can do away with.
 */
export function makeReadyForState(copy: string): void {
  const handle = openSync(copy, 'r+');
  try {
    writeSync(handle, WITH_WAL, 0, WITH_WAL.length, FORMAT_VERSIONS_OFFSET);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/**
 * Another file becomes state.db: made ready before, on the same file system, and while nobody has state.db open. A WAL belongs to the file
 * it was written for, and SQLite would replay it into whatever stands beside it, so it goes first, and for certain. May be repeated
 * after a crash for as long as `file` is there.
 */
export function putStateInPlace(file: string, state: string): void {
  for (const suffix of ['-wal', '-shm', '-journal']) rmSync(`${state}${suffix}`, { force: true });
  syncDirectory(dirname(state));
  renameSync(file, state);
  syncDirectory(dirname(state));
}
