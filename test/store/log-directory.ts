import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeId } from '../../src/raft/types.ts';
import { openDataDirectory } from '../../src/store/data-directory.ts';
import type { LogStore } from '../../src/store/log-store.ts';
import { openLogStore, type SqliteLogStoreOptions } from '../../src/store/sqlite-log-store.ts';

export const testNode = 'n1' as NodeId;

export const temporaryDirectory = (): string => mkdtempSync(join(tmpdir(), 'xcron-log-'));

export const removeDirectory = (path: string): void => rmSync(path, { recursive: true, force: true });

/** Directory and log as a process opens them; `close` is an orderly stop of both. */
export interface OpenedLog {
  readonly store: LogStore;
  closeDirectory(): void;
  close(): void;
}

export function openLog(path: string, options: SqliteLogStoreOptions = {}): OpenedLog {
  const directory = openDataDirectory(path, testNode);
  try {
    const store = openLogStore(directory, options);
    return {
      store,
      closeDirectory: () => directory.close(),
      close: () => {
        store.close();
        directory.close();
      },
    };
  } catch (error) {
    directory.close();
    throw error;
  }
}
