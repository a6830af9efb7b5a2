import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { requireStrace } from '../store/strace.ts';
import { createTask, readJson, YEARLY } from './client.ts';
import { serve, until } from './serving.ts';

/** The disk begins to refuse in mid-run: every write to one file fails from then on. */
const WRITES_BEFORE_FAILURE = 60;

for (const { file, error } of [
  { file: 'log.db-wal', error: 'ENOSPC' },
  { file: 'log.db-wal', error: 'EIO' },
  { file: 'state.db-wal', error: 'ENOSPC' },
]) {
  test(`${error} on ${file}: writes stop, /readyz says why, what was acknowledged is kept, a restart is whole`, async () => {
    await requireStrace();
    const directory = mkdtempSync(join(tmpdir(), 'xcron-full-'));
    const path = join(directory, 'group-0', file);
    // A first start makes the files; the second meets the failure.
    await (await serve(directory)).kill('SIGTERM');
    const wrap = [
      'strace',
      '-f',
      '-o',
      '/dev/null',
      '-P',
      path,
      '-e',
      `inject=pwrite64:error=${error}:when=${WRITES_BEFORE_FAILURE}+`,
    ];
    const node = await serve(directory, { wrap });
    const acknowledged: string[] = [];
    try {
      let refused = 0;
      await until(
        async () => {
          const { status, taskId } = await createTask(node.url, YEARLY);
          if (status === 201) acknowledged.push(taskId);
          else refused = status;
          return refused !== 0;
        },
        () => `${acknowledged.length} tasks were created and none was refused`,
      );
      assert.ok(refused === 503 || refused === 504, String(refused));
      assert.ok(acknowledged.length > 0);

      const ready = await readJson<{ ready: boolean; state: string; reason: string }>(`${node.url}/readyz`);
      assert.equal(ready.status, 503);
      assert.equal(ready.value.state, 'storageFailed');
      assert.match(node.output(), /"level":"error".*disk failed/);
      assert.equal((await createTask(node.url, YEARLY)).status, 503);
      assert.equal((await fetch(`${node.url}/livez`)).status, 200);
      const last = acknowledged.at(-1);
      assert.equal((await fetch(`${node.url}/v1/tasks/${last}`)).status, 200, 'reads go on');
    } finally {
      assert.equal(await node.kill('SIGTERM'), 74);
    }

    const restarted = await serve(directory);
    try {
      for (const taskId of acknowledged)
        assert.equal((await fetch(`${restarted.url}/v1/tasks/${taskId}`)).status, 200, taskId);
      assert.equal((await createTask(restarted.url, YEARLY)).status, 201);
    } finally {
      assert.equal(await restarted.kill('SIGTERM'), 0);
      rmSync(directory, { recursive: true, force: true });
    }
  });
}
