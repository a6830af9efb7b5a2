import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { SchedulerNode } from '../../src/node/api.ts';
import { TARGET_CLAIMS_MAX } from '../../src/node/limits.ts';
import type { TaskId } from '../../src/tasks/task.ts';
import { until } from '../whole/serving.ts';
import { by, create, withNode } from './running-node.ts';

/** Targets that hold every request until they are let go. */
interface Holding {
  readonly url: string;
  readonly taskIds: string[];
  letGo(): void;
  close(): void;
}

const SLOW_MS = 500;

/** `answersAfterMs`: by itself, in place of when it is let go. */
async function holding(answersAfterMs?: number): Promise<Holding> {
  const held: ServerResponse[] = [];
  const taskIds: string[] = [];
  let open = false;
  const server = createServer((request, response) => {
    taskIds.push(String(request.headers['xcron-task-id']));
    if (open) response.end();
    else if (answersAfterMs !== undefined) setTimeout(() => response.end(), answersAfterMs);
    else held.push(response);
    request.resume();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    taskIds,
    letGo() {
      open = true;
      for (const response of held.splice(0)) response.end();
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const callback = (url: string) => ({ url, method: 'POST', headers: {}, body: null }) as const;

const createMany = (node: SchedulerNode, url: string, count: number): Promise<TaskId[]> => {
  const schedule = String(Date.now() - 1_000);
  return Promise.all(Array.from({ length: count }, () => create(node, { schedule, callback: callback(url) })));
};

test('tasks that are moved away while they wait for a slow target leave their places to those behind them', async () => {
  const slow = await holding();
  const other = await holding();
  other.letGo();
  try {
    await withNode(async (node) => {
      await createMany(node, slow.url, TARGET_CLAIMS_MAX);
      await until(
        () => slow.taskIds.length === TARGET_CLAIMS_MAX,
        () => `${slow.taskIds.length} are held`,
      );
      const moved = await createMany(node, slow.url, TARGET_CLAIMS_MAX + 6);
      const behind = await createMany(node, slow.url, 20);
      await until(
        () => node.metrics().parked === moved.length + behind.length,
        () => `${node.metrics().parked} are parked`,
      );
      for (const taskId of moved) {
        await node.submit(
          { type: 'UpdateTask', taskId, version: null, changes: { callback: callback(other.url) } },
          by,
        );
      }
      slow.letGo();
      await until(
        () => behind.every((taskId) => slow.taskIds.includes(taskId)),
        () => `${node.metrics().parked} are still parked`,
      );
      await until(
        () => moved.every((taskId) => other.taskIds.includes(taskId)),
        () => 'not all that were moved were sent',
      );
      assert.equal(node.metrics().parked, 0);
    });
  } finally {
    slow.close();
    other.close();
  }
});

test('what waits for a target that cannot keep up waits once, so that whoever comes later has its turn', async () => {
  const slow = await holding(SLOW_MS);
  try {
    await withNode(async (node) => {
      const tasks = TARGET_CLAIMS_MAX * 3;
      const every = { schedule: '* * * * * *', callback: callback(slow.url) };
      await Promise.all(Array.from({ length: tasks }, () => create(node, every)));
      let mostParked = 0;
      await until(
        () => {
          mostParked = Math.max(mostParked, node.metrics().parked);
          return slow.taskIds.length > tasks * 3;
        },
        () => `${slow.taskIds.length} were sent`,
      );
      assert.ok(mostParked > 0, 'the target kept up');
      assert.ok(mostParked <= tasks, `${mostParked} of ${tasks} tasks were parked`);
    });
  } finally {
    slow.close();
  }
});

test('I10: tasks created and cancelled by the thousand behind slow targets stop no node', async () => {
  const targets = await Promise.all(Array.from({ length: 5 }, () => holding()));
  try {
    await withNode(async (node, failures) => {
      for (let round = 0; round < 16 && failures.length === 0; round += 1) {
        const created = await Promise.all(targets.map(({ url }) => createMany(node, url, 60)));
        await until(
          () => node.metrics().requestsInFlight > 0,
          () => 'nothing is sent',
        );
        for (const taskId of created.flat()) void node.submit({ type: 'CancelTask', taskId, version: null }, by);
      }
      assert.ok(node.metrics().requestsInFlight <= targets.length * TARGET_CLAIMS_MAX);
      for (const target of targets) target.letGo();
      await until(
        () => node.metrics().parked === 0,
        () => `${node.metrics().parked} are parked`,
      );
      await until(
        () => node.metrics().requestsInFlight === 0,
        () => 'requests are in flight',
      );
    });
  } finally {
    for (const target of targets) target.close();
  }
});
