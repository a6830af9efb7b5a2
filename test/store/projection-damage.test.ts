import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { StorageRefused } from '../../src/store/log-store.ts';
import { createMemoryDisk, openMemoryProjection } from '../../src/store/memory-projection.ts';
import { PROJECTION_FORMAT } from '../../src/store/projection-file.ts';
import { rebuildProjection, restoreProjection, snapshotPath } from '../../src/store/projection-repair.ts';
import { recomputeStateHash } from '../../src/store/projection-verify.ts';
import { foldSnapshot, readSnapshot, snapshotEntities } from '../../src/store/snapshot.ts';
import type { SqliteProjection } from '../../src/store/sqlite-projection.ts';
import { groupPaths } from '../../src/store/store-layout.ts';
import { applyTo, referenceHash, replay } from '../contract/projection.ts';
import { Scenario } from '../tasks/scenario.ts';
import { bulkEntry, bulkHashes, TASKS_PER_ENTRY } from './projection-bulk.ts';
import { openQuietly, removeDirectory, temporaryDirectory } from './projection-directory.ts';

const refusedWith =
  (code: StorageRefused['code'], ...words: string[]) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof StorageRefused, String(error));
    assert.equal(error.code, code);
    for (const word of words)
      assert.ok(`${error.message} ${error.remedy}`.includes(word), `${error.message} | ${error.remedy}`);
    return true;
  };

