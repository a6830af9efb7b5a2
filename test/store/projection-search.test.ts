import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStateFileToRead } from '../../src/store/projection-file.ts';
import { createSearch } from '../../src/store/projection-search.ts';
import { groupPaths } from '../../src/store/store-layout.ts';
import type { TaskId } from '../../src/tasks/task.ts';
import { applyTo } from '../contract/projection.ts';
import { FILTERS, oracle } from '../contract/projection-questions.ts';
import { draft, Scenario } from '../tasks/scenario.ts';
import { openQuietly, removeDirectory, temporaryDirectory } from './projection-directory.ts';

test('a search finds the same, however few rows it walks in a step', async (t) => {
  const directory = temporaryDirectory();
  t.after(() => removeDirectory(directory));
  const given = new Scenario();
  const names = ['Nightly backup', null, 'ÄRGER 100%', 'a_b', 'nightly report'];
  for (let task = 0; task < 30; task += 1) {
    const tags = [['ops', 'db'], ['ops'], [], ['100%']][task % 4] ?? [];
    const asked = draft({ name: names[task % 5] ?? null, tags });
    given.when({ type: 'CreateTask', draft: asked, idempotency: null });
    if (task % 3 === 0) given.when({ type: 'PauseTask', version: null });
    if (task % 7 === 0) given.when({ type: 'CancelTask', version: null });
  }
  const projection = await openQuietly(directory);
  for (const [at, content] of given.entries.entries()) await applyTo(projection, at + 1, content);
  await projection.close();

  const file = openStateFileToRead(groupPaths(directory).state);
  t.after(() => file.close());
  for (const filter of FILTERS) {
    const expected = (await oracle(given.state).listTasks(filter, null, 100)).map(({ taskId }) => taskId);
    for (const rowsMax of [1, 3, 7, 1_000]) {
      const search = createSearch(file, 'the file', rowsMax);
      for (const limit of [1, 2, 100]) {
        const found: TaskId[] = [];
        let steps = 0;
        for (let after: TaskId | null = null; ; steps += 1) {
          const step = search({ filter, after, limit });
          assert.ok(step.rows.length <= limit);
          found.push(...step.rows.map(([taskId]) => taskId));
          after = step.through;
          if (after === null) break;
        }
        assert.deepEqual(found, expected, `${JSON.stringify(filter)}, ${rowsMax} rows, ${limit} asked for`);
        if (rowsMax > 30 && limit > 30) assert.equal(steps, 0);
      }
    }
  }
});
