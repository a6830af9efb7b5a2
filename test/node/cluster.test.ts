import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readHail } from '../../src/raft/forming.ts';
import type { InstanceId, MemberId, NodeId } from '../../src/raft/types.ts';
import type { TaskId } from '../../src/tasks/task.ts';
import { draft } from '../tasks/scenario.ts';
import { until } from '../whole/serving.ts';
import { by, create, followerOf, leaderOf, ready, taskIdOf, withCluster } from './cluster-steps.ts';
import type { MemoryCluster } from './memory-cluster.ts';

test('any node takes a write; every node reads it; one of them sends it', () =>
  withCluster(async (cluster) => {
    const atMs = Date.now() + 300;
    const taskId = taskIdOf(await create(followerOf(cluster), new Date(atMs).toISOString()));
    for (const { node } of cluster.nodes()) {
      const read = await node.readTask(taskId);
      assert.ok(read.ok && read.value?.taskId === taskId);
    }
    await until(
      () => cluster.sent.length > 0,
      () => 'nothing was sent',
    );
    await until(
      async () => {
        const read = await followerOf(cluster).node.readTask(taskId);
        return read.ok && read.value?.state === 'completed';
      },
      () => 'the task does not complete',
    );
    assert.equal(cluster.sent.length, 1);
  }));

test('claims are spread over the nodes', () =>
  withCluster(async (cluster) => {
    const atMs = Date.now() + 400;
    for (let count = 0; count < 30; count += 1) await create(leaderOf(cluster), new Date(atMs).toISOString());
    await until(
      () => cluster.sent.length >= 30,
      () => `${cluster.sent.length} of 30 were sent`,
    );
    assert.equal(new Set(cluster.sent.map(({ request }) => request.executionId)).size, 30);
    assert.equal(new Set(cluster.sent.map(({ nodeId }) => nodeId)).size, 3);
  }));

test('a leader is killed: what it was told is there, writes go on, and no second is missed', () =>
  withCluster(async (cluster) => {
    const taskId = taskIdOf(await create(followerOf(cluster), '* * * * * *'));
    await until(
      () => cluster.sent.length >= 2,
      () => 'it does not fire',
    );
    const killed = leaderOf(cluster);
    killed.kill();
    const later = taskIdOf(await create(followerOf(cluster), '0 0 1 1 *'));
    assert.ok(BigInt(later) > BigInt(taskId));
    const before = cluster.sent.length;
    await until(
      () => cluster.sent.length >= before + 3,
      () => 'it does not fire under the new leader',
    );
    const seconds = [...new Set(cluster.sent.map(({ request }) => request.scheduledAtMs))].sort((a, b) => a - b);
    for (const [at, second] of seconds.entries()) assert.equal(second, (seconds[0] ?? 0) + at * 1_000);
    cluster.restart(killed.nodeId);
    await ready(cluster);
  }));

test('a paused task sends nothing after the answer, whoever holds its claims', () =>
  withCluster(async (cluster) => {
    const taskId = taskIdOf(await create(leaderOf(cluster), '* * * * * *'));
    await until(
      () => cluster.sent.length >= 1,
      () => 'it does not fire',
    );
    const paused = await followerOf(cluster).node.submit({ type: 'PauseTask', taskId, version: null }, by);
    taskIdOf(paused);
    const sentOf = (id: TaskId): number => cluster.sent.filter(({ request }) => request.taskId === id).length;
    const sent = sentOf(taskId);
    const witness = taskIdOf(await create(leaderOf(cluster), '* * * * * *'));
    await until(
      () => sentOf(witness) >= 2,
      () => 'the other task does not fire',
    );
    assert.equal(sentOf(taskId), sent);
  }));

