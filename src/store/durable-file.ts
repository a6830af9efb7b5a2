import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** A new name in a directory survives a power cut only once the directory itself is fsynced (fsync(2), notes). */
export function syncDirectory(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

export function syncFile(path: string): void {
  const handle = openSync(path, 'r+');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** After a crash at any point the file holds the old content or the new, whole. */
export function writeFileDurably(path: string, content: string): void {
  const temporary = `${path}.new`;
  const handle = openSync(temporary, 'w', 0o600);
  try {
    writeSync(handle, content);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(temporary, path);
  syncDirectory(dirname(path));
}

export function makeDirectoryDurably(path: string): void {
  const first = mkdirSync(resolve(path), { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  // Every level that was created is a new name in the level above.
  for (let level = resolve(path); level.length >= first.length; level = dirname(level)) syncDirectory(dirname(level));
}
