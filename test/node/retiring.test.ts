import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../whole/serving.ts';
import { by, create, followerOf, leaderOf, ready, taskIdOf, withCluster } from './cluster-steps.ts';
import type { ClusterNode, MemoryCluster } from './memory-cluster.ts';

/** While this one waits for its callbacks, as it stops. */
async function whileStopping(cluster: MemoryCluster, one: ClusterNode, work: () => Promise<void>): Promise<void> {
  const callbacksEnd = cluster.callbacksGoOn();
  let stopped = false;
  const stopping = one.node.stop().then(() => {
    stopped = true;
  });
  try {
    await work();
    assert.ok(!stopped, 'it stopped before its callbacks ended');
  } finally {
    callbacksEnd();
    await stopping;
  }
}

const leaderAmong = (cluster: MemoryCluster, others: ClusterNode): ClusterNode | undefined =>
  cluster.nodes().find((one) => one !== others && one.node.status().role === 'leader');

test('a leader that stops hands over before it waits for its callbacks, and others’ writes go on', () =>
  withCluster(async (cluster) => {
    const leader = leaderOf(cluster);
    const follower = followerOf(cluster);
    const { term } = leader.node.status();
    await whileStopping(cluster, leader, async () => {
      taskIdOf(await create(follower, '0 0 1 1 *'));
      assert.ok(leaderAmong(cluster, leader) !== undefined);
      assert.equal(follower.node.status().term, term + 1, 'one election, by transfer');
      assert.equal(leader.node.status().role, 'follower');
    });
  }));

test('a node that stops is given no claims, so that none of them is late', () =>
  withCluster(async (cluster) => {
    for (const one of [followerOf(cluster), leaderOf(cluster)]) {
      const taskId = taskIdOf(await create(leaderOf(cluster), '* * * * * *'));
      await whileStopping(cluster, one, async () => {
        const before = cluster.sent.length;
        await until(
          () => cluster.sent.length >= before + 4,
          () => `${cluster.sent.length - before} of 4 callbacks`,
        );
      });
      const sent = cluster.sent.filter(({ request }) => request.taskId === taskId);
      assert.deepEqual(
        sent.filter(({ request }) => request.attempt > 1),
        [],
      );
      cluster.restart(one.nodeId);
      await ready(cluster);
    }
  }));

test('a leader whose followers are gone stops without waiting for any of them', () =>
  withCluster(async (cluster) => {
    const leader = leaderOf(cluster);
    for (const one of cluster.nodes()) if (one !== leader) one.kill();
    await leader.node.stop();
  }));

test('a leader that is drained hands over, goes on as a member, and may be asked back', () =>
  withCluster(async (cluster) => {
    const drained = leaderOf(cluster);
    const { nodeId } = drained;
    const done = { outcome: 'done', changed: true };
    assert.deepEqual(await drained.node.operate({ type: 'drain-node', nodeId, acceptNoSender: false }, by, null), done);
    await until(
      () => leaderAmong(cluster, drained) !== undefined && drained.node.health().ready,
      () => 'nobody else leads',
    );
    taskIdOf(await create(drained, '0 0 1 1 *'));
    const back = { type: 'undrain-node', nodeId } as const;
    assert.deepEqual(await drained.node.operate(back, by, null), done);
    const { node } = leaderOf(cluster);
    assert.deepEqual(await node.operate({ type: 'transfer-leadership', to: nodeId }, by, null), done);
    await until(
      () => drained.node.status().role === 'leader' && drained.node.health().ready,
      () => 'it does not lead again',
    );
  }));

test('what arrives while a node closes its log is not written any more', () =>
  withCluster(async (cluster) => {
    for (let round = 0; round < 6; round += 1) {
      const one = followerOf(cluster);
      let stopped = false;
      // As much as keeps every turn of its last moments busy.
      const writing = Array.from({ length: 8 }, async () => {
        while (!stopped) await create(leaderOf(cluster), '0 0 1 1 *');
      });
      await one.node.stop();
      stopped = true;
      await Promise.all(writing);
      cluster.restart(one.nodeId);
      await ready(cluster);
    }
  }));
