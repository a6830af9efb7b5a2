import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, test } from 'node:test';
import { groupPaths } from '../../src/store/store-layout.ts';
import { entries } from '../contract/log-store.ts';
import { openLog, removeDirectory, temporaryDirectory } from './log-directory.ts';
import { imageOf } from './log-image.ts';
import { requireStrace, traceWriter } from './strace.ts';

const PERSISTS = 60;
/** The first one in the writer that does. */
const REPLACING_PERSIST = 20;
const PERSISTS_OF_A_NEW_TERM = PERSISTS / 20;

describe('I1, raft.md case 29: fsync before an acknowledgement, counted by the kernel', () => {
  let directory: string;
  before(requireStrace);
  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(() => removeDirectory(directory));

  test('one fsync of the WAL between a persist and its acknowledgement, one of the guard for a new term', () => {
    const { lines, calls } = traceWriter(directory, PERSISTS, join(directory, 'trace'));
    assert.equal(lines.at(-1), 'done');
    const start = calls.findIndex((call) => call.includes('"open '));
    assert.ok(start >= 0);
    let walSyncs = 0;
    let guardSyncs = 0;
    let acknowledged = 0;
    let allGuardSyncs = 0;
    for (const call of calls.slice(start + 1)) {
      if (/^f(data)?sync\(\d+<.*\/log\.db-wal>\) += 0/.test(call)) walSyncs += 1;
      if (/^f(data)?sync\(\d+<.*\/guard>\) += 0/.test(call)) guardSyncs += 1;
      if (!call.includes('"acknowledged ')) continue;
      acknowledged += 1;
      assert.ok(walSyncs >= 1, `acknowledgement ${acknowledged} without an fsync of the WAL`);
      assert.ok(walSyncs <= 2, 'the header of a WAL that starts over is one more');
      allGuardSyncs += guardSyncs;
      walSyncs = 0;
      guardSyncs = 0;
    }
    assert.equal(acknowledged, PERSISTS);
    // Lowered before the entries are replaced, raised with the term; and one of maintain.
    assert.equal(allGuardSyncs, 2 * PERSISTS_OF_A_NEW_TERM + 1);
  });

  for (const [fault, call] of [
    ['EIO', 'fsync'],
    ['EIO', 'pwrite64'],
    ['ENOSPC', 'pwrite64'],
  ] as const)
    test(`${fault} of ${call}: nothing more is acknowledged, and what was is there after a restart (raft.md, case 24)`, () => {
      openLog(directory).close();
      const healthy = traceWriter(directory, 5, join(directory, 'trace-healthy'));
      const callsToOpen = healthy.calls.findIndex((line) => line.includes('"open '));
      const before = healthy.calls.slice(0, callsToOpen).filter((line) => line.startsWith(`${call}(`)).length;
      const { lines } = traceWriter(
        directory,
        100,
        join(directory, 'trace'),
        `${call}:error=${fault}:when=${before + 30}+`,
      );
      assert.match(lines.at(-1) ?? '', /^failed (persist|maintain) /);
      const acknowledged = lines
        .filter((line) => line.startsWith('acknowledged'))
        .map((line) => Number(line.split(' ')[1]));
      assert.ok(acknowledged.length >= 5, lines.join('\n'));

      const { store, close } = openLog(directory);
      assert.ok(store.lastIndex >= (acknowledged.at(-1) ?? 0));
      assert.equal(store.read(1, Number.MAX_SAFE_INTEGER).length, store.lastIndex);
      store.persist({ entries: [] });
      close();
    });

  for (const [file, call] of [
    ['wal', 'write'],
    ['guard', 'pwrite64'],
    ['log', 'pwrite64'],
  ] as const)
    test(`a disk that is full at a start (${file}): refused as such, and whole once there is space`, () => {
      const { store, close } = openLog(directory);
      store.persist({ entries: entries(1, 10) });
      const image = imageOf(directory);
      close();
      const target = groupPaths(image)[file];
      const { lines } = traceWriter(image, 1, join(directory, 'trace'), `${call}:error=ENOSPC:when=1+`, target);
      assert.match(lines.join('\n'), /^refused io .*(ENOSPC|full)/);
      const again = openLog(image);
      assert.deepEqual(again.store.read(1, Number.MAX_SAFE_INTEGER), entries(1, 10));
      again.close();
      removeDirectory(image);
    });

  test('§5.3: killed at any system call of a persist that replaces entries, the log is whole: as before it, or as after', (t) => {
    const healthy = temporaryDirectory();
    const { calls } = traceWriter(healthy, REPLACING_PERSIST, join(healthy, 'trace'));
    removeDirectory(healthy);
    const [from, to] = [REPLACING_PERSIST - 1, REPLACING_PERSIST].map((persist) => {
      const acknowledgements = calls.flatMap((call, at) => (call.includes('"acknowledged ') ? [at] : []));
      return acknowledgements[persist - 1] ?? 0;
    });
    let kills = 0;
    for (const name of ['pwrite64', 'fsync', 'fdatasync']) {
      const ordinalAt = (at: number): number => calls.slice(0, at).filter((call) => call.startsWith(`${name}(`)).length;
      for (let ordinal = ordinalAt(from ?? 0) + 1; ordinal <= ordinalAt(to ?? 0); ordinal += 1) {
        const path = temporaryDirectory();
        const { lines } = traceWriter(
          path,
          REPLACING_PERSIST,
          join(path, 'trace'),
          `${name}:signal=KILL:when=${ordinal}`,
        );
        assert.match(lines.at(-1) ?? '', /^acknowledged/, 'killed before the end');
        const { store, close } = openLog(path);
        const replaced = store.hardState.term === 1;
        assert.equal(store.lastTerm, replaced ? 1 : 0, 'entries and term in one transaction');
        assert.equal(store.read(1, Number.MAX_SAFE_INTEGER).length, store.lastIndex);
        close();
        removeDirectory(path);
        kills += 1;
      }
    }
    t.diagnostic(`${kills} kills`);
    assert.ok(kills >= 6, 'WAL header or frames, their fsync, the guard before and after');
  });
});