test('a voter whose disk was wiped comes back under a new instance, by snapshot, and takes its old place (raft.md, case 32)', () =>
  withCluster(async (cluster) => {
    const ids: TaskId[] = [];
    for (let count = 0; count < 40; count += 1) ids.push(taskIdOf(await create(leaderOf(cluster), '0 0 1 1 *')));
    const second = taskIdOf(await create(leaderOf(cluster), '* * * * * *'));
    cluster.compactFromNowOn();
    const wiped = followerOf(cluster);
    wiped.kill();
    const leader = leaderOf(cluster);
    await until(
      () => leader.logBegins() > ids.length / 2,
      () => `the leader’s log begins at ${leader.logBegins()}`,
    );
    // It calls out, and is taken in.
    const again = cluster.startEmpty(wiped.nodeId, 'i-again');
    const { nodeId } = again;
    await until(
      () => again.node.status().role === 'follower',
      () => JSON.stringify(again.node.status()),
    );
    const known = leader.node.status().members.filter((one) => one.nodeId === nodeId);
    assert.deepEqual([known.length, known[0]?.kind], [1, 'voter']);
    await until(
      () => again.node.health().ready,
      () => JSON.stringify(again.node.health()),
    );
    assert.ok(again.logBegins() > ids.length / 2, 'what the leader has forgotten can only have come as a snapshot');
    for (const taskId of ids) {
      const read = await again.node.readTask(taskId);
      assert.ok(read.ok && read.value !== undefined, taskId);
    }
    // In force is not yet committed, and a joint configuration asks the old majority too: the entry that leaves it precedes the second.
    for (let count = 0; count < 2; count += 1) taskIdOf(await create(again, '0 0 1 1 *'));
    // It counts, and it sends.
    const other = cluster.nodes().find((one) => one.nodeId !== nodeId && one.nodeId !== leader.nodeId);
    other?.kill();
    taskIdOf(await create(again, '0 0 1 1 *'));
    await until(
      () => cluster.sent.some((one) => one.nodeId === nodeId && one.request.taskId === second),
      () => 'it is given nothing to send',
    );
  }));

test('a member whose log lost its end goes on without a vote, and has it back once it has caught up (raft.md, case 30)', () =>
  withCluster(async (cluster) => {
    const ids: TaskId[] = [];
    for (let count = 0; count < 20; count += 1) ids.push(taskIdOf(await create(leaderOf(cluster), '0 0 1 1 *')));
    const { nodeId, kill } = followerOf(cluster);
    kill();
    cluster.loseTail(nodeId, 7);
    const other = cluster.nodes().find((one) => one.nodeId !== leaderOf(cluster).nodeId);
    other?.kill();
    const damaged = cluster.restart(nodeId);
    await until(
      () => leaderOf(cluster).nodeId !== nodeId && !damaged.isWhole() && damaged.node.status().role === 'recovering',
      () => JSON.stringify(damaged.node.status()),
    );
    await until(
      () => damaged.isWhole() && damaged.node.status().role === 'follower',
      () => JSON.stringify(damaged.node.status()),
    );
    const read = await damaged.node.readTask(ids.at(-1) as TaskId);
    assert.ok(read.ok && read.value !== undefined);
  }));

test('raft.md, case 33: a node that is back at once finds its own old claims, and sends none of them; the leader settles them', () =>
  withCluster(async (cluster) => {
    cluster.targetsAnswer(false);
    const atMs = Date.now() + 300;
    const submit = async (delivery: 'at_most_once' | 'at_least_once'): Promise<TaskId> => {
      const changes = { schedule: new Date(atMs).toISOString(), delivery };
      const command = { type: 'CreateTask', draft: draft(changes), idempotency: null } as const;
      return taskIdOf(await leaderOf(cluster).node.submit(command, by));
    };
    const once: TaskId[] = [];
    const least: TaskId[] = [];
    for (let count = 0; count < 6; count += 1) {
      once.push(await submit('at_most_once'));
      least.push(await submit('at_least_once'));
    }
    await until(
      () => cluster.sent.length === 12,
      () => `${cluster.sent.length} of 12 were sent`,
    );
    const { nodeId, kill } = followerOf(cluster);
    const heldBy = (ids: readonly TaskId[]): readonly TaskId[] =>
      ids.filter((id) => cluster.sent.some((one) => one.nodeId === nodeId && one.request.taskId === id));
    const [heldOnce, heldLeast] = [heldBy(once), heldBy(least)];
    assert.ok(heldOnce.length > 0 && heldLeast.length > 0);
    kill();
    cluster.targetsAnswer(true);
    cluster.restart(nodeId);
    for (const taskId of heldOnce) {
      await until(
        async () => {
          const read = await leaderOf(cluster).node.readExecution(taskId, 1);
          return read.ok && read.value?.state === 'unknown';
        },
        () => `${taskId} does not end as unknown`,
      );
      assert.equal(cluster.sent.filter(({ request }) => request.taskId === taskId).length, 1, 'it was sent again');
    }
    for (const taskId of heldLeast) {
      const requests = () => cluster.sent.filter(({ request }) => request.taskId === taskId).map((one) => one.request);
      await until(
        () => requests().length === 2,
        () => `${taskId} was sent ${requests().length} times`,
      );
      const [first, second] = requests();
      assert.equal(first?.executionId, second?.executionId);
      assert.deepEqual([first?.attempt, second?.attempt], [1, 2]);
    }
  }));

