import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandId } from '../../src/tasks/command-id.ts';
import { until } from '../whole/serving.ts';
import { by, create, followerOf, leaderOf, ready, taskIdOf, withCluster } from './cluster-steps.ts';

const requestId = (id: string): CommandId => id as CommandId;

test('scheduling is paused on any node, nothing is sent from then on, and the misfire policy decides once it is resumed', () =>
  withCluster(async (cluster) => {
    taskIdOf(await create(followerOf(cluster), '* * * * * *'));
    await until(
      () => cluster.sent.length >= 2,
      () => 'it does not fire',
    );
    const { node } = followerOf(cluster);
    assert.deepEqual(await node.operate({ type: 'pause-scheduling' }, by, null), { outcome: 'done', changed: true });
    const sent = cluster.sent.length;
    assert.deepEqual(await node.operate({ type: 'pause-scheduling' }, by, null), { outcome: 'done', changed: false });
    for (const one of cluster.nodes()) assert.equal(one.node.status().schedulingPaused, true);
    const pausedAtMs = Date.now();
    // Due times pass, and a condition can be waited for: what falls due meanwhile is known by the clock alone.
    await until(
      () => Date.now() >= pausedAtMs + 2_100,
      () => 'time stands still',
    );
    assert.equal(cluster.sent.length, sent);
    assert.deepEqual(await node.operate({ type: 'resume-scheduling' }, by, null), { outcome: 'done', changed: true });
    await until(
      () => cluster.sent.length >= sent + 3,
      () => 'it does not fire again',
    );
    const seconds = cluster.sent.map(({ request }) => request.scheduledAtMs);
    assert.equal(new Set(seconds).size, seconds.length);
  }));

test('a pause that was asked for before is not acknowledged before it holds everywhere (I6)', () =>
  withCluster(async (cluster) => {
    const leader = leaderOf(cluster);
    const silent = followerOf(cluster);
    cluster.network.cut(leader.self, silent.self);
    cluster.network.cut(silent.self, leader.self);
    const settled: string[] = [];
    const pause = (name: string, id: CommandId | null): Promise<unknown> =>
      leader.node.operate({ type: 'pause-scheduling' }, by, id).then((outcome) => {
        settled.push(name);
        return outcome.outcome;
      });
    const first = pause('first', requestId('p'));
    const meanwhile = pause('first, repeated', requestId('p'));
    await until(
      () => leader.node.status().schedulingPaused,
      () => 'it is not paused',
    );
    const second = pause('second', null);
    // What goes through the log takes as long as an answer that waits for nobody.
    for (let count = 0; count < 3; count += 1) taskIdOf(await create(leader, '0 0 1 1 *'));
    assert.ok(settled.length === 0 || settled.includes('first'), settled.join());
    cluster.network.heal();
    assert.deepEqual(await Promise.all([first, meanwhile, second]), ['done', 'done', 'done']);
  }));

test('of drains that are asked for at the same time, on whatever nodes, one is refused rather than nobody left to send', () =>
  withCluster(async (cluster) => {
    const drains = cluster
      .nodes()
      .map((one) => one.node.operate({ type: 'drain-node', nodeId: one.nodeId, acceptNoSender: false }, by, null));
    const outcomes = await Promise.all(drains);
    const done = outcomes.filter(({ outcome }) => outcome === 'done').length;
    const refused = outcomes.flatMap((one) => (one.outcome === 'refused' ? [one.code] : []));
    assert.deepEqual([done, refused], [cluster.nodes().length - 1, ['would_leave_no_sender']]);
  }));

test('a paused cluster stays so under the next leader', () =>
  withCluster(async (cluster) => {
    taskIdOf(await create(leaderOf(cluster), '* * * * * *'));
    await leaderOf(cluster).node.operate({ type: 'pause-scheduling' }, by, null);
    const sent = cluster.sent.length;
    leaderOf(cluster).kill();
    await ready(cluster);
    taskIdOf(await create(leaderOf(cluster), '0 0 1 1 *'));
    assert.equal(leaderOf(cluster).node.status().schedulingPaused, true);
    assert.equal(cluster.sent.length, sent);
  }));

