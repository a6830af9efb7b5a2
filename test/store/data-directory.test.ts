import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { NodeId } from '../../src/raft/types.ts';
import { openDataDirectory } from '../../src/store/data-directory.ts';
import { StorageRefused } from '../../src/store/log-store.ts';
import { seal, unseal } from '../../src/store/sealed-json.ts';
import { openLogStore } from '../../src/store/sqlite-log-store.ts';
import { groupPaths, identityPaths } from '../../src/store/store-layout.ts';
import { entries } from '../contract/log-store.ts';
import { openLog, removeDirectory, temporaryDirectory, testNode } from './log-directory.ts';

const refusedWith =
  (code: StorageRefused['code'], ...words: string[]) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof StorageRefused, String(error));
    assert.equal(error.code, code);
    for (const word of words)
      assert.ok(`${error.message} ${error.remedy}`.includes(word), `${error.message} | ${error.remedy}`);
    return true;
  };

describe('the data directory', () => {
  let directory: string;
  beforeEach(() => {
    directory = join(temporaryDirectory(), 'made', 'on the way');
  });
  afterEach(() => removeDirectory(join(directory, '..', '..')));
  const identityOf = (node = testNode) => {
    const opened = openDataDirectory(directory, node);
    opened.close();
    return opened.identity;
  };

  test('is made with random ids, which stay; each start has the next incarnation', () => {
    const first = identityOf();
    assert.match(first.clusterId, /^[0-9a-f]{24}$/);
    assert.match(first.instance, /^[0-9a-f]{24}$/);
    assert.deepEqual(identityOf(), { ...first, incarnation: first.incarnation + 1 });
    assert.deepEqual(identityOf(), { ...first, incarnation: first.incarnation + 2 });
    rmSync(directory, { recursive: true });
    const wiped = identityOf();
    assert.notEqual(wiped.instance, first.instance);
    assert.notEqual(wiped.clusterId, first.clusterId);
    assert.deepEqual([first.incarnation, wiped.incarnation], [1, 1], 'claims name the instance as well');
  });

  test('is locked while it is open, within one process too', () => {
    const opened = openDataDirectory(directory, testNode);
    assert.throws(() => openDataDirectory(directory, testNode), refusedWith('locked', directory, '--data-dir'));
    opened.close();
    assert.equal(identityOf().incarnation, opened.identity.incarnation + 1, 'a refused start is not counted');
  });

  test('of another node is refused', () => {
    const { incarnation } = identityOf();
    assert.throws(() => identityOf('n2' as NodeId), refusedWith('format', 'node n1', 'n2', '--node-id n1'));
    assert.equal(identityOf().incarnation, incarnation + 1);
  });

  test('of a newer format is refused, and left as it is', () => {
    const { logCreated: _, ...record } = { logCreated: false, ...identityOf() };
    for (const file of identityPaths(directory)) writeFileSync(file, seal({ ...record, logCreated: false, format: 2 }));
    const before = readFileSync(identityPaths(directory)[0], 'utf8');
    assert.throws(() => identityOf(), refusedWith('format', 'format 2', 'newer xcron'));
    assert.equal(readFileSync(identityPaths(directory)[0], 'utf8'), before);
  });

  test('either copy of the identity may be damaged or gone, both may not', () => {
    const { instance, incarnation: firstStart } = identityOf();
    const [first, second] = identityPaths(directory);
    let incarnation: number = firstStart;
    for (const file of [first, second])
      for (const damage of [
        () => rmSync(file),
        () => writeFileSync(file, `${readFileSync(file, 'utf8').slice(0, 40)}!`),
      ]) {
        damage();
        incarnation += 1;
        assert.deepEqual([identityOf().instance, readIncarnation(file)], [instance, incarnation]);
      }
    for (const file of [first, second]) writeFileSync(file, 'rubbish');
    assert.throws(() => identityOf(), refusedWith('damaged', 'identity', 'backup'));
  });
  const readIncarnation = (file: string): unknown => unseal(readFileSync(file, 'utf8'))?.incarnation;

  test('with a log but no identity is refused: the log’s promises were another instance’s', () => {
    openLog(directory).close();
    for (const file of identityPaths(directory)) rmSync(file);
    assert.throws(() => identityOf(), refusedWith('damaged', 'no identity'));
  });

  test('cannot be made under a file: says what and where', () => {
    mkdirSync(join(directory, '..'), { recursive: true });
    writeFileSync(directory, '');
    assert.throws(() => identityOf(), refusedWith('io', directory, '--data-dir'));
    assert.equal(existsSync(directory), true);
  });

  test('half made, at any step a crash can leave, it is completed', () => {
    // Every prefix of the steps of a creation, with what is being written at each.
    const steps: readonly (() => void)[] = [
      () => mkdirSync(directory, { recursive: true }),
      () => writeFileSync(join(directory, 'lock.db'), ''),
      () => writeFileSync(`${identityPaths(directory)[0]}.new`, '0123'),
      () => openDataDirectory(directory, testNode).close(),
      () => rmSync(identityPaths(directory)[1]),
      () => mkdirSync(groupPaths(directory).directory),
      () => writeFileSync(`${groupPaths(directory).log}.new`, 'SQLite format 3\u0000 and then the power went'),
      () => writeFileSync(`${groupPaths(directory).log}.new-journal`, 'rubbish'),
      () => copyFreshFile('log'),
      () => writeFileSync(groupPaths(directory).guard, ''),
      () => copyFreshFile('guard'),
    ];
    for (let done = 0; done <= steps.length; done += 1) {
      for (const step of steps.slice(0, done)) step();
      const opened = openLog(directory);
      assert.equal(opened.store.lastIndex, 0, `after ${done} steps`);
      opened.store.persist({ entries: entries(1, 3) });
      opened.close();
      const again = openLog(directory);
      assert.equal(again.store.lastIndex, 3);
      again.close();
      assert.deepEqual(readdirSync(groupPaths(directory).directory).sort(), ['guard', 'log.db']);
      rmSync(directory, { recursive: true });
    }
  });
  /** As a creation makes it, of the directory's own instance. */
  const copyFreshFile = (file: 'log' | 'guard'): void => {
    const scratch = temporaryDirectory();
    for (const identity of identityPaths(scratch)) cpSync(identityPaths(directory)[0], identity);
    openLog(scratch).close();
    cpSync(groupPaths(scratch)[file], groupPaths(directory)[file]);
    removeDirectory(scratch);
  };

  test('a log of another instance is refused', () => {
    openLog(directory).close();
    const other = temporaryDirectory();
    openLog(other).close();
    cpSync(groupPaths(other).directory, groupPaths(directory).directory, { recursive: true });
    removeDirectory(other);
    assert.throws(() => openLog(directory), refusedWith('format', 'instance'));
  });

  test('a log file that cannot be written is refused as such', () => {
    openLog(directory).close();
    const opened = openDataDirectory(directory, testNode);
    // Not by mode bits, which do not bind root: a directory where the WAL should be.
    mkdirSync(groupPaths(directory).wal);
    assert.throws(() => openLogStore(opened), refusedWith('io', 'log.db'));
    opened.close();
  });
});
