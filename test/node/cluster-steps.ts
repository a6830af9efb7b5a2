import assert from 'node:assert/strict';
import { systemClock } from '../../src/clock.ts';
import type { SubmitOutcome } from '../../src/node/api.ts';
import type { TaskId } from '../../src/tasks/task.ts';
import { draft } from '../tasks/scenario.ts';
import { until } from '../whole/serving.ts';
import { type ClusterNode, type MemoryCluster, startMemoryCluster } from './memory-cluster.ts';

/** What tests of a whole cluster do again and again. */
export const by = { by: 'test' };

export async function withCluster(work: (cluster: MemoryCluster) => Promise<void>, lookAheadMs = 0): Promise<void> {
  const cluster = startMemoryCluster(['n1', 'n2', 'n3'], systemClock, lookAheadMs);
  try {
    await ready(cluster);
    await work(cluster);
    assert.deepEqual(cluster.failures, []);
  } finally {
    await cluster.stop();
  }
}

export const ready = (cluster: MemoryCluster): Promise<void> =>
  until(
    () => cluster.leader() !== undefined && cluster.nodes().every(({ node }) => node.health().ready),
    () => JSON.stringify(cluster.nodes().map(({ node }) => node.health())),
  );

export const leaderOf = (cluster: MemoryCluster): ClusterNode => {
  const leader = cluster.leader();
  assert.ok(leader !== undefined);
  return leader;
};
export const followerOf = (cluster: MemoryCluster): ClusterNode => {
  const follower = cluster.nodes().find(({ nodeId }) => nodeId !== cluster.leader()?.nodeId);
  assert.ok(follower !== undefined);
  return follower;
};

export const create = ({ node }: ClusterNode, schedule: string): Promise<SubmitOutcome> =>
  node.submit({ type: 'CreateTask', draft: draft({ schedule }), idempotency: null }, by);

export function taskIdOf(outcome: SubmitOutcome): TaskId {
  assert.equal(outcome.outcome, 'committed', JSON.stringify(outcome));
  return outcome.outcome === 'committed' ? outcome.task.taskId : ('' as TaskId);
}
