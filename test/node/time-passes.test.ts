import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import type { SchedulerNode } from '../../src/node/api.ts';
import type { Execution } from '../../src/tasks/execution.ts';
import {
  EXECUTIONS_KEPT,
  EXECUTIONS_PRUNE_SLACK,
  FINISHED_TASKS_KEPT_MS,
  IDEMPOTENCY_KEYS_KEPT_MS,
} from '../../src/tasks/limits.ts';
import type { Task, TaskId } from '../../src/tasks/task.ts';
import { until } from '../whole/serving.ts';
import { openSink } from '../whole/sink.ts';
import { by, create, hurriedHousekeeping, shiftedClock, withNode } from './running-node.ts';

const HOUR_MS = 3_600_000;

async function read(node: SchedulerNode, taskId: TaskId): Promise<Task | undefined> {
  const outcome = await node.readTask(taskId);
  assert.ok(outcome.ok);
  return outcome.value;
}

async function runsOf(node: SchedulerNode, taskId: TaskId): Promise<readonly Execution[]> {
  const outcome = await node.listExecutions(taskId, null, 100);
  assert.ok(outcome.ok && outcome.value !== undefined);
  return outcome.value;
}

test('finished tasks go after seven days, keys after one, and a key can then be used again', async () => {
  const clock = hurriedHousekeeping(shiftedClock());
  const sink = await openSink();
  const callback = { url: sink.url, method: 'POST', headers: {}, body: null } as const;
  const schedule = () => String(Math.floor(clock.nowMs() / 1_000));
  try {
    await withNode(async (node) => {
      const first = await create(node, { schedule: schedule(), callback }, 'key');
      await until(
        async () => (await read(node, first))?.state === 'completed',
        () => 'it has not fired',
      );
      assert.equal(await create(node, { schedule: schedule(), callback }, 'key'), first, 'the same task, once more');

      clock.shift(IDEMPOTENCY_KEYS_KEPT_MS + HOUR_MS);
      const kept = await create(node, { schedule: '@yearly', callback });
      await until(
        async () => {
          const again = await node.submit(
            {
              type: 'CreateTask',
              draft: await draftOf(node, kept),
              idempotency: { key: 'key', fingerprint: 'another' },
            },
            by,
          );
          return again.outcome === 'committed' && again.created;
        },
        () => 'the key is still taken',
      );
      assert.ok(await read(node, first), 'the finished task is still there');

      clock.shift(FINISHED_TASKS_KEPT_MS);
      await create(node, { schedule: '@yearly', callback });
      await until(
        async () => (await read(node, first)) === undefined,
        () => 'the finished task is still there',
      );
      assert.ok(await read(node, kept), 'a task that is not finished stays');
    }, clock);
  } finally {
    await sink.close();
  }
});

async function draftOf(node: SchedulerNode, taskId: TaskId) {
  const task = await read(node, taskId);
  assert.ok(task);
  const { schedule, ...rest } = task.definition;
  return { ...rest, schedule: schedule.format, timezone: 'UTC', dst: 'once' };
}

test('the last fifty executions are kept', async () => {
  const sink = await openSink();
  try {
    await withNode(async (node) => {
      const callback = { url: sink.url, method: 'POST', headers: {}, body: null } as const;
      const taskId = await create(node, { schedule: '@yearly', callback });
      const runs = EXECUTIONS_KEPT + EXECUTIONS_PRUNE_SLACK + 5;
      for (let run = 0; run < runs; run += 1) await node.submit({ type: 'RunTask', taskId, version: null }, by);
      await until(
        async () => (await read(node, taskId))?.openRuns.length === 0,
        () => 'not all runs have ended',
      );
      // Housekeeping may come while runs still end: what ends after it is pruned when as many again as the slack have piled up.
      await until(
        async () => (await runsOf(node, taskId)).length < EXECUTIONS_KEPT + EXECUTIONS_PRUNE_SLACK,
        () => 'the oldest are still there',
      );
      const kept = (await runsOf(node, taskId)).map(({ run }) => run);
      assert.deepEqual(
        kept.slice(0, EXECUTIONS_KEPT),
        Array.from({ length: EXECUTIONS_KEPT }, (_, at) => runs - at),
      );
    }, hurriedHousekeeping(systemClock));
  } finally {
    await sink.close();
  }
});

test('clocks an hour back: nothing twice; forward again: it goes on', async () => {
  const clock = shiftedClock();
  const sink = await openSink();
  try {
    await withNode(async (node) => {
      const callback = { url: sink.url, method: 'POST', headers: {}, body: null } as const;
      const taskId = await create(node, { schedule: '* * * * * *', callback });
      await until(
        () => sink.received.length >= 2,
        () => 'it does not fire',
      );
      clock.shift(-HOUR_MS);
      const other = await create(node, { schedule: String(Math.floor(clock.nowMs() / 1_000) + 2), callback });
      await until(
        () => sink.received.some((received) => received.taskId === other),
        () => 'another task does not fire',
      );
      const before = sink.received.filter((received) => received.taskId === taskId).length;
      clock.shift(HOUR_MS);
      await until(
        () => sink.received.filter((received) => received.taskId === taskId).length > before + 1,
        () => 'it does not go on',
      );
      const times = sink.received
        .filter((received) => received.taskId === taskId)
        .map(({ scheduledAtMs }) => scheduledAtMs);
      assert.equal(new Set(times).size, times.length, 'no time twice');
    }, clock);
  } finally {
    await sink.close();
  }
});
