import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import Database from 'better-sqlite3';
import { LOG_FORMAT } from '../../src/store/log-rows.ts';
import { type LogStore, StorageRefused } from '../../src/store/log-store.ts';
import { seal } from '../../src/store/sealed-json.ts';
import { assertDurable, WAL_PREGROWN_BYTES } from '../../src/store/sqlite-log-file.ts';
import { CHECKPOINT_FORCED_FRAMES, READ_ENTRIES_MAX } from '../../src/store/sqlite-log-store.ts';
import { groupPaths } from '../../src/store/store-layout.ts';
import { entries, logStoreContract } from '../contract/log-store.ts';
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

describe('SQLite, beyond the contract', () => {
  let path: string;
  beforeEach(() => {
    path = temporaryDirectory();
  });
  afterEach(() => removeDirectory(path));

  test('commits overwrite a WAL that was written full before, and checkpoints keep it from growing', () => {
    const checkpoints: number[] = [];
    const { store, close } = openLog(path, {
      observe: (operation, durationMs) => {
        if (operation === 'checkpoint') checkpoints.push(durationMs);
      },
    });
    const walBytes = (): number => statSync(groupPaths(path).wal).size;
    assert.equal(walBytes(), WAL_PREGROWN_BYTES);
    const pages = 100;
    const persist = (): void =>
      store.persist({ entries: entries(store.lastIndex + 1, store.lastIndex + pages, 1, 'x'.repeat(4000)) });
    while (!store.checkpointDue) persist();
    assert.equal(checkpoints.length, 0);
    store.maintain();
    assert.equal(checkpoints.length, 1);
    assert.equal(store.checkpointDue, false);
    store.maintain();
    assert.equal(checkpoints.length, 1, 'not again at once');
    const begun = store.lastIndex;
    while (checkpoints.length === 1) {
      assert.ok(store.lastIndex - begun < 2 * CHECKPOINT_FORCED_FRAMES, 'a persist forces it when nobody maintains');
      persist();
    }
    assert.equal(walBytes(), WAL_PREGROWN_BYTES);
    close();
  });

  test('I10: a read of many small entries is bounded in entries too', () => {
    const { store, close } = openLog(path);
    store.persist({ entries: entries(1, READ_ENTRIES_MAX + 10, 1, '') });
    assert.equal(store.read(1, Number.MAX_SAFE_INTEGER).length, READ_ENTRIES_MAX);
    assert.equal(store.read(READ_ENTRIES_MAX + 1, Number.MAX_SAFE_INTEGER).length, 10);
    close();
  });

  test('a connection that would not fsync its commits is refused, whatever its pragma printed before', () => {
    const database = new Database(join(path, 'other.db'));
    database.pragma('journal_mode = WAL');
    assert.equal(database.pragma('synchronous', { simple: true }), 2, 'what it prints before the file is read');
    assert.throws(
      () => assertDurable(database),
      (error: unknown) => error instanceof StorageRefused && error.code === 'not_durable',
    );
    database.pragma('synchronous = FULL');
    assertDurable(database);
    database.close();
  });

  test('entries before verifyFrom are verified when they are read, not when the log is opened', () => {
    openLogWith(path, 100);
    const log = new Database(groupPaths(path).log);
    log.prepare("UPDATE entries SET data = 'other' WHERE idx = 40").run();
    log.close();
    const isDamaged = (error: unknown): boolean =>
      error instanceof StorageRefused && error.code === 'damaged' && error.message.includes('entry 40');
    assert.throws(() => openLog(path, { verifyFrom: 30 }), isDamaged);
    const { store, close } = openLog(path, { verifyFrom: 50 });
    assert.equal(store.read(41, Number.MAX_SAFE_INTEGER).length, 60);
    assert.throws(() => store.read(39, Number.MAX_SAFE_INTEGER), isDamaged);
    assert.throws(() => store.termAt(40), isDamaged);
    assert.throws(() => store.lastOfKind('events', 40), isDamaged);
    close();
  });

  test('a log of a newer format is refused with what to do', () => {
    openLogWith(path, 3);
    const log = new Database(groupPaths(path).log);
    log.prepare("UPDATE meta SET value = ? WHERE name = 'log'").run(seal({ format: LOG_FORMAT + 1, instance: 'any' }));
    log.close();
    assert.throws(
      () => openLog(path),
      (error: unknown) =>
        error instanceof StorageRefused &&
        error.code === 'format' &&
        error.message.includes(`format ${LOG_FORMAT + 1}`),
    );
  });
});

function openLogWith(path: string, count: number): void {
  const { store, close } = openLog(path);
  store.persist({ entries: entries(1, count) });
  close();
}
