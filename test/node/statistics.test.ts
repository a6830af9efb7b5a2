import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SchedulerNode } from '../../src/node/api.ts';
import { draft } from '../tasks/scenario.ts';
import { until } from '../whole/serving.ts';
import { openSink } from '../whole/sink.ts';
import { by, create, nodeOn } from './running-node.ts';

test('a node that is started again tells the figures of before, as far as its log goes', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'xcron-stats-'));
  const sink = await openSink();
  let node: SchedulerNode = await nodeOn(directory);
  try {
    const { callback } = draft({});
    const taskId = await create(node, { callback: { ...callback, url: sink.url } });
    for (let run = 0; run < 3; run += 1) await node.submit({ type: 'RunTask', taskId, version: null }, by);
    const total = () => node.statistics('hour').total;
    await until(
      () => total().succeeded === 3,
      () => JSON.stringify(total()),
    );
    const { sinceMs, buckets } = node.statistics('day');
    const counted = total();
    assert.deepEqual([counted.created, counted.fires], [1, 3]);
    assert.notEqual(counted.lateness, null);
    await node.stop();
    node = await nodeOn(directory);
    await create(node, {});
    await until(
      () => total().created === 2,
      () => JSON.stringify(total()),
    );
    assert.deepEqual(total(), { ...counted, created: 2 });
    assert.equal(node.statistics('day').sinceMs, sinceMs);
    assert.equal(node.statistics('day').buckets.length, buckets.length);

    // What the log has forgotten is not known any more, and said not to be.
    assert.equal(await node.compactLog(), null);
    await node.stop();
    node = await nodeOn(directory);
    await create(node, {});
    await node.submit({ type: 'PauseTask', taskId, version: null }, by);
    assert.ok(node.statistics('hour').sinceMs > sinceMs);
    assert.equal(total().fires, 0);
  } finally {
    await node.stop();
    await sink.close();
    rmSync(directory, { recursive: true, force: true });
  }
});
