import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { until } from '../whole/serving.ts';
import { by, create, followerOf, leaderOf, ready, taskIdOf } from './cluster-steps.ts';
import { type MemoryCluster, startMemoryCluster } from './memory-cluster.ts';

async function withClusterOfLevel(level: number, work: (cluster: MemoryCluster) => Promise<void>): Promise<void> {
  const cluster = startMemoryCluster(['n1', 'n2', 'n3'], systemClock, 0, level);
  try {
    await ready(cluster);
    await work(cluster);
    assert.deepEqual(cluster.failures, []);
  } finally {
    await cluster.stop();
  }
}

/** Since which entry version an event may stand in the log. */
const SINCE: Readonly<Record<string, number>> = {
  CommandDone: 2,
  OperationRequested: 3,
  NodeDrained: 3,
  OperationEnded: 5,
};

for (const level of [1, 2, 3, 4]) {
  test(`at feature level ${level} nothing is written that a member of that level cannot read`, () =>
    withClusterOfLevel(level, async (cluster) => {
      const taskId = taskIdOf(await create(followerOf(cluster), '* * * * * *'));
      taskIdOf(await create(leaderOf(cluster), '0 0 1 1 *'));
      await until(
        () => cluster.sent.length > 2,
        () => 'it does not fire',
      );
      taskIdOf(await followerOf(cluster).node.submit({ type: 'PauseTask', taskId, version: null }, by));
      const drain = { type: 'drain-node', nodeId: 'n1', acceptNoSender: false } as const;
      const drained = await followerOf(cluster).node.operate(drain, by, null);
      assert.equal(drained.outcome, level < 3 ? 'refused' : 'done');
      const paused = await followerOf(cluster).node.operate({ type: 'pause-scheduling' }, by, null);
      assert.equal(paused.outcome, level < 3 ? 'refused' : 'done');
      if (level >= 3) {
        const here = { type: 'set-trace', nodeId: 'n1', on: true } as const;
        const done = { result: null, end: { kind: 'done' } } as const;
        await leaderOf(cluster).node.operateHere(here, by, null, async () => done);
      }
      const entries = leaderOf(cluster).entries();
      assert.ok(entries.length > 3);
      for (const { v, pairs } of entries) {
        assert.ok(v <= level);
        for (const event of pairs.flatMap(({ events }) => events)) {
          assert.ok((SINCE[event.type] ?? 1) <= level, event.type);
          if (event.type === 'ExecutionClaimed') assert.equal(event.instance !== undefined, level >= 3);
        }
      }
    }));
}

test('where no result is kept, a write whose answer is lost is unknown, and not done a second time', () =>
  withClusterOfLevel(1, async (cluster) => {
    const follower = followerOf(cluster);
    const leader = leaderOf(cluster);
    const taskId = taskIdOf(await create(leader, '0 0 1 1 *'));
    // Its questions arrive; what is said to it does not, until the leader has answered.
    cluster.network.cut(leader.self, follower.self);
    const asked = follower.node.submit({ type: 'RunTask', taskId, version: null }, by);
    await until(
      () => cluster.sent.length === 1,
      () => 'it was not run',
    );
    cluster.network.heal();
    const outcome = await asked;
    assert.equal(outcome.outcome, 'unknown', JSON.stringify(outcome));
    assert.equal(cluster.sent.length, 1);
  }));
