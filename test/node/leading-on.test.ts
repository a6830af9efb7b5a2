import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskId } from '../../src/tasks/task.ts';
import { until } from '../whole/serving.ts';
import { create, followerOf, leaderOf, taskIdOf, withCluster } from './cluster-steps.ts';

test('a transfer that comes to nothing: what fell due meanwhile fires, every second of it (I7)', () =>
  withCluster(async (cluster) => {
    const leader = leaderOf(cluster);
    const target = followerOf(cluster);
    const taskId = taskIdOf(await create(leader, '* * * * * *'));
    const seconds = (id: TaskId): readonly number[] =>
      cluster.sent.filter(({ request }) => request.taskId === id).map(({ request }) => request.scheduledAtMs);
    await until(
      () => seconds(taskId).length >= 1,
      () => 'it does not fire',
    );
    // A due time falls into the pause.
    await until(
      () => Date.now() % 1_000 > 700,
      () => 'no such moment came',
    );
    cluster.network.cut(leader.self, target.self);
    assert.deepEqual(await leader.node.transferTo(target.nodeId), { kind: 'timed-out' });
    cluster.network.heal();
    assert.equal(leader.node.status().role, 'leader');
    const before = seconds(taskId).length;
    await until(
      () => seconds(taskId).length >= before + 3,
      () => `it fired ${seconds(taskId).length - before} times since`,
    );
    const [first = 0] = seconds(taskId);
    for (const [at, second] of seconds(taskId).entries()) assert.equal(second, first + at * 1_000);
  }));
