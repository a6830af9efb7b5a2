import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createOverlay } from '../../src/store/overlay.ts';
import { slicesOf } from '../../src/store/projection-slices.ts';
import type { SqliteProjection } from '../../src/store/sqlite-projection.ts';
import { EMPTY_META } from '../../src/tasks/entities.ts';
import { applyEntry, type EntryContent, encodeEntry } from '../../src/tasks/entry.ts';
import type { Task, TaskId } from '../../src/tasks/task.ts';
import { applyTo, referenceHash } from '../contract/projection.ts';
import { Scenario } from '../tasks/scenario.ts';
import { openQuietly, removeDirectory, temporaryDirectory } from './projection-directory.ts';

/** The contract suite holds the state to its hash either way; here is what it cannot see. */
describe('tasks that wait as the text of the entry that created them', () => {
  let directory: string;
  let projection: SqliteProjection;
  beforeEach(async () => {
    directory = temporaryDirectory();
    projection = await openQuietly(directory);
  });
  afterEach(async () => {
    await projection.close();
    removeDirectory(directory);
  });

  const created = (schedule: string): { readonly task: Task; readonly entry: EntryContent } => {
    const scenario = new Scenario().create({ schedule });
    const entry = scenario.entries[0];
    assert.ok(entry);
    return { task: scenario.task, entry };
  };
  const nothing = (atMs: number): EntryContent => ({ v: 1, atMs, pairs: [] });
  /** Until whoever asked for a creation in entry 1 has had the answer. */
  const twoMoreBatches = async (atMs: number): Promise<void> => {
    for (const index of [2, 3]) await applyTo(projection, index, nothing(atMs));
  };

  test('one is the same object until its creation is answered, and an equal one afterwards', async () => {
    const { task, entry } = created('0 0 1 1 *');
    await applyTo(projection, 1, entry);
    const before = projection.entities.task(task.taskId);
    await twoMoreBatches(entry.atMs);
    const after = projection.entities.task(task.taskId);
    assert.deepEqual(before, task);
    assert.deepEqual(after, task);
    assert.notEqual(after, before);
    assert.equal(projection.entities.task(task.taskId), after);
  });

  test('one that is due within ten seconds stays the object that it was', async () => {
    const { task, entry } = created('* * * * * *');
    await applyTo(projection, 1, entry);
    const before = projection.entities.task(task.taskId);
    await twoMoreBatches(entry.atMs);
    assert.equal(projection.entities.task(task.taskId), before);
  });

  test('the cache is left to those that somebody asked for', async () => {
    const { task, entry } = created('0 0 1 1 *');
    await applyTo(projection, 1, entry);
    await twoMoreBatches(entry.atMs);
    await projection.flush();
    assert.equal(projection.cachedEntities, 0);
    assert.deepEqual(await projection.readTask(task.taskId), task);
    assert.equal(projection.cachedEntities, 1);
  });

  test('a creation whose pair did not hold is in the text, and not in the state', async () => {
    const { entry } = created('0 0 1 1 *');
    // The second of them meets a task that is not new.
    const twice = { ...entry, pairs: [...entry.pairs, ...entry.pairs] };
    await applyTo(projection, 1, twice);
    await twoMoreBatches(entry.atMs);
    assert.equal((await projection.stateHash()).hash, await referenceHash([twice]));
  });

  test('the text of an entry is handed over once, even where every other task of it has changed since', () => {
    const scenario = new Scenario();
    for (let count = 0; count < 4; count += 1) scenario.create({ schedule: '0 0 1 1 *' });
    const [first] = scenario.entries;
    assert.ok(first);
    const entry = { ...first, pairs: scenario.entries.flatMap(({ pairs }) => pairs) };
    const taskIds = entry.pairs.flatMap(({ events }) => events.map((event) => ('taskId' in event ? event.taskId : '')));
    const paused = taskIds.filter((_, at) => at % 2 === 0) as TaskId[];
    const overlay = createOverlay({
      appliedIndex: 0,
      meta: EMPTY_META,
      cachedEntitiesMax: 100,
      cachedBytesMax: 2 ** 20,
    });
    applyEntry(overlay.entities, entry);
    overlay.applied(1, encodeEntry(entry));
    const pauses = paused.map((taskId) => ({ type: 'TaskPaused', taskId, reason: 'asked' }) as const);
    applyEntry(overlay.entities, { ...entry, pairs: [{ requires: [], events: pauses, by: 'test' }] });
    overlay.applied(2);
    const slices = [...slicesOf(overlay.freeze())];
    assert.deepEqual(
      slices.flatMap(({ createdTasks }) => createdTasks),
      [{ entry: encodeEntry(entry), taskIds: taskIds.filter((_, at) => at % 2 === 1) }],
    );
    assert.deepEqual(
      slices.flatMap(({ tasks }) => tasks.map(({ taskId }) => taskId)),
      paused,
    );
  });

  test('a text that does not create what the state says it does stops the projection', async () => {
    const { entry } = created('0 0 1 1 *');
    applyEntry(projection.entities, entry);
    projection.applied(1, encodeEntry(nothing(entry.atMs)));
    await assert.rejects(projection.flush(), /does not create/);
  });
});
