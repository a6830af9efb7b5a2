import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskId } from '../../src/tasks/task.ts';
import { until } from '../whole/serving.ts';
import { by, create, followerOf, leaderOf, ready, taskIdOf, withCluster } from './cluster-steps.ts';
import { startMemoryCluster } from './memory-cluster.ts';

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

test('a node whose disk failed reads nothing old for anybody while the others go on, and holds no lease', async () => {
  const cluster = startMemoryCluster(['n1', 'n2', 'n3']);
  try {
    await ready(cluster);
    const taskId = taskIdOf(await create(leaderOf(cluster), '0 0 1 1 *'));
    const failing = followerOf(cluster);
    failing.node.fail(new Error('no space left on device'));
    taskIdOf(await leaderOf(cluster).node.submit({ type: 'PauseTask', taskId, version: null }, by));
    const read = await failing.node.readTask(taskId);
    assert.deepEqual(read.ok ? read.value?.state : read.reason, 'storage_failed');
    assert.equal(cluster.failures.length, 1);
  } finally {
    await cluster.stop();
  }
});

test('a node alone whose disk fails before it leads again shows no state that is behind what it acknowledged', async () => {
  const cluster = startMemoryCluster(['n1']);
  try {
    await ready(cluster);
    const taskId = taskIdOf(await create(leaderOf(cluster), '0 0 1 1 *'));
    leaderOf(cluster).kill();
    cluster.disksHang();
    const { node } = cluster.restart('n1');
    node.fail(new Error('no space left on device'));
    const read = await node.readTask(taskId);
    assert.deepEqual(read.ok ? read.value?.state : read.reason, 'storage_failed');
  } finally {
    await cluster.stop();
  }
});

test('a node alone whose disk fails while it leads goes on showing what it acknowledged', async () => {
  const cluster = startMemoryCluster(['n1']);
  try {
    await ready(cluster);
    const { node } = leaderOf(cluster);
    const taskId = taskIdOf(await create(leaderOf(cluster), '0 0 1 1 *'));
    node.fail(new Error('no space left on device'));
    const read = await node.readTask(taskId);
    assert.deepEqual(read.ok ? read.value?.state : read.reason, 'scheduled');
  } finally {
    await cluster.stop();
  }
});

test('a node that stops leaves nobody waiting, whatever could not be committed any more', async () => {
  const cluster = startMemoryCluster(['n1', 'n2', 'n3']);
  try {
    await ready(cluster);
    const { node, self } = leaderOf(cluster);
    const { nodeId } = followerOf(cluster);
    for (const other of cluster.nodes()) cluster.network.cut(self, other.self);
    const change = node.changeMembers({ type: 'remove', nodeId });
    await node.stop();
    assert.deepEqual(await change, { kind: 'unknown' });
    assert.equal((await node.changeMembers({ type: 'remove', nodeId })).kind, 'refused');
  } finally {
    await cluster.stop();
  }
});

test('a node that is no member any more is not ready', () =>
  withCluster(async (cluster) => {
    const removed = followerOf(cluster);
    assert.deepEqual(await leaderOf(cluster).node.changeMembers({ type: 'remove', nodeId: removed.nodeId }), {
      kind: 'done',
    });
    await until(
      () => removed.node.status().role === 'removed',
      () => removed.node.status().role,
    );
    assert.equal(removed.node.health().ready, false);
    const leader = leaderOf(cluster);
    assert.deepEqual(await leader.node.changeMembers({ type: 'remove', nodeId: leader.nodeId }), { kind: 'done' });
    await until(
      () => leader.node.status().role === 'removed',
      () => leader.node.status().role,
    );
    assert.equal(leader.node.health().ready, false);
  }));
