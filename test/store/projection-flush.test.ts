import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, systemClock } from '../../src/clock.ts';
import { OVERLAY_PRESSED_FACTOR } from '../../src/store/projection-bounds.ts';
import type { SqliteProjection } from '../../src/store/sqlite-projection.ts';
import { applyTo, createMany } from '../contract/projection.ts';
import { FAR_MS } from '../contract/projection-questions.ts';
import { Scenario, START_MS } from '../tasks/scenario.ts';
import { bulkEntry, TASKS_PER_ENTRY } from './projection-bulk.ts';
import { openQuietly, removeDirectory, temporaryDirectory } from './projection-directory.ts';

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await nextTurn();
}

describe('flushing', () => {
  let directory = '';
  let projection: SqliteProjection | undefined;
  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(async () => {
    await projection?.close({ flush: false });
    projection = undefined;
    removeDirectory(directory);
  });
  const open = async (options: Parameters<typeof openQuietly>[1]): Promise<SqliteProjection> => {
    projection = await openQuietly(directory, options);
    return projection;
  };
  const applyNext = (to: SqliteProjection): Promise<void> => {
    const index = to.appliedIndex + 1;
    return applyTo(to, index, bulkEntry(index));
  };

  test('begins by itself at a number of entities', async () => {
    const opened = await open({ flushAtEntities: TASKS_PER_ENTRY * 2 });
    await applyNext(opened);
    await applyNext(opened);
    await until(() => opened.durableIndex === 2);
    assert.equal(opened.overlaySize, 0);
  });

  test('begins by itself at an age, which a flush in between sets back', async () => {
    const armed: { readonly delayMs: number; run(): void; cancelled: boolean }[] = [];
    const clock: Clock = {
      ...systemClock,
      setTimer(delayMs, run) {
        const timer = { delayMs, run, cancelled: false };
        armed.push(timer);
        return {
          cancel() {
            timer.cancelled = true;
          },
        };
      },
    };
    const opened = await open({ clock, flushAfterMs: 700 });
    assert.equal(armed.length, 0, 'nothing to write, no timer');
    await applyNext(opened);
    await applyNext(opened);
    assert.deepEqual(
      armed.map(({ delayMs }) => delayMs),
      [700],
      'one timer, from the oldest change',
    );
    await opened.flush();
    assert.equal(armed[0]?.cancelled, true);
    await applyNext(opened);
    assert.equal(armed.length, 2);
    armed[1]?.run();
    await until(() => opened.durableIndex === 3);
  });

  test('one at a time: who asks meanwhile shares the next', async () => {
    const opened = await open({});
    await applyNext(opened);
    const first = opened.flush();
    await applyNext(opened);
    const second = opened.flush();
    await applyNext(opened);
    const third = opened.flush();
    assert.equal(second, third);
    await first;
    assert.equal(opened.durableIndex, 1);
    await second;
    assert.equal(opened.durableIndex, 3);
  });

  test('I10: an overlay that grows faster than it is written makes untilRoom() wait', async () => {
    const opened = await open({ flushAtEntities: TASKS_PER_ENTRY });
    await applyNext(opened);
    await opened.untilRoom();
    for (let entry = 0; entry < OVERLAY_PRESSED_FACTOR; entry += 1) await applyNext(opened);
    assert.ok(opened.overlaySize >= TASKS_PER_ENTRY * OVERLAY_PRESSED_FACTOR);
    await opened.untilRoom();
    assert.ok(opened.overlaySize < TASKS_PER_ENTRY * OVERLAY_PRESSED_FACTOR);
  });

  test('I10: clean entities are kept up to a bound, and what an entry needs is never evicted before it is applied', async () => {
    const maxCachedEntities = 16;
    const opened = await open({ maxCachedEntities });
    const ids = await createMany(opened, 3_000, FAR_MS);
    await opened.flush();
    assert.ok(opened.cachedEntities <= maxCachedEntities);
    const refs = ids.map((taskId) => ({ kind: 'task', taskId }) as const);
    await opened.load(refs);
    await opened.dueAfter(null, FAR_MS, 500);
    for (const taskId of ids.slice(0, 200)) await opened.readTask(taskId);
    assert.deepEqual(opened.missing(refs), [], 'all are pinned');
    assert.ok(opened.cachedEntities <= maxCachedEntities);
    await applyTo(opened, opened.appliedIndex + 1, { v: 1, atMs: START_MS, pairs: [] });
    assert.ok(opened.missing(refs).length >= ids.length - maxCachedEntities, 'and let go with applied()');
  });

  test('I10: one heavy entity is kept out of the way of the cache, not of its reader', async () => {
    const opened = await open({});
    const given = new Scenario();
    for (let task = 0; task < 40; task += 1) {
      const body = JSON.stringify(String(task).repeat(2 ** 20));
      given.create({ callback: { url: 'http://127.0.0.1:9000/', method: 'POST', headers: {}, body } });
    }
    for (const [at, content] of given.entries.entries()) await applyTo(opened, at + 1, content);
    await opened.flush();
    assert.ok(opened.cachedEntities < 40, 'a bound by bytes holds, too');
    const listed = await opened.listTasks({}, null, 100);
    assert.deepEqual(listed, [...given.state.tasks.values()]);
    for (const [taskId, task] of given.state.tasks) assert.deepEqual(await opened.readTask(taskId), task);
  });

  test('a load that overlaps a change is never newer and never older than memory', async () => {
    const opened = await open({ maxCachedEntities: 2 });
    const given = new Scenario().create();
    for (let run = 0; run < 40; run += 1)
      given.when({ type: run % 2 === 0 ? 'PauseTask' : 'ResumeTask', version: null });
    for (const [at, content] of given.entries.entries()) {
      const loading = opened.load([{ kind: 'task', taskId: given.taskId }]);
      const reading = opened.readTask(given.taskId);
      if (opened.missing([{ kind: 'task', taskId: given.taskId }]).length > 0) await loading;
      await applyTo(opened, at + 1, content);
      const flushing = at % 3 === 0 ? opened.flush() : undefined;
      await Promise.all([loading, reading]);
      assert.equal(opened.entities.task(given.taskId)?.version, at + 1);
      if (at % 6 === 0) await flushing;
      // Pushes it out of a cache of one.
      await opened.readTask('77' as typeof given.taskId);
      assert.equal((await opened.readTask(given.taskId))?.version, at + 1);
    }
  });

  test('after close() nothing is asked any more, and the file is free', async () => {
    const opened = await open({});
    await applyNext(opened);
    await opened.close();
    await assert.rejects(opened.readKey('k'), /projection worker/);
    await opened.close();
    const again = await open({});
    assert.equal(again.start.appliedIndex, 1);
    assert.equal(again.start.meta.logTimeMs, START_MS + 1);
  });
});
