import type { StorageRefused } from '../store/log-store.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

/** By name: the class lives behind better-sqlite3, which a command that fails early does not load. */
export const isStorageRefused = (error: unknown): error is StorageRefused =>
  error instanceof Error && error.name === 'StorageRefused' && 'remedy' in error;

export function sayStorageRefused(terminal: Terminal, error: StorageRefused): ExitCode {
  terminal.err(`xcron: ${error.message}`);
  terminal.err(error.remedy);
  return EXIT.storage;
}
