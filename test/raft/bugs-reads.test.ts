import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  createCluster,
  elect,
  feed,
  nodeNamed,
  passSettling,
  roleNow,
  settle,
  tick,
  timeOut,
  votersNamed,
} from './cluster/cluster.ts';
import { effectsOf } from './cluster/effects.ts';
import { running, TIMINGS } from './cluster/node.ts';
import { ofType, proposals, restartWith, take, tell } from './cluster/say.ts';

/** Bugs that shipped in other implementations, by their numbers: linearizable reads (thesis §6.4). */

const three = () => createCluster(votersNamed('n1', 'n2', 'n3'));
const read = (readId: number) => ({ type: 'read', readIds: [readId] }) as const;
const answered = (round: number) =>
  ({
    type: 'heartbeat-answer',
    round,
    durableIndex: 9,
    appliedIndex: 1,
    recovering: false,
    featureLevel: 1,
  }) as const;

test('case 18: a new leader serves a read before its first commit: it waits for that', () => {
  const cluster = three();
  const leader = restartWith(cluster, 'n1', [1, 1], 1);
  timeOut(cluster, leader);
  tell(cluster, 'n1', 'n2', 1, { type: 'pre-vote-answer', forTerm: 2, granted: true });
  tell(cluster, 'n1', 'n2', 2, { type: 'vote-answer', granted: true });
  assert.equal(roleNow(cluster, 'n1'), 'leader');
  feed(cluster, leader, read(1));
  tick(cluster, leader, TIMINGS.heartbeatMs);
  tell(cluster, 'n1', 'n2', 2, answered(running(leader).round));
  assert.deepEqual(effectsOf(cluster, 'n1', 'read-ready'), [], 'its round is confirmed, its commit index is not known');
  tell(cluster, 'n1', 'n2', 2, { type: 'appended', matchIndex: 3 });
  tell(cluster, 'n1', 'n2', 2, answered(running(leader).round));
  assert.deepEqual(effectsOf(cluster, 'n1', 'read-ready'), [{ type: 'read-ready', readIds: [1], index: 3 }]);
});

describe('case 19: a late heartbeat answer confirms a newer read', () => {
  test('only one to the round that began for it does', () => {
    const cluster = three();
    elect(cluster, 'n1');
    const leader = nodeNamed(cluster, 'n1');
    tick(cluster, leader, TIMINGS.heartbeatMs);
    const [before] = ofType(take(cluster, 'n1'), 'heartbeat');
    feed(cluster, leader, read(1));
    const [beat] = ofType(take(cluster, 'n1'), 'heartbeat');
    assert.ok(before !== undefined && beat !== undefined && beat.round > before.round);
    for (const name of ['n2', 'n3']) tell(cluster, 'n1', name, 1, answered(before.round));
    assert.deepEqual(effectsOf(cluster, 'n1', 'read-ready'), []);
    tell(cluster, 'n1', 'n2', 1, answered(beat.round));
    assert.deepEqual(effectsOf(cluster, 'n1', 'read-ready'), [{ type: 'read-ready', readIds: [1], index: 1 }]);
  });

  test('answers that overtake each other take nothing back, and confirm nothing later', () => {
    const cluster = three();
    elect(cluster, 'n1');
    const leader = nodeNamed(cluster, 'n1');
    feed(cluster, leader, read(1));
    const first = running(leader).round;
    // It comes while a round is running, and waits for the next.
    feed(cluster, leader, read(2));
    tell(cluster, 'n1', 'n2', 1, answered(first));
    tell(cluster, 'n1', 'n3', 1, answered(first));
    const ready = () => effectsOf(cluster, 'n1', 'read-ready').flatMap(({ readIds }) => readIds);
    assert.deepEqual(ready(), [1]);
    tell(cluster, 'n1', 'n3', 1, answered(first + 1));
    tell(cluster, 'n1', 'n3', 1, answered(first));
    assert.deepEqual(ready(), [1, 2]);
  });

  test('a later answer of a voter is not undone by an earlier one that comes after it', () => {
    const cluster = createCluster(votersNamed('n1', 'n2', 'n3', 'n4', 'n5'));
    elect(cluster, 'n1');
    const leader = nodeNamed(cluster, 'n1');
    tick(cluster, leader, TIMINGS.heartbeatMs);
    feed(cluster, leader, read(1));
    const { round } = running(leader);
    tell(cluster, 'n1', 'n2', 1, answered(round));
    tell(cluster, 'n1', 'n2', 1, answered(round - 1));
    tell(cluster, 'n1', 'n3', 1, answered(round));
    assert.equal(effectsOf(cluster, 'n1', 'read-ready').length, 1);
  });

  test('nor does an answer from before, when a stalled disk keeps the leader from asking anew', () => {
    const cluster = three();
    elect(cluster, 'n1');
    passSettling(cluster, 160);
    const leader = nodeNamed(cluster, 'n1');
    leader.diskStalls = true;
    feed(cluster, leader, proposals('a'));
    settle(cluster);
    tick(cluster, leader, TIMINGS.electionTimeoutMinMs);
    assert.equal(roleNow(cluster, 'n1'), 'leader');
    feed(cluster, leader, read(1));
    feed(cluster, leader);
    assert.deepEqual(effectsOf(cluster, 'n1', 'read-ready'), []);
    // Its followers hear nothing any more, and it steps down: the read does not hang.
    tick(cluster, leader, TIMINGS.electionTimeoutMinMs);
    assert.deepEqual(effectsOf(cluster, 'n1', 'read-refused'), [{ type: 'read-refused', readIds: [1], leader: null }]);
  });

  test('a follower’s read that is answered too late was refused, and is not answered twice', () => {
    const cluster = three();
    elect(cluster, 'n1');
    const follower = nodeNamed(cluster, 'n2');
    feed(cluster, follower, read(1));
    take(cluster, 'n2');
    tick(cluster, follower, TIMINGS.electionTimeoutMaxMs);
    assert.deepEqual(effectsOf(cluster, 'n2', 'read-refused')[0]?.readIds, [1]);
    tell(cluster, 'n2', 'n1', 1, { type: 'read-index-answer', readIds: [1], index: 1 });
    assert.deepEqual(effectsOf(cluster, 'n2', 'read-ready'), []);
  });
});
