import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { entries, entry } from '../contract/log-store.ts';
import { killedAtEachCall } from './killed-at-each-call.ts';
import { openLog, removeDirectory, temporaryDirectory } from './log-directory.ts';
import { requireStrace } from './strace.ts';

const SCRIPT = fileURLToPath(new URL('./log-reset-process.ts', import.meta.url));
const PATHS = ['log.db', 'log.db-wal', 'guard'].map((file) => `group-0/${file}`);

describe('§7: killed at any system call of a reset', () => {
  before(requireStrace);

  test('the log is the old one or the new one, whole, and takes entries', async (t) => {
    const directory = temporaryDirectory();
    const old = openLog(directory, { walPregrownBytes: 65536 });
    old.store.persist({ hardState: { term: 2, votedFor: null }, entries: entries(1, 12, 2) });
    old.close();
    let reset = 0;
    let kept = 0;
    const kills = await killedAtEachCall({
      script: SCRIPT,
      before: directory,
      paths: PATHS,
      check(path, ended) {
        const { store, close } = openLog(path, { walPregrownBytes: 65536 });
        assert.deepEqual(store.hardState, { term: 2, votedFor: null });
        if (store.base.index === 0) {
          assert.equal(ended, false, 'what was told to be done is done');
          assert.deepEqual(store.read(1, Number.MAX_SAFE_INTEGER), entries(1, 12, 2));
          kept += 1;
        } else {
          assert.deepEqual([store.base.index, store.base.term, store.lastIndex], [8, 2, 8]);
          assert.deepEqual(store.read(9, Number.MAX_SAFE_INTEGER), []);
          reset += 1;
        }
        store.persist({ entries: [entry(store.lastIndex + 1, 2)] });
        close();
        openLog(path).close();
      },
    });
    removeDirectory(directory);
    t.diagnostic(`${kills} kills: ${kept} times the old log, ${reset} times the new one`);
    assert.ok(kept > 0 && reset > 0);
  });
});