test('a drained node gets no claims, until it is asked back', () =>
  withCluster(async (cluster) => {
    const drained = followerOf(cluster);
    const { node } = leaderOf(cluster);
    const { nodeId } = drained;
    assert.deepEqual(await node.operate({ type: 'drain-node', nodeId, acceptNoSender: false }, by, null), {
      outcome: 'done',
      changed: true,
    });
    const atMs = Date.now() + 300;
    for (let count = 0; count < 12; count += 1) await create(leaderOf(cluster), new Date(atMs).toISOString());
    await until(
      () => cluster.sent.length >= 12,
      () => `${cluster.sent.length} of 12 were sent`,
    );
    assert.ok(!cluster.sent.some((one) => one.nodeId === nodeId));
    await node.operate({ type: 'undrain-node', nodeId }, by, null);
    const laterMs = Date.now() + 300;
    for (let count = 0; count < 12; count += 1) await create(leaderOf(cluster), new Date(laterMs).toISOString());
    await until(
      () => cluster.sent.some((one) => one.nodeId === nodeId),
      () => 'it gets no claims again',
    );
    // All nodes end at once: an outcome that nobody could take any more would be held on to for as long as a node may drain.
    const inHand = (): number => cluster.nodes().reduce((sum, one) => sum + one.node.metrics().claimsInHand, 0);
    await until(
      () => cluster.sent.length >= 24 && inHand() === 0,
      () => `${cluster.sent.length} of 24 were sent, ${inHand()} are in hand`,
    );
  }));

test('the last node that could send is not drained, unless that is accepted', () =>
  withCluster(async (cluster) => {
    const { node } = leaderOf(cluster);
    const drain = (nodeId: string, acceptNoSender: boolean) =>
      node.operate({ type: 'drain-node', nodeId, acceptNoSender }, by, null);
    assert.equal((await drain('n1', false)).outcome, 'done');
    assert.equal((await drain('n2', false)).outcome, 'done');
    const refused = await drain('n3', false);
    assert.ok(refused.outcome === 'refused' && refused.code === 'would_leave_no_sender', JSON.stringify(refused));
    assert.equal((await drain('n3', true)).outcome, 'done');
    const unknown = await drain('n9', false);
    assert.ok(unknown.outcome === 'refused' && unknown.code === 'member_not_found', JSON.stringify(unknown));
  }));

test('leadership is handed over from any node; asked again it is so already', () =>
  withCluster(async (cluster) => {
    const follower = followerOf(cluster);
    const asked = { type: 'transfer-leadership', to: follower.nodeId } as const;
    // Whoever is told that it leads now may find that out before the answer comes.
    assert.equal((await follower.node.operate(asked, by, null)).outcome, 'done');
    await until(
      () => cluster.leader()?.nodeId === follower.nodeId,
      () => 'it does not lead',
    );
    assert.deepEqual(await follower.node.operate(asked, by, null), { outcome: 'done', changed: false });
  }));

test('whoever asks for a transfer and is chosen for it hears that it is done', () =>
  withCluster(async (cluster) => {
    // With the other follower drained there is one to choose: the node that asks.
    const follower = followerOf(cluster);
    const other = cluster.nodes().find(({ nodeId }) => ![follower.nodeId, leaderOf(cluster).nodeId].includes(nodeId));
    assert.ok(other !== undefined);
    const drained = { type: 'drain-node', nodeId: other.nodeId, acceptNoSender: false } as const;
    assert.equal((await follower.node.operate(drained, by, null)).outcome, 'done');
    const asked = { type: 'transfer-leadership', to: null } as const;
    assert.equal((await follower.node.operate(asked, by, null)).outcome, 'done');
    await until(
      () => cluster.leader()?.nodeId === follower.nodeId,
      () => 'it does not lead',
    );
  }));

test('leadership that goes to whoever is best placed goes on no further when its answer was lost', () =>
  withCluster(async (cluster) => {
    const { nodeId, node } = leaderOf(cluster);
    const asked = { type: 'transfer-leadership', to: null } as const;
    assert.equal((await node.operate(asked, by, requestId('t'))).outcome, 'done');
    await until(
      () => cluster.leader() !== undefined && cluster.leader()?.nodeId !== nodeId,
      () => 'it leads on',
    );
    const next = leaderOf(cluster);
    assert.equal((await next.node.operate(asked, by, requestId('t'))).outcome, 'done');
    assert.equal(leaderOf(cluster).nodeId, next.nodeId);
  }));