test('with a majority gone, a write is answered as unavailable, in time, and works again when one is back', () =>
  withCluster(async (cluster) => {
    const [first, second] = cluster.nodes().filter(({ nodeId }) => nodeId !== 'n1');
    first?.kill();
    second?.kill();
    const alone = cluster.nodes()[0];
    assert.ok(alone !== undefined && first !== undefined);
    await until(
      () => !alone.node.health().ready,
      () => 'it still thinks that somebody leads',
    );
    const began = performance.now();
    const outcome = await create(alone, '0 0 1 1 *');
    assert.ok(performance.now() - began < 5_000);
    assert.equal(outcome.outcome, 'unavailable');
    cluster.restart(first.nodeId);
    await ready(cluster);
    taskIdOf(await create(alone, '0 0 1 1 *'));
  }));

/** Somebody on the wire who has called once, and heard every member of the cluster answer. */
async function greetedStranger(cluster: MemoryCluster) {
  const transport = cluster.network.join('stranger/i' as MemberId);
  const answers: Record<string, string> = {};
  transport.listen({
    received() {},
    unreachable() {},
    hailed(said) {
      const hail = readHail(said);
      if (hail?.state === 'member' && hail.greeting !== undefined) answers[hail.nodeId] = hail.greeting;
    },
  });
  const hail = { state: 'empty', instance: 'i' as InstanceId, sees: {}, wants: 'learner' } as const;
  transport.hail({ ...hail, nodeId: 'n5' as NodeId, answers });
  await until(
    () => Object.keys(answers).length === 3,
    () => Object.keys(answers).join(),
  );
  return { transport, hail: { ...hail, answers } };
}

test('a name that no node can have is taken in by nobody, and stops nobody', () =>
  withCluster(async (cluster) => {
    const { transport: stranger, hail } = await greetedStranger(cluster);
    for (const nodeId of ['n4 .>', 'all', 'n'.repeat(400_000)]) stranger.hail({ ...hail, nodeId: nodeId as NodeId });
    stranger.hail({ ...hail, nodeId: 'n5' as NodeId });
    const members = (): readonly string[] =>
      leaderOf(cluster)
        .node.status()
        .members.map(({ nodeId }) => nodeId);
    await until(
      () => cluster.failures.length > 0 || members().length > 3,
      () => members().join(),
    );
    for (let count = 0; count < 5; count += 1) taskIdOf(await create(leaderOf(cluster), '0 0 1 1 *'));
    assert.deepEqual(members(), ['n1', 'n2', 'n3', 'n5']);
    await stranger.close();
  }));

test('a late call under the name of a member that lives leads nobody out, and takes nobody in', () =>
  withCluster(async (cluster) => {
    const { transport: stranger, hail } = await greetedStranger(cluster);
    const { nodeId } = followerOf(cluster);
    const members = () => leaderOf(cluster).node.status().members;
    const before = members().map(({ instance }) => instance);
    for (let count = 0; count < 5; count += 1) {
      stranger.hail({ ...hail, nodeId, instance: 'i-of-before' as InstanceId });
      taskIdOf(await create(leaderOf(cluster), '0 0 1 1 *'));
    }
    assert.deepEqual(
      members().map(({ instance }) => instance),
      before,
    );
    await stranger.close();
  }));
