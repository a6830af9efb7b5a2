import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import Database from 'better-sqlite3';
import type { MissedDueTimes } from '../../src/store/missed-due-times.ts';
import type { MissedPlace } from '../../src/store/projection.ts';
import { groupPaths } from '../../src/store/store-layout.ts';
import { TASK_RECORDS_KEPT } from '../../src/tasks/limits.ts';
import { applyTo } from '../contract/projection.ts';
import { allPages, oracle, type Reads } from '../contract/projection-questions.ts';
import { answered, Scenario, START_MS } from '../tasks/scenario.ts';
import { openQuietly, removeDirectory, temporaryDirectory } from './projection-directory.ts';

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => removeDirectory(directory));

function missing(): Scenario {
  const given = new Scenario().create({ name: 'one', tags: ['"DueTimesSkipped"'] });
  for (let outage = 0; outage < 3; outage += 1) {
    given.after(600_000).claim();
    given.outcome(given.task.runCount, answered(200));
  }
  return given;
}

async function write(given: Scenario): Promise<void> {
  const projection = await openQuietly(directory);
  for (const [at, content] of given.entries.entries())
    if (at + 1 > projection.appliedIndex) await applyTo(projection, at + 1, content);
  await projection.close();
}

async function listed(): Promise<number> {
  const projection = await openQuietly(directory);
  const found = await projection.newestMissed(null, 100);
  await projection.close();
  return found.length;
}

function change(sql: string): void {
  const database = new Database(groupPaths(directory).state);
  database.exec(sql);
  database.close();
}

for (const [what, sql] of [
  ['of an older xcron', "DROP TABLE missed; DELETE FROM meta WHERE name = 'missed_index'"],
  ['that an older xcron wrote to since', "DELETE FROM missed; UPDATE meta SET value = '1' WHERE name = 'missed_index'"],
] as const) {
  test(`a file ${what} is looked through once for what was missed`, async () => {
    const given = missing();
    await write(given);
    change(sql);
    assert.equal(await listed(), 3);
    // What is in the file now is kept up by what follows.
    given.after(600_000).claim();
    await write(given);
    assert.equal(await listed(), 4);
  });
}

test('a file that is up to date is not looked through', async () => {
  await write(missing());
  change('DELETE FROM missed');
  assert.equal(await listed(), 0);
});

test('a definition that is damaged hinders no start', async () => {
  await write(missing());
  change("DROP TABLE missed; UPDATE definitions SET definition = 'x' || definition");
  change("DELETE FROM meta WHERE name = 'missed_index'");
  assert.equal(await listed(), 0);
});

test('what was missed is listed from the last down, as far as event lists go back, and goes with its task', async () => {
  const given = new Scenario();
  const fireAt = (atMs: number) => {
    given.at(atMs).claim();
    given.outcome(given.task.runCount, answered(200));
  };
  const outage = () => fireAt(given.nowMs + 60_000);
  given.create({ schedule: '* * * * * *' });
  const first = given.taskId;
  outage();
  given.create({ schedule: '* * * * * *' });
  // Two tasks, at one instant; the first of them then forgets what it missed before.
  for (const taskId of [first, given.taskId]) {
    given.taskId = taskId;
    fireAt(START_MS + 180_000);
  }
  given.taskId = first;
  for (let time = 0; time < TASK_RECORDS_KEPT - 1; time += 1) outage();
  const expected = await paged(oracle(given.state));
  assert.equal(expected.length, TASK_RECORDS_KEPT + 1);
  assert.deepEqual(await filed(given), expected);
  given.when({ type: 'CancelTask', version: null });
  const runs = [...given.state.executions.values()].filter(({ taskId }) => taskId === first).map(({ run }) => run);
  given.apply({ requires: [], events: [{ type: 'TaskRemoved', taskId: first, runs }], by: 'retention' });
  assert.equal((await filed(given)).length, 1);
});

const paged = (reads: Pick<Reads, 'newestMissed'>) =>
  allPages<MissedDueTimes, MissedPlace>(
    (below) => reads.newestMissed(below, 7),
    (missed) => missed,
  );

/** The same from file and memory as from the file alone. */
async function filed(given: Scenario): Promise<readonly MissedDueTimes[]> {
  const projection = await openQuietly(directory);
  for (const [at, content] of given.entries.entries()) {
    if (at + 1 <= projection.appliedIndex) continue;
    await applyTo(projection, at + 1, content);
    if (at === Math.floor(given.entries.length / 2)) await projection.flush();
  }
  const half = await paged(projection);
  await projection.flush();
  const inFile = await paged(projection);
  assert.deepEqual(half, inFile);
  await projection.close();
  return inFile;
}
