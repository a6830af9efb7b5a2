import type { LogStore } from '../../src/store/log-store.ts';
import { logStoreContract } from '../contract/log-store.ts';
import { openLog, removeDirectory, temporaryDirectory } from './log-directory.ts';

/** Room for what the contract writes, but not for the write that is to fail: SQLite then answers SQLITE_FULL, as on a full disk. */
const LOG_BYTES_MAX = 512 * 1024;

logStoreContract('SQLite', () => {
  const path = temporaryDirectory();
  return {
    open(): LogStore {
      const opened = openLog(path, { logBytesMax: LOG_BYTES_MAX });
      // The suite knows only the store; its directory is closed with it.
      const closeStore = opened.store.close.bind(opened.store);
      return Object.defineProperty(opened.store, 'close', {
        value: () => {
          closeStore();
          opened.closeDirectory();
        },
      });
    },
    failNextWrite: () => undefined,
    remove: () => removeDirectory(path),
  };
});
