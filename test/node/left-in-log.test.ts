import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeftInLog } from '../../src/node/left-in-log.ts';
import { NO_LEADER_WAIT_MS } from '../../src/node/limits.ts';
import type { PairResult } from '../../src/tasks/entry.ts';
import { until } from '../whole/serving.ts';
import { create, leaderOf, taskIdOf, withCluster } from './cluster-steps.ts';
import type { ClusterNode, MemoryCluster } from './memory-cluster.ts';

const APPLIED: PairResult = { applied: true };
const FAILED: PairResult = { applied: false, failed: { type: 'key-is-free', key: 'k' } };

/** Two pairs in entry 7 of term 3, and one in entry 8. */
function threeLeft(): { readonly left: LeftInLog; readonly told: string[] } {
  const left = new LeftInLog();
  const told: string[] = [];
  for (const [index, at] of [
    [7, 0],
    [7, 1],
    [8, 0],
  ] as const) {
    const name = `${index}.${at}`;
    left.add({
      index,
      term: 3,
      at,
      done: ({ applied }) => told.push(`${name} ${applied ? 'done' : 'a no-op'}`),
      neverDone: () => told.push(`${name} never`),
      doubt: () => told.push(`${name} unknown`),
    });
  }
  return { left, told };
}

test('what commits at its index in its term was done, each pair as it was applied', () => {
  const { left, told } = threeLeft();
  left.committed(6, 3, []);
  assert.deepEqual(told, []);
  left.committed(7, 3, [APPLIED, FAILED]);
  assert.deepEqual(told, ['7.0 done', '7.1 a no-op']);
  left.committed(8, 3, [APPLIED]);
  assert.deepEqual(told, ['7.0 done', '7.1 a no-op', '8.0 done']);
  assert.ok(left.isEmpty);
});

test('raft.md, case 22: another entry at its index, of whatever term, or one of a later term before it: it will never be done', () => {
  const replaced = threeLeft();
  replaced.left.committed(7, 2, [APPLIED, APPLIED]);
  // Of an earlier term, it says nothing yet of what stood behind.
  assert.deepEqual(replaced.told, ['7.0 never', '7.1 never']);
  const cut = threeLeft();
  cut.left.committed(6, 4, []);
  assert.deepEqual(cut.told, ['7.0 never', '7.1 never', '8.0 never']);
  assert.ok(cut.left.isEmpty);
});

test('nothing is told while nobody leads: after a while that is said', () => {
  const { left, told } = threeLeft();
  left.look(false, 1_000);
  left.look(true, 2_000);
  left.look(false, 3_000);
  left.look(false, 3_000 + NO_LEADER_WAIT_MS - 1);
  assert.deepEqual(told, []);
  left.look(false, 3_000 + NO_LEADER_WAIT_MS);
  assert.deepEqual(told, ['7.0 unknown', '7.1 unknown', '8.0 unknown']);
  assert.ok(left.isEmpty);
});

test('a snapshot in place of the log leaves it unknown', () => {
  const { left, told } = threeLeft();
  left.doubtAll();
  assert.deepEqual(told, ['7.0 unknown', '7.1 unknown', '8.0 unknown']);
  assert.ok(left.isEmpty);
});

const othersOf = (cluster: MemoryCluster, { nodeId }: ClusterNode): readonly ClusterNode[] =>
  cluster.nodes().filter((one) => one.nodeId !== nodeId);

const creationsIn = (node: ClusterNode): number =>
  node
    .entries()
    .flatMap(({ pairs }) => pairs.flatMap(({ events }) => events))
    .filter(({ type }) => type === 'TaskCreated').length;

const anotherLeads = (cluster: MemoryCluster, before: ClusterNode): Promise<void> =>
  until(
    () => othersOf(cluster, before).some(({ node }) => node.status().role === 'leader'),
    () => 'nobody else leads',
  );

test('a leader that is deposed answers what it had in its log when the next has committed it, once', () =>
  withCluster(async (cluster) => {
    const before = leaderOf(cluster);
    // It is heard, and hears nothing.
    for (const other of othersOf(cluster, before)) cluster.network.cut(other.self, before.self);
    const answer = create(before, '0 0 1 1 *');
    await until(
      () => othersOf(cluster, before).every((other) => creationsIn(other) === 1),
      () => 'the others do not have it',
    );
    await anotherLeads(cluster, before);
    cluster.network.heal();
    taskIdOf(await answer);
    for (const node of cluster.nodes()) assert.equal(creationsIn(node), 1);
  }));

test('what nobody else had is decided again by the next leader, and done once', () =>
  withCluster(async (cluster) => {
    const before = leaderOf(cluster);
    for (const other of othersOf(cluster, before)) {
      cluster.network.cut(other.self, before.self);
      cluster.network.cut(before.self, other.self);
    }
    const answer = create(before, '0 0 1 1 *');
    await until(
      () => creationsIn(before) === 1,
      () => 'it is not in the log',
    );
    await anotherLeads(cluster, before);
    cluster.network.heal();
    const taskId = taskIdOf(await answer);
    await until(
      () => cluster.nodes().every((node) => creationsIn(node) === 1),
      () => JSON.stringify(cluster.nodes().map(creationsIn)),
    );
    const read = await before.node.readTask(taskId);
    assert.ok(read.ok && read.value?.taskId === taskId);
  }));
