import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import type { Configuration, InstanceId, MemberId, NodeId } from '../../src/raft/types.ts';
import { openGuardFile, readGuard } from '../../src/store/guard-file.ts';
import { StorageRefused } from '../../src/store/log-store.ts';
import { createMemoryLogDisk, openMemoryLogStore } from '../../src/store/memory-log-store.ts';
import { groupPaths } from '../../src/store/store-layout.ts';
import { truncateStore } from '../../src/store/store-truncate.ts';
import { logRecoveryContract } from '../contract/log-recovery.ts';
import { entries, entry } from '../contract/log-store.ts';
import { killedAtEachCall } from './killed-at-each-call.ts';
import { openLog, removeDirectory, temporaryDirectory } from './log-directory.ts';
import { flipBit, imageOf } from './log-image.ts';
import { requireStrace } from './strace.ts';

logRecoveryContract('memory', () => {
  const disk = createMemoryLogDisk();
  return {
    open: (options) => openMemoryLogStore(disk, options),
    loseTail: (count, guardToo) => disk.loseTail(count, guardToo),
    remove: () => undefined,
  };
});

logRecoveryContract('SQLite', () => {
  const path = temporaryDirectory();
  let closeDirectory = (): void => undefined;
  return {
    open(options) {
      closeDirectory();
      const opened = openLog(path, { walPregrownBytes: 65536, ...options });
      closeDirectory = opened.closeDirectory;
      return opened.store;
    },
    loseTail(count, guardToo) {
      closeDirectory();
      closeDirectory = () => undefined;
      const { log, guard } = groupPaths(path);
      const database = new Database(log);
      database.prepare('DELETE FROM entries WHERE idx > (SELECT max(idx) FROM entries) - ?').run(count);
      const last = database.prepare('SELECT idx, checksum FROM entries ORDER BY idx DESC LIMIT 1');
      const { idx, checksum } = (last.get() ?? { idx: 0, checksum: 0 }) as {
        readonly idx: number;
        readonly checksum: number;
      };
      database.close();
      const found = readGuard(guard);
      if (guardToo && found.kind === 'read')
        openGuardFile(guard, { ...found.record, lastIndex: idx, checksum }).close();
    },
    remove() {
      closeDirectory();
      removeDirectory(path);
    },
  };
});

const member = (nodeId: string, instance: string, kind: 'voter' | 'learner' | 'worker' = 'voter') => ({
  nodeId: nodeId as NodeId,
  instance: instance as InstanceId,
  kind,
});
const VOTE = 'n2/other' as MemberId;

const instanceOf = (path: string): string =>
  JSON.parse(readFileSync(`${path}/identity`, 'utf8').slice(9)).instance as string;

/** A log of `members`, the files of which are then damaged. */
function damagedLog(members: (self: string) => Configuration, damage: (image: string) => void): string {
  const path = temporaryDirectory();
  const { store, closeDirectory, close } = openLog(path, { walPregrownBytes: 65536 });
  store.persist({ entries: [entry(1, 0, JSON.stringify(members(instanceOf(path))), 'configuration')] });
  for (let index = 2; index <= 30; index += 1) store.persist({ entries: [entry(index, 0)] });
  store.persist({ hardState: { term: 7, votedFor: VOTE }, entries: [] });
  for (let index = 31; index <= 40; index += 1) store.persist({ entries: [entry(index, 7)] });
  const image = imageOf(path);
  close();
  closeDirectory();
  removeDirectory(path);
  damage(image);
  return image;
}

const cluster = (self: string): Configuration => ({ members: [member('n1', self), member('n2', 'other')] });
const flipInWal = (image: string): void => flipBit(groupPaths(image).wal, (32 + 20 * 4120 + 2000) * 8);
const isRefused =
  (...words: string[]) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof StorageRefused, String(error));
    for (const word of words)
      assert.ok(`${error.message} ${error.remedy}`.includes(word), `${error.message} ${error.remedy}`);
    return true;
  };

