import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOOK_AHEAD_MAX_MS } from '../../src/node/limits.ts';
import type { Execution } from '../../src/tasks/execution.ts';
import type { TaskId } from '../../src/tasks/task.ts';
import { until } from '../whole/serving.ts';
import { by, create, followerOf, leaderOf, taskIdOf, withCluster } from './cluster-steps.ts';
import type { ClusterNode, MemoryCluster } from './memory-cluster.ts';

/** Three nodes that claim as far ahead as they may. */
const withLookAhead = (work: (cluster: MemoryCluster) => Promise<void>): Promise<void> =>
  withCluster(work, LOOK_AHEAD_MAX_MS);

const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();
const YEARLY = '0 0 1 1 *';

/** As this node has applied it, whoever leads. */
async function executionOf({ node }: ClusterNode, taskId: TaskId, run = 1): Promise<Execution | undefined> {
  const read = await node.readExecution(taskId, run, 'stale');
  return read.ok ? read.value : undefined;
}

async function claimed(cluster: MemoryCluster, taskId: TaskId): Promise<Execution> {
  let execution: Execution | undefined;
  await until(
    async () => {
      execution = await executionOf(followerOf(cluster), taskId);
      return execution?.state === 'attempting';
    },
    () => 'it is not claimed ahead of its time',
  );
  assert.ok(execution !== undefined);
  assert.ok((execution.attempts[0]?.claimedAtMs ?? 0) < execution.scheduledAtMs);
  return execution;
}

const endsAs = (cluster: MemoryCluster, taskId: TaskId, state: Execution['state'], run = 1): Promise<void> =>
  until(
    async () => (await executionOf(leaderOf(cluster), taskId, run))?.state === state,
    async () => JSON.stringify(await executionOf(leaderOf(cluster), taskId, run)),
  );

const sentOf = (cluster: MemoryCluster, taskId: TaskId) =>
  cluster.sent.filter(({ request }) => request.taskId === taskId);

test('a fire is with another node than the leader before it is due, and leaves at its time', () =>
  withLookAhead(async (cluster) => {
    const taskId = taskIdOf(await create(followerOf(cluster), inMs(2_000)));
    const { attempts, scheduledAtMs } = await claimed(cluster, taskId);
    assert.notEqual(attempts[0]?.nodeId, leaderOf(cluster).nodeId);
    await endsAs(cluster, taskId, 'succeeded');
    const [sent] = sentOf(cluster, taskId);
    assert.equal(sent?.nodeId, attempts[0]?.nodeId);
    assert.ok((sent?.atMs ?? 0) >= scheduledAtMs);
    assert.equal(sentOf(cluster, taskId).length, 1);
  }));

test('a leader is killed: what others hold leaves under the claims that it made, and no second is missed', () =>
  withLookAhead(async (cluster) => {
    const taskId = taskIdOf(await create(followerOf(cluster), '* * * * * *'));
    await until(
      () => cluster.sent.length >= 1,
      () => 'it does not fire',
    );
    const term = leaderOf(cluster).node.status().term;
    leaderOf(cluster).kill();
    await until(
      () => cluster.sent.some(({ request }) => request.term > term),
      () => 'it does not fire under the next leader',
    );
    const seconds = [...new Set(sentOf(cluster, taskId).map(({ request }) => request.scheduledAtMs))].sort(
      (a, b) => a - b,
    );
    for (const [at, second] of seconds.entries()) assert.equal(second, (seconds[0] ?? 0) + at * 1_000);
  }));

test('a node that held one is killed: another sends it, under the same id', () =>
  withLookAhead(async (cluster) => {
    const taskId = taskIdOf(await create(leaderOf(cluster), inMs(2_500)));
    const { attempts, executionId } = await claimed(cluster, taskId);
    cluster
      .nodes()
      .find(({ nodeId }) => nodeId === attempts[0]?.nodeId)
      ?.kill();
    await endsAs(cluster, taskId, 'succeeded');
    assert.deepEqual([...new Set(sentOf(cluster, taskId).map(({ request }) => request.executionId))], [executionId]);
  }));

test('a task is given another schedule: what is held for the old one ends as cancelled, and is not sent', () =>
  withLookAhead(async (cluster) => {
    const taskId = taskIdOf(await create(leaderOf(cluster), inMs(2_000)));
    const { scheduledAtMs } = await claimed(cluster, taskId);
    const changes = { schedule: YEARLY };
    taskIdOf(await followerOf(cluster).node.submit({ type: 'UpdateTask', taskId, version: null, changes }, by));
    assert.ok(Date.now() < scheduledAtMs, 'this machine is too slow for the test to show anything');
    await endsAs(cluster, taskId, 'cancelled');
    const later = taskIdOf(await create(leaderOf(cluster), new Date(scheduledAtMs + 300).toISOString()));
    await endsAs(cluster, later, 'succeeded');
    assert.deepEqual(sentOf(cluster, taskId), []);
  }));

test('a pause gives back what is held; resumed before its time, it is sent at its time, by the new version', () =>
  withLookAhead(async (cluster) => {
    const taskId = taskIdOf(await create(leaderOf(cluster), inMs(2_500)));
    const { scheduledAtMs } = await claimed(cluster, taskId);
    taskIdOf(await followerOf(cluster).node.submit({ type: 'PauseTask', taskId, version: null }, by));
    await endsAs(cluster, taskId, 'waiting');
    taskIdOf(await followerOf(cluster).node.submit({ type: 'ResumeTask', taskId, version: null }, by));
    assert.ok(Date.now() < scheduledAtMs, 'this machine is too slow for the test to show anything');
    await endsAs(cluster, taskId, 'succeeded');
    const [sent] = sentOf(cluster, taskId);
    assert.ok((sent?.atMs ?? 0) >= scheduledAtMs);
    assert.equal(sent?.request.attempt, 2);
  }));

test('a pause of all scheduling silences what is held as well (I6)', () =>
  withLookAhead(async (cluster) => {
    const taskId = taskIdOf(await create(leaderOf(cluster), inMs(2_000)));
    const { scheduledAtMs } = await claimed(cluster, taskId);
    const { node } = followerOf(cluster);
    assert.deepEqual(await node.operate({ type: 'pause-scheduling' }, by, null), { outcome: 'done', changed: true });
    const paused = cluster.sent.length;
    await until(
      () => Date.now() > scheduledAtMs,
      () => 'time stands still',
    );
    assert.equal(cluster.sent.length, paused);
    await node.operate({ type: 'resume-scheduling' }, by, null);
    await endsAs(cluster, taskId, 'succeeded');
  }));

test('a node that is told to stop gives back what it holds at once, and another sends it at its time', () =>
  withLookAhead(async (cluster) => {
    const taskId = taskIdOf(await create(leaderOf(cluster), inMs(2_500)));
    const { attempts, scheduledAtMs } = await claimed(cluster, taskId);
    const holder = cluster.nodes().find(({ nodeId }) => nodeId === attempts[0]?.nodeId);
    await holder?.node.stop();
    assert.ok(Date.now() < scheduledAtMs, 'it waited for the time of what it held');
    holder?.kill();
    await endsAs(cluster, taskId, 'succeeded');
    assert.deepEqual(
      sentOf(cluster, taskId).map(({ nodeId }) => nodeId === holder?.nodeId),
      [false],
    );
  }));