describe('state.db damaged, missing, copied', () => {
  let directory = '';
  let state = '';
  let hashes: readonly string[] = [];
  const LAST = 4;
  beforeEach(async () => {
    directory = temporaryDirectory();
    ({ state } = groupPaths(directory));
    hashes = await bulkHashes(LAST);
  });
  // A worker that a failed test leaves open would keep the process alive.
  const opened: SqliteProjection[] = [];
  const open = async (at: string): Promise<SqliteProjection> => {
    const projection = await openQuietly(at);
    opened.push(projection);
    return projection;
  };
  afterEach(async () => {
    for (const projection of opened.splice(0)) await projection.close({ flush: false });
    removeDirectory(directory);
  });

  /** Entries up to `through`, in a closed file; a copy at `snapshotAt`. */
  async function write(through: number, snapshotAt?: number): Promise<void> {
    const projection = await open(directory);
    for (let index = projection.appliedIndex + 1; index <= through; index += 1) {
      await applyTo(projection, index, bulkEntry(index));
      if (index === snapshotAt) assert.deepEqual(await projection.copyTo(snapshotPath(directory)), { index });
    }
    await projection.close();
  }
  const change = (sql: string): void => {
    const database = new Database(state);
    database.exec(sql);
    database.close();
  };

  test('a file that is no database, or another program’s, is refused with what to do', async () => {
    await write(1);
    writeFileSync(state, 'not a database at all'.repeat(1_000));
    await assert.rejects(openQuietly(directory), refusedWith('damaged', state, 'xcron store rebuild'));
    rmSync(state);
    change('CREATE TABLE mine (x)');
    await assert.rejects(openQuietly(directory), refusedWith('damaged', 'no projection of xcron'));
  });

  test('a newer format is refused, and left alone', async () => {
    await write(1);
    change(`PRAGMA user_version = ${PROJECTION_FORMAT + 1}`);
    await assert.rejects(openQuietly(directory), refusedWith('format', `${PROJECTION_FORMAT + 1}`, 'newer xcron'));
    assert.throws(() => readSnapshot(state), refusedWith('format'));
  });

  test('a row of `meta` that is missing or not as written is refused', async () => {
    await write(1);
    change("UPDATE meta SET value = 'x' WHERE name = 'applied_index'");
    await assert.rejects(openQuietly(directory), refusedWith('damaged', '`meta`'));
    change("DELETE FROM meta WHERE name = 'counts'");
    await assert.rejects(openQuietly(directory), refusedWith('damaged', '`meta`'));
  });

  test('I4: a row that changed by itself is not read, and the recomputation names it', async () => {
    await write(2);
    const database = new Database(state);
    const id = database.prepare<[], string>('SELECT CAST(min(id) AS TEXT) FROM tasks').pluck().get();
    database.close();
    change(`UPDATE tasks SET status = replace(status, '"version":', '"version":1') WHERE id = ${id}`);
    const projection = await open(directory);
    await assert.rejects(projection.readTask(id as never), refusedWith('damaged', `task ${id}`, 'xcron store rebuild'));
    await assert.rejects(projection.listTasks({}, null, 1), refusedWith('damaged'));
    await projection.close();
    const { damagedRows, examples, hash, recorded } = await recomputeStateHash(state);
    assert.deepEqual([damagedRows, examples], [1, [`task ${id}`]]);
    assert.notEqual(hash, recorded);
  });

  test('missing, with a log from index 1: it is folded anew', async () => {
    await write(2);
    for (const file of readdirSync(dirname(state))) rmSync(join(dirname(state), file));
    await write(LAST);
    assert.equal((await recomputeStateHash(state)).hash, hashes[LAST]);
  });

  test('missing or too old, with a compacted log: refused; rebuilt from the copy', async () => {
    await write(3, 2);
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${state}${suffix}`, { force: true });
    const opening = openQuietly(directory, { logBaseIndex: 2 });
    await assert.rejects(opening, refusedWith('damaged', 'missing', 'xcron store rebuild', 'index 2'));
    assert.deepEqual(rebuildProjection(directory, 2), { from: 'snapshot', appliedIndex: 2 });
    await write(LAST);
    assert.equal((await recomputeStateHash(state)).hash, hashes[LAST]);
    await assert.rejects(openQuietly(directory, { logBaseIndex: 9 }), refusedWith('damaged', 'backup'));
    assert.throws(() => rebuildProjection(directory, 9), refusedWith('damaged', 'backup'));
    assert.ok(existsSync(state), 'what cannot be replaced stays');
  });

  test('damaged, with a log from index 1 and no copy: set aside, folded anew', async () => {
    await write(2);
    writeFileSync(state, 'x'.repeat(9_000));
    assert.deepEqual(rebuildProjection(directory, 0), { from: 'log', appliedIndex: 0 });
    assert.ok(existsSync(`${state}.damaged`));
    await write(LAST);
    assert.equal((await recomputeStateHash(state)).hash, hashes[LAST]);
  });

  test('a copy is the state at one index, while flushes go on; it restores another directory', async () => {
    await write(2);
    const projection = await open(directory);
    const copy = join(directory, 'copy.db');
    const copying = projection.copyTo(copy);
    for (let index = 3; index <= LAST; index += 1) {
      await applyTo(projection, index, bulkEntry(index));
      await projection.flush();
    }
    const { index } = await copying;
    assert.equal(index, 2);
    const whole = await recomputeStateHash(copy);
    assert.deepEqual([whole.appliedIndex, whole.hash, whole.recorded], [2, hashes[2], hashes[2]]);
    assert.equal(readSnapshot(copy).hash, hashes[2]);
    assert.equal((await projection.stateHash()).hash, hashes[LAST]);
    const later = await Promise.all([projection.copyTo(copy), projection.copyTo(`${copy}.2`)]);
    assert.deepEqual(later, [{ index: LAST }, { index: LAST }], 'one after the other');
    await projection.close();
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.startsWith('copy')),
      ['copy.db', 'copy.db.2'],
      'nothing else is left behind',
    );
    const other = temporaryDirectory();
    restoreProjection(copy, other);
    const restored = await open(other);
    assert.equal(restored.start.appliedIndex, LAST);
    assert.equal((await restored.stateHash()).hash, hashes[LAST]);
    await restored.close();
    removeDirectory(other);
  });

  test('a copy of many slices does not see the flushes that end while it is made', async () => {
    const projection = await open(directory);
    const given = new Scenario();
    for (let task = 0; task < 12; task += 1) {
      const body = JSON.stringify(String(task % 10).repeat(2 ** 20));
      given.create({ callback: { url: 'http://127.0.0.1:9000/', method: 'POST', headers: {}, body } });
    }
    const created = given.entries.length;
    await replay(projection, given.entries);
    const copy = join(directory, 'copy.db');
    let done = false;
    const copying = projection.copyTo(copy).finally(() => {
      done = true;
    });
    while (projection.durableIndex < created) await nextTurn();
    let flushesMeanwhile = 0;
    while (!done) {
      given.when({ type: flushesMeanwhile % 2 === 0 ? 'PauseTask' : 'ResumeTask', version: null });
      await replay(projection, given.entries);
      await projection.flush();
      if (!done) flushesMeanwhile += 1;
    }
    assert.deepEqual(await copying, { index: created });
    assert.ok(flushesMeanwhile > 1, `${flushesMeanwhile} flushes ended while the copy was made`);
    const { hash, recorded, damagedRows } = await recomputeStateHash(copy);
    assert.equal(damagedRows, 0);
    assert.deepEqual([hash, recorded], Array(2).fill(await referenceHash(given.entries.slice(0, created))));
    await projection.close();
  });

  test('a copy asked for in the middle of a flush waits for its end; one under way at close is given up', async () => {
    const projection = await open(directory);
    await applyTo(projection, 1, bulkEntry(1));
    await projection.flush();
    await applyTo(projection, 2, bulkEntry(2));
    const copy = join(directory, 'copy.db');
    const [, { index }] = await Promise.all([projection.flush(), projection.copyTo(copy)]);
    assert.equal((await recomputeStateHash(copy)).hash, hashes[index]);
    const given = projection.copyTo(`${copy}.2`);
    await Promise.all([assert.rejects(given, /closed/), projection.close()]);
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.startsWith('copy')),
      ['copy.db'],
    );
  });

  test('a copy that cannot be written is an error of the copy alone', async () => {
    const projection = await open(directory);
    await applyTo(projection, 1, bulkEntry(1));
    await assert.rejects(projection.copyTo(join(directory, 'no', 'such', 'place.db')), /ENOENT/);
    await applyTo(projection, 2, bulkEntry(2));
    assert.equal((await projection.stateHash()).hash, hashes[2]);
    await projection.close();
  });

  test('a copy folds into memory, in bounded batches, to the same hash', async () => {
    await write(2, 2);
    const batches = [...snapshotEntities(snapshotPath(directory), 100)];
    assert.ok(batches.every(({ tasks, executions, keys }) => tasks.length + executions.length + keys.length <= 100));
    assert.equal(
      batches.reduce((sum, { tasks }) => sum + tasks.length, 0),
      2 * TASKS_PER_ENTRY,
    );
    const memory = openMemoryProjection({ disk: createMemoryDisk() });
    memory.applied(foldSnapshot(snapshotPath(directory), memory.entities).appliedIndex);
    for (let index = 3; index <= LAST; index += 1) await applyTo(memory, index, bulkEntry(index));
    assert.deepEqual(await memory.stateHash(), { index: LAST, hash: hashes[LAST] });
  });

  test('the recomputation tells how far it is', async () => {
    await write(2);
    const told: number[] = [];
    const { rows } = await recomputeStateHash(state, (done) => told.push(done));
    assert.ok(told.length > 1);
    assert.equal(told.at(-1), rows);
  });
});