describe('a member whose log.db lost its end', () => {
  test('I8: takes the vote that the damaged WAL held from the guard', () => {
    const path = damagedLog(cluster, flipInWal);
    assert.throws(() => openLog(path), isRefused('xcron store truncate'));
    const { store, close } = openLog(path, { onLostTail: 'recover' });
    assert.equal(store.lostTail, true);
    assert.ok(store.lastIndex > 5 && store.lastIndex < 30, `${store.lastIndex}`);
    assert.deepEqual(store.hardState, { term: 7, votedFor: VOTE });
    close();
    removeDirectory(path);
  });

  test('I8: is refused when the guard cannot be read: a vote may be lost of which nothing is left', () => {
    const path = damagedLog(cluster, (image) => {
      flipInWal(image);
      writeFileSync(groupPaths(image).guard, 'rubbish');
    });
    assert.throws(() => openLog(path, { onLostTail: 'recover' }), isRefused('guard', 'Empty the directory'));
    removeDirectory(path);
  });

  for (const [name, members] of [
    ['a single node', (self: string): Configuration => ({ members: [member('n1', self)] })],
    [
      'the only voter beside a worker and a learner',
      (self: string): Configuration => ({
        members: [member('n1', self), member('n2', 'b', 'worker'), member('n3', 'c', 'learner')],
      }),
    ],
  ] as const)
    test(`${name} has nobody to recover from, and is told what to do`, () => {
      const path = damagedLog(members, flipInWal);
      const before = readFileSync(groupPaths(path).log);
      assert.throws(() => openLog(path, { onLostTail: 'recover' }), isRefused('xcron store truncate'));
      assert.deepEqual(readFileSync(groupPaths(path).log), before);
      removeDirectory(path);
    });

  for (const [name, members] of [
    ['a member', cluster],
    ['a single node', (self: string): Configuration => ({ members: [member('n1', self)] })],
  ] as const)
    test(`${name} that met a damaged row, further back than a start looks, does not meet it again for ever`, () => {
      const path = damagedLog(members, () => undefined);
      openLog(path).close();
      const database = new Database(groupPaths(path).log);
      database.prepare("UPDATE entries SET data = 'other' WHERE idx = 20").run();
      database.close();
      const configuration = members(instanceOf(path));
      const state = { appliedIndex: 38, lastIncluded: { index: 38, term: 7, configuration } };
      const start = () => openLog(path, { verifyFrom: 39, onLostTail: 'recover', state });
      const met = start();
      assert.equal(met.store.lostTail, false);
      assert.throws(() => met.store.termAt(20), isRefused('entry 20', 'Start the node again'));
      met.close();
      const { store, close } = start();
      assert.deepEqual([store.base.index, store.lastIndex, store.lostTail], [38, 40, false]);
      assert.equal(store.termAt(20), undefined);
      close();
      start().close();
      removeDirectory(path);
    });

  test('cut by hand, it starts as recovering all the same; a single node does not', () => {
    for (const [members, lostTail] of [
      [cluster, true],
      [(self: string): Configuration => ({ members: [member('n1', self)] }), false],
    ] as const) {
      const path = damagedLog(members, flipInWal);
      assert.ok(truncateStore(path, { acceptLoss: true, nowMs: 0 }).ok);
      const { store, close } = openLog(path);
      assert.equal(store.lostTail, lostTail);
      close();
      removeDirectory(path);
    }
  });

  describe('killed at any system call', () => {
    before(requireStrace);
    test('it is recovered by the next start, and still without a vote', async (t) => {
      const path = damagedLog(cluster, flipInWal);
      const lengths = new Set<number>();
      const kills = await killedAtEachCall({
        script: fileURLToPath(new URL('./log-recover-process.ts', import.meta.url)),
        before: path,
        paths: [
          ...['log.db', 'log.db-wal', 'guard'],
          ...['guard.replacement', 'log.db.replacement', 'log.db.replacement.new', 'log.db.replacement.new-wal'],
        ].map((file) => `group-0/${file}`),
        check(directory) {
          const { store, close } = openLog(directory, { onLostTail: 'recover', walPregrownBytes: 65536 });
          assert.equal(store.lostTail, true);
          assert.deepEqual(store.hardState, { term: 7, votedFor: VOTE });
          const read = store.read(2, Number.MAX_SAFE_INTEGER);
          assert.deepEqual(read, entries(2, store.lastIndex, 0));
          lengths.add(store.lastIndex);
          store.persist({ entries: [entry(store.lastIndex + 1, 7)] });
          close();
        },
      });
      removeDirectory(path);
      t.diagnostic(`${kills} kills`);
      assert.ok(kills > 10);
      assert.equal(lengths.size, 1, 'however often it is begun again, the same is kept');
    });
  });
});
