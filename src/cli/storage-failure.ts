import type { StorageRefused } from '../node/maintenance.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { printable, type Terminal } from './terminal.ts';

export interface StorageTrouble {
  readonly message: string;
  /** What the person does about it. */
  readonly remedy: string;
}

/**
 * Null for what is no trouble with the disk, and so a bug. By name and code: the classes live behind better-sqlite3, which a command
 * that fails early does not load.
 */
export function storageTrouble(error: unknown): StorageTrouble | null {
  if (!(error instanceof Error)) return null;
  if (isRefused(error)) return { message: error.message, remedy: error.remedy };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const isDisk = error.name === 'StorageFailed' || DISK_CODES.test(code);
  return isDisk
    ? {
        message: error.message,
        remedy: 'Free space on the device, mend it, or give this user access to the files, and start again.',
      }
    : null;
}

const DISK_CODES =
  /^(?:SQLITE_(?:FULL|IOERR|READONLY|CANTOPEN|CORRUPT|NOTADB)|ENOSPC|EIO|EROFS|EDQUOT|EACCES|EMFILE|ENFILE)/;

const isRefused = (error: Error): error is StorageRefused => error.name === 'StorageRefused' && 'remedy' in error;

export function sayStorageTrouble(terminal: Terminal, { message, remedy }: StorageTrouble): ExitCode {
  terminal.err(`xcron: ${printable(message)}`);
  terminal.err(printable(remedy));
  return EXIT.storage;
}
