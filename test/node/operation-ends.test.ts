import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandId } from '../../src/tasks/command-id.ts';
import type { OperationEnd } from '../../src/tasks/operation.ts';
import { until } from '../whole/serving.ts';
import { by, create, followerOf, leaderOf, ready, taskIdOf, withCluster } from './cluster-steps.ts';
import type { ClusterNode, MemoryCluster } from './memory-cluster.ts';

const requestId = (id: string): CommandId => id as CommandId;

/** By operation, the oldest first; `open` where nothing was told. */
const audited = ({ node }: ClusterNode): readonly string[] =>
  node.operations().map(({ operation, ended }) => `${operation.type} ${ended?.end.kind ?? 'open'}`);
const endOf = ({ node }: ClusterNode, type: string): OperationEnd | undefined =>
  node.operations().findLast(({ operation }) => operation.type === type)?.ended?.end;

const everywhere = (cluster: MemoryCluster, expected: readonly string[]): Promise<void> =>
  until(
    () => cluster.nodes().every((one) => audited(one).join() === expected.join()),
    () =>
      cluster
        .nodes()
        .map((one) => audited(one).join())
        .join(' | '),
  );

test('what came of an operation stands in every node’s audit once it is answered, of a transfer by the word of the next leader', () =>
  withCluster(async (cluster) => {
    const { node, nodeId } = leaderOf(cluster);
    const follower = followerOf(cluster);
    await node.operate({ type: 'pause-scheduling' }, by, null);
    assert.deepEqual(audited(leaderOf(cluster)), ['pause-scheduling done']);
    await follower.node.operate({ type: 'resume-scheduling' }, by, null);
    await node.operate({ type: 'drain-node', nodeId: follower.nodeId, acceptNoSender: false }, by, null);
    await node.operate({ type: 'undrain-node', nodeId: follower.nodeId }, by, null);
    assert.equal((await node.operate({ type: 'transfer-leadership', to: follower.nodeId }, by, null)).outcome, 'done');
    await everywhere(cluster, [
      'pause-scheduling done',
      'resume-scheduling done',
      'drain-node done',
      'undrain-node done',
      'transfer-leadership done',
    ]);
    assert.notEqual(leaderOf(cluster).nodeId, nodeId);
  }));

test('a member that is not there is added with a warning; what consensus refuses is told with its reason, again under the same id', () =>
  withCluster(async (cluster) => {
    const { node } = followerOf(cluster);
    const add = { type: 'add-member', nodeId: 'n9', instance: 'i9', kind: 'learner' } as const;
    const added = await node.operate(add, by, null);
    assert.ok(added.outcome === 'done' && added.changed, JSON.stringify(added));
    assert.match(added.warning ?? '', /^n9 .*not heard within 2 s.*--join.*"remove"/);
    const promote = { type: 'promote-member', nodeId: 'n9' } as const;
    const refused = await node.operate(promote, by, requestId('p'));
    assert.ok(refused.outcome === 'refused' && /caught up/.test(refused.message), JSON.stringify(refused));
    assert.deepEqual(endOf(leaderOf(cluster), 'promote-member'), { kind: 'refused', reason: refused.message });
    assert.deepEqual(await leaderOf(cluster).node.operate(promote, by, requestId('p')), refused);
    await node.operate({ type: 'remove-member', nodeId: 'n9', acceptLostMajority: false }, by, null);
    await everywhere(cluster, ['add-member done', 'promote-member refused', 'remove-member done']);
  }));

test('a member that begins while it is waited for is added without a warning', () =>
  withCluster(async (cluster) => {
    const add = { type: 'add-member', nodeId: 'n4', instance: 'i4', kind: 'worker' } as const;
    const { node } = leaderOf(cluster);
    const asked = node.operate(add, by, null);
    await until(
      () => node.status().members.some(({ nodeId }) => nodeId === 'n4'),
      () => 'it is not added',
    );
    cluster.startEmpty('n4', 'i4');
    assert.deepEqual(await asked, { outcome: 'done', changed: true });
  }));

test('a leader that removes itself is said to be removed by the next one', () =>
  withCluster(async (cluster) => {
    const gone = leaderOf(cluster);
    const remove = { type: 'remove-member', nodeId: gone.nodeId, acceptLostMajority: false } as const;
    assert.equal((await gone.node.operate(remove, by, null)).outcome, 'done');
    const others = cluster.nodes().filter(({ nodeId }) => nodeId !== gone.nodeId);
    await until(
      () => others.every((one) => endOf(one, 'remove-member')?.kind === 'done'),
      () => others.map((one) => audited(one).join()).join(' | '),
    );
  }));

test('of what a leader did not live to tell, the next one says nothing', () =>
  withCluster(async (cluster) => {
    const leader = leaderOf(cluster);
    const silent = followerOf(cluster);
    cluster.network.cut(leader.self, silent.self);
    cluster.network.cut(silent.self, leader.self);
    // Audited and in force, and not answered before the silent one can send no more.
    void leader.node.operate({ type: 'pause-scheduling' }, by, null);
    await until(
      () => leader.node.status().schedulingPaused,
      () => 'it is not paused',
    );
    leader.kill();
    cluster.network.heal();
    await ready(cluster);
    taskIdOf(await create(leaderOf(cluster), '0 0 1 1 *'));
    await everywhere(cluster, ['pause-scheduling open']);
  }));

test('what one node did is told by that node and nobody else, through whoever leads', () =>
  withCluster(async (cluster) => {
    const [first, second] = cluster.nodes();
    assert.ok(first !== undefined && second !== undefined);
    const backUp = { type: 'back-up', nodeId: first.nodeId } as const;
    const refused = { kind: 'refused', reason: 'no room' } as const;
    // The same request was made of all nodes: the audit has the first one's.
    await first.node.operate(backUp, by, requestId('b'));
    const other = await second.node.operateHere({ ...backUp, nodeId: second.nodeId }, by, requestId('b'), async () => ({
      result: 'made',
      end: { kind: 'done' },
    }));
    assert.deepEqual(other, { audited: true, result: 'made' });
    taskIdOf(await create(second, '0 0 1 1 *'));
    assert.deepEqual(audited(leaderOf(cluster)), ['back-up open']);
    await first.node.operateHere(backUp, by, requestId('b'), async () => ({ result: null, end: refused }));
    await until(
      () => cluster.nodes().every((one) => endOf(one, 'back-up')?.kind === 'refused'),
      () => audited(first).join(),
    );
    assert.deepEqual(endOf(second, 'back-up'), refused);
  }));