test('a member is not removed where the voters left and alive would be no majority, unless that is accepted', () =>
  withCluster(async (cluster) => {
    const [killed, other] = cluster.nodes().filter(({ nodeId }) => nodeId !== leaderOf(cluster).nodeId);
    assert.ok(killed !== undefined && other !== undefined);
    killed.kill();
    const { node } = leaderOf(cluster);
    const remove = (nodeId: string) =>
      node.operate({ type: 'remove-member', nodeId, acceptLostMajority: false }, by, null);
    await until(
      () => node.status().members.some(({ nodeId, alive }) => nodeId === killed.nodeId && !alive),
      () => 'it is not missed',
    );
    const refused = await remove(other.nodeId);
    assert.ok(refused.outcome === 'refused' && refused.code === 'would_lose_majority', JSON.stringify(refused));
    // The dead one may go: the two that are left agree.
    assert.deepEqual(await remove(killed.nodeId), { outcome: 'done', changed: true });
    assert.deepEqual(await remove(killed.nodeId), { outcome: 'done', changed: false });
  }));

test('what was asked for stands in the state of every node, with who asked; under one id it is done once', () =>
  withCluster(async (cluster) => {
    const { node } = followerOf(cluster);
    const asked = { by: 'token' };
    assert.equal((await node.operate({ type: 'pause-scheduling' }, asked, requestId('a'))).outcome, 'done');
    assert.equal((await node.operate({ type: 'resume-scheduling' }, asked, requestId('b'))).outcome, 'done');
    // A late copy of the first changes nothing any more.
    assert.equal(
      (await leaderOf(cluster).node.operate({ type: 'pause-scheduling' }, asked, requestId('a'))).outcome,
      'done',
    );
    assert.equal(leaderOf(cluster).node.status().schedulingPaused, false);
    for (const one of cluster.nodes()) {
      await until(
        () => one.node.operations().length === 2,
        () => JSON.stringify(one.node.operations()),
      );
      assert.deepEqual(
        one.node.operations().map((record) => [record.requestId, record.operation.type, record.by]),
        [
          ['a', 'pause-scheduling', 'token'],
          ['b', 'resume-scheduling', 'token'],
        ],
      );
    }
  }));

test('a task is run once however often that is asked for under one id, of whichever node', () =>
  withCluster(async (cluster) => {
    const taskId = taskIdOf(await create(leaderOf(cluster), '0 0 1 1 *'));
    const run = [...cluster.nodes(), followerOf(cluster)].map(({ node }) =>
      node.submit({ type: 'RunTask', taskId, version: null }, { ...by, requestId: requestId('r') }),
    );
    for (const outcome of await Promise.all(run)) assert.equal(outcome.outcome, 'committed', JSON.stringify(outcome));
    const { node } = leaderOf(cluster);
    assert.equal((await node.submit({ type: 'RunTask', taskId, version: null }, by)).outcome, 'committed');
    const read = await node.readTask(taskId);
    assert.equal(read.ok && read.value?.runCount, 2);
    // All nodes end at once: an outcome that nobody could take any more would be held on to for as long as a node may drain.
    const open = async (): Promise<number> => {
      const found = await node.readTask(taskId);
      return found.ok ? (found.value?.openRuns.length ?? 0) : Number.NaN;
    };
    await until(
      async () => (await open()) === 0,
      async () => `${await open()} runs are open`,
    );
  }));

test('what is asked again under its id is told as the first time, and at once', () =>
  withCluster(async (cluster) => {
    const { node, nodeId } = followerOf(cluster);
    const level = { type: 'set-log-level', nodeId, level: 'info' } as const;
    const transfer = { type: 'transfer-leadership', to: nodeId } as const;
    for (const operation of [level, { type: 'pause-scheduling' } as const, transfer]) {
      const id = requestId(operation.type);
      assert.equal((await node.operate(operation, by, id)).outcome, 'done');
      await ready(cluster);
      const before = leaderOf(cluster).node.status().commitIndex;
      assert.deepEqual(await node.operate(operation, by, id), { outcome: 'done', changed: true }, operation.type);
      const written = leaderOf(cluster).node.status().commitIndex - before;
      assert.ok(written <= 5, `${written} entries were written for ${operation.type}`);
    }
  }));

test('a member that answers is not added under another instance, and nobody is removed who never was one', () =>
  withCluster(async (cluster) => {
    const { node } = leaderOf(cluster);
    const { nodeId } = followerOf(cluster);
    const added = await node.operate({ type: 'add-member', nodeId, instance: 'another', kind: 'learner' }, by, null);
    assert.ok(added.outcome === 'refused' && added.code === 'operation_refused', JSON.stringify(added));
    for (const type of ['remove-member', 'undrain-node'] as const) {
      const asked = { type, nodeId: 'n77', acceptLostMajority: false };
      const refused = await node.operate(asked, by, null);
      assert.ok(refused.outcome === 'refused' && refused.code === 'member_not_found', JSON.stringify(refused));
    }
  }));
