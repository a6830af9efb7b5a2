import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import Database from 'better-sqlite3';
import type { Configuration, Entry, HardState, InstanceId, MemberId, NodeId } from '../../src/raft/types.ts';
import { openDataDirectory } from '../../src/store/data-directory.ts';
import { replacementPaths } from '../../src/store/log-replacement.ts';
import { StorageRefused } from '../../src/store/log-store.ts';
import { checkStore, type StoreReport } from '../../src/store/store-check.ts';
import { groupPaths } from '../../src/store/store-layout.ts';
import { type Truncation, truncateStore } from '../../src/store/store-truncate.ts';
import { entries, entry } from '../contract/log-store.ts';
import { openLog, removeDirectory, temporaryDirectory, testNode } from './log-directory.ts';
import { flipBit, imageOf } from './log-image.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 9, 46, 0, 123);
const hardState: HardState = { term: 4, votedFor: 'n1/a' as MemberId };
const configuration: Configuration = {
  members: [{ nodeId: 'n1' as NodeId, instance: 'a' as InstanceId, kind: 'voter' }],
};

describe('xcron store check and truncate', () => {
  let directory: string;
  let paths: ReturnType<typeof groupPaths>;
  let written: Entry[];
  beforeEach(() => {
    directory = temporaryDirectory();
    paths = groupPaths(directory);
    written = [entry(1, 4, JSON.stringify(configuration), 'configuration'), ...entries(2, 100, 4)];
    const { store, close } = openLog(directory, { walPregrownBytes: 65536 });
    store.persist({ hardState, entries: written });
    close();
  });
  afterEach(() => removeDirectory(directory));

  const stateAt = (appliedIndex: number): void => {
    const state = new Database(paths.state);
    state.pragma('journal_mode = WAL');
    state.exec('CREATE TABLE meta (name TEXT PRIMARY KEY, value)');
    state.prepare('INSERT INTO meta VALUES (?, ?)').run('applied_index', appliedIndex);
    state.close();
  };
  /** Changes the data of an entry behind the store's back. */
  const damageEntry = (index: number): void => {
    const log = new Database(paths.log);
    log.prepare("UPDATE entries SET data = data || '!' WHERE idx = ?").run(index);
    log.close();
  };
  const compact = (through: number): void => {
    const { store, close } = openLog(directory);
    store.compact(through, configuration, 1000);
    close();
  };
  const readAll = (): readonly Entry[] => {
    const { store, close } = openLog(directory);
    try {
      return store.read(store.base.index + 1, Number.MAX_SAFE_INTEGER);
    } finally {
      close();
    }
  };
  const damaged = (): StoreReport & { kind: 'damaged' } => {
    const report = checkStore(directory);
    assert.ok(report.kind === 'damaged', report.kind);
    return report;
  };
  const truncate = (): Truncation & { kind: 'truncated' } => {
    const done = truncateStore(directory, { acceptLoss: true, nowMs: NOW_MS });
    assert.ok(done.ok && done.value.kind === 'truncated', JSON.stringify(done));
    return done.value;
  };
  const refusal = (acceptLoss = true): string => {
    const done = truncateStore(directory, { acceptLoss, nowMs: NOW_MS });
    assert.ok(!done.ok, JSON.stringify(done));
    return done.error.code;
  };

  test('a whole log: says what was verified; there is nothing to lose', () => {
    const report = checkStore(directory);
    assert.ok(report.kind === 'whole');
    const { firstIndex, lastIndex, lastTerm, appliedIndex } = report;
    assert.deepEqual([firstIndex, lastIndex, lastTerm, appliedIndex], [1, 100, 4, { kind: 'absent' }]);
    assert.equal(refusal(), 'nothing_to_lose');
    stateAt(60);
    assert.equal(checkStore(directory).kind, 'whole');
    assert.deepEqual(readAll(), written);
  });

  test('a directory that is none, or empty, or in use', () => {
    assert.deepEqual(checkStore(join(directory, 'none')), { kind: 'absent' });
    assert.equal(existsSync(join(directory, 'none')), false);
    const empty = temporaryDirectory();
    assert.deepEqual(checkStore(empty), { kind: 'absent' });
    removeDirectory(empty);
    const opened = openDataDirectory(directory, testNode);
    const isLocked = (error: unknown): boolean => error instanceof StorageRefused && error.code === 'locked';
    assert.throws(() => checkStore(directory), isLocked);
    assert.throws(() => truncateStore(directory, { acceptLoss: true, nowMs: NOW_MS }), isLocked);
    opened.close();
  });

  test('a damaged entry: the verified ones before it stay, the files are kept beside', () => {
    damageEntry(71);
    const report = damaged();
    assert.equal(report.entriesLostAtLeast, 30);
    assert.ok(report.damages.some((damage) => damage.kind === 'entry' && damage.index === 71));
    assert.ok(report.plan.kind === 'keep-prefix' && report.plan.lastIndex === 70);
    const before = readFileSync(paths.log);
    assert.equal(refusal(false), 'loss_not_accepted');
    assert.deepEqual(readFileSync(paths.log), before, 'check and a refused truncate change nothing');

    const done = truncate();
    assert.equal(done.entriesLostAtLeast, 30);
    assert.equal(done.damagedCopy, join(paths.directory, 'damaged-20261122T094600Z'));
    assert.deepEqual(readFileSync(join(done.damagedCopy, 'log.db')), before);
    assert.deepEqual(readAll(), written.slice(0, 70));
    const { store, close } = openLog(directory);
    assert.deepEqual(store.hardState, hardState, 'the vote is not forgotten (I8)');
    assert.equal(store.lastOfKind('configuration', 70)?.index, 1);
    store.persist({ entries: [entry(71, 4, 'new')] });
    close();
    assert.equal(checkStore(directory).kind, 'whole');
    assert.equal(refusal(), 'nothing_to_lose');
  });

  test('a damaged WAL: what SQLite would have dropped in silence is named, then given up only when told', () => {
    const { store, close } = openLog(directory, { walPregrownBytes: 65536 });
    for (let index = 101; index <= 140; index += 1) store.persist({ entries: [entry(index, 4)] });
    const image = imageOf(directory);
    close();
    flipBit(groupPaths(image).wal, (32 + 10 * 4120 + 2000) * 8);
    const report = checkStore(image);
    assert.ok(report.kind === 'damaged');
    assert.deepEqual(
      report.damages.map(({ kind }) => kind),
      ['wal', 'behind-guard'],
    );
    assert.equal(report.entriesLostAtLeast, 30);
    const done = truncateStore(image, { acceptLoss: true, nowMs: NOW_MS });
    assert.ok(done.ok && done.value.kind === 'truncated');
    assert.equal(done.value.lastIndex, 110);
    assert.ok(readdirSync(done.value.damagedCopy).includes('log.db-wal'));
    const opened = openLog(image);
    assert.equal(opened.store.lastIndex, 110);
    opened.close();
    removeDirectory(image);
  });

  test('a lost guard file loses nothing else', () => {
    rmSync(paths.guard);
    assert.equal(damaged().entriesLostAtLeast, 0);
    truncate();
    assert.deepEqual(readAll(), written);
  });

  test('a projection behind the truncated log goes on from where it is', () => {
    damageEntry(71);
    stateAt(70);
    const { plan } = truncate();
    assert.ok(plan.kind === 'keep-prefix' && plan.stateFile === 'kept');
    assert.ok(existsSync(paths.state));
    assert.equal(checkStore(directory).kind, 'whole');
  });

  test('a projection ahead of the truncated log becomes its base: no index is given twice, nothing it knows is lost', () => {
    damageEntry(71);
    stateAt(90);
    assert.equal(damaged().entriesLostAtLeast, 10);
    const { plan, lastIndex } = truncate();
    assert.equal(plan.kind, 'rest-on-projection');
    assert.equal(lastIndex, 90);
    const { store, close } = openLog(directory);
    assert.deepEqual([store.base.index, store.base.term, store.lastIndex], [90, 4, 90]);
    assert.deepEqual(store.base.configuration, configuration);
    store.persist({ entries: [entry(91, 5, '', 'term-started')] });
    close();
    assert.equal(checkStore(directory).kind, 'whole');
  });

  test('what the projection applied is read from its WAL too, and its files are left as they are', () => {
    const state = new Database(paths.state);
    state.pragma('journal_mode = WAL');
    state.exec("CREATE TABLE meta (name TEXT PRIMARY KEY, value); INSERT INTO meta VALUES ('applied_index', 40)");
    state.pragma('wal_checkpoint(TRUNCATE)');
    state.exec("UPDATE meta SET value = 80 WHERE name = 'applied_index'");
    const killed = { state: readFileSync(paths.state), wal: readFileSync(`${paths.state}-wal`) };
    state.close();
    writeFileSync(paths.state, killed.state);
    writeFileSync(`${paths.state}-wal`, killed.wal);
    const report = checkStore(directory);
    assert.ok(report.kind === 'whole');
    assert.deepEqual(report.appliedIndex, { kind: 'at', index: 80 });
    assert.deepEqual(readFileSync(`${paths.state}-wal`), killed.wal);
    assert.equal(existsSync(`${paths.state}-shm`), false);
  });

  test('a log.db that cannot be read at all rests on the projection; without one only a backup helps', () => {
    writeFileSync(paths.log, Buffer.alloc(8192, 7));
    assert.equal(damaged().plan.kind, 'impossible');
    assert.equal(refusal(), 'impossible');
    stateAt(100);
    assert.equal(damaged().entriesLostAtLeast, 0);
    truncate();
    const { store, close } = openLog(directory);
    assert.deepEqual(store.hardState, hardState, 'from the guard');
    assert.equal(store.lastIndex, 100);
    close();
  });

  test('an unreadable projection is set aside when the log reaches back to entry 1, else nothing is touched', () => {
    damageEntry(71);
    writeFileSync(paths.state, 'rubbish that is not a database, in any version of the format');
    const { plan, damagedCopy } = truncate();
    assert.ok(plan.kind === 'keep-prefix' && plan.stateFile === 'set-aside');
    assert.equal(existsSync(paths.state), false);
    assert.ok(readdirSync(damagedCopy).includes('state.db'));

    assert.equal(checkStore(directory).kind, 'whole');

    writeFileSync(paths.state, 'rubbish beside a whole log, in any version of the format');
    assert.ok(damaged().damages.some(({ kind }) => kind === 'projection-unreadable'));
    assert.equal(truncate().entriesLostAtLeast, 0);
    assert.deepEqual(readAll(), written.slice(0, 70));

    compact(30);
    damageEntry(60);
    writeFileSync(paths.state, 'rubbish again, which is not a database in any version of the format');
    const before = readFileSync(paths.log);
    assert.equal(refusal(), 'impossible');
    assert.deepEqual(readFileSync(paths.log), before);
  });

  test('a whole log beside a projection that has gone further, or not far enough, is not whole together', () => {
    stateAt(120);
    assert.ok(damaged().damages.some(({ kind }) => kind === 'projection-ahead'));
    truncate();
    const { store, close } = openLog(directory);
    assert.equal(store.base.index, 120);
    close();
    rmSync(paths.state);
    assert.ok(damaged().damages.some(({ kind }) => kind === 'projection-behind'));
    stateAt(50);
    assert.ok(damaged().damages.some(({ kind }) => kind === 'projection-behind'));
    assert.equal(refusal(), 'impossible');
  });

  test('cut short after any step, the next run or the next start carries it to its end', () => {
    damageEntry(71);
    const contents = () => ({ log: readFileSync(paths.log), guard: readFileSync(paths.guard) });
    const before = contents();
    truncate();
    const whole = contents();
    const replacement = replacementPaths(paths);
    // What is on disk after each step of the swap; an old WAL must never meet the new log.
    const moments: readonly (() => void)[] = [
      () => undefined,
      () => rmSync(paths.wal),
      () => copyFileSync(replacement.guard, paths.guard),
      () => rmSync(replacement.guard),
    ];
    for (const finish of ['truncate', 'start'] as const)
      for (let step = 0; step < moments.length; step += 1) {
        writeFileSync(paths.log, before.log);
        writeFileSync(paths.guard, before.guard);
        writeFileSync(paths.wal, 'a WAL of the damaged log');
        writeFileSync(replacement.log, whole.log);
        writeFileSync(replacement.guard, whole.guard);
        for (const moment of moments.slice(0, step + 1)) moment();
        assert.deepEqual(checkStore(directory), { kind: 'unfinished-truncation' });
        if (finish === 'truncate')
          assert.deepEqual(truncateStore(directory, { acceptLoss: true, nowMs: NOW_MS }), {
            ok: true,
            value: { kind: 'resumed' },
          });
        assert.deepEqual(readAll(), written.slice(0, 70));
        assert.equal(existsSync(replacement.log) || existsSync(replacement.guard), false);
      }
  });
});
