import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  createCluster,
  deliver,
  diskWrites,
  elect,
  feed,
  nodeNamed,
  part,
  pass,
  passSettling,
  roleNow,
  settle,
  timeOut,
  votersNamed,
} from './cluster/cluster.ts';
import { loseLogAfter } from './cluster/disk.ts';
import { effectsOf } from './cluster/effects.ts';
import { crash, memberOf, running, start } from './cluster/node.ts';
import { append, heartbeat, ofType, preVote, proposals, requestVote, restartWith, take, tell } from './cluster/say.ts';

/** Bugs that shipped in other implementations, by their numbers: a log that lost its end. */

const three = () => createCluster(votersNamed('n1', 'n2', 'n3'));

/** n1 leads, four entries are committed everywhere; then n3 loses all after the second, and is started again. */
function afterLoss(guardKnows: boolean) {
  const cluster = three();
  elect(cluster, 'n1');
  feed(cluster, nodeNamed(cluster, 'n1'), proposals('a', 'b', 'c'));
  settle(cluster);
  const loser = nodeNamed(cluster, 'n3');
  crash(loser);
  loseLogAfter(loser.disk, 2);
  start(loser, guardKnows);
  return { cluster, leader: nodeNamed(cluster, 'n1'), loser };
}

describe('case 30: a lost or damaged log tail, and the node votes as if whole', () => {
  test('known from its guard file: it neither votes nor campaigns', () => {
    const { cluster, loser } = afterLoss(true);
    assert.equal(ofType(tell(cluster, 'n3', 'n2', 1, preVote(2, 9, 1)), 'pre-vote-answer')[0]?.granted, false);
    assert.equal(ofType(tell(cluster, 'n3', 'n2', 2, requestVote(9, 1)), 'vote-answer')[0]?.granted, false);
    assert.equal(loser.disk.hardState.votedFor, null);
    timeOut(cluster, loser);
    tell(cluster, 'n3', 'n1', 2, { type: 'timeout-now' });
    assert.equal(roleNow(cluster, 'n3'), 'recovering');
    assert.deepEqual(take(cluster, 'n3'), []);
  });

  test('it is whole when it holds, on disk, all that the leader’s log held when that first spoke to it', () => {
    const cluster = three();
    const node = restartWith(cluster, 'n3', [1, 1]);
    start(node, true);
    tell(cluster, 'n3', 'n1', 1, heartbeat(1, 0, 4));
    tell(cluster, 'n3', 'n1', 1, append(2, 1, [1]));
    assert.equal(roleNow(cluster, 'n3'), 'recovering');
    node.diskStalls = true;
    tell(cluster, 'n3', 'n1', 1, append(3, 1, [1]));
    tell(cluster, 'n3', 'n1', 1, heartbeat(2, 0, 4));
    assert.equal(roleNow(cluster, 'n3'), 'recovering', 'what is not on disk may be lost again');
    diskWrites(cluster, node);
    assert.equal(roleNow(cluster, 'n3'), 'follower');
  });

  test('a log that is long, and not known to be the leader’s, is not whole', () => {
    const cluster = three();
    const node = restartWith(cluster, 'n3', [1, 1, 1, 1]);
    start(node, true);
    tell(cluster, 'n3', 'n1', 2, heartbeat(1, 0, 3));
    tell(cluster, 'n3', 'n1', 2, append(1, 1, [1]));
    tell(cluster, 'n3', 'n1', 2, heartbeat(2, 0, 3));
    assert.equal(roleNow(cluster, 'n3'), 'recovering');
    tell(cluster, 'n3', 'n1', 2, append(2, 1, [2]));
    assert.equal(roleNow(cluster, 'n3'), 'follower');
  });

  test('a new leader, which holds no acknowledgement, learns it from the node itself', () => {
    const cluster = three();
    elect(cluster, 'n1');
    const leader = nodeNamed(cluster, 'n1');
    pass(cluster, 80);
    take(cluster, 'n1');
    tell(cluster, 'n1', 'n3', 1, {
      ...{ type: 'heartbeat-answer', round: running(leader).round, durableIndex: 1, appliedIndex: 1 },
      ...{ recovering: true, featureLevel: 1 },
    });
    feed(cluster, leader, proposals('a'));
    take(cluster, 'n1');
    diskWrites(cluster, leader);
    tell(cluster, 'n1', 'n3', 1, { type: 'appended', matchIndex: 2 });
    assert.equal(running(leader).commitIndex, 1);
    tell(cluster, 'n1', 'n2', 1, { type: 'appended', matchIndex: 2 });
    assert.equal(running(leader).commitIndex, 2);
  });

  test('a leader of a later term measures anew', () => {
    const cluster = three();
    const node = restartWith(cluster, 'n3', [1, 1]);
    start(node, true);
    tell(cluster, 'n3', 'n1', 1, heartbeat(1, 0, 3));
    tell(cluster, 'n3', 'n2', 2, heartbeat(1, 0, 5));
    tell(cluster, 'n3', 'n2', 2, append(2, 1, [1]));
    assert.equal(roleNow(cluster, 'n3'), 'recovering');
    tell(cluster, 'n3', 'n2', 2, append(3, 1, [1, 2]));
    assert.equal(roleNow(cluster, 'n3'), 'follower');
  });

  test('while it recovers, what it acknowledges counts for no commit', () => {
    const { cluster, leader } = afterLoss(true);
    part(cluster, ['n2'], ['n1', 'n3']);
    // Its heartbeat is answered before any append of this turn is.
    pass(cluster, 80);
    deliver(cluster);
    deliver(cluster);
    const { commitIndex } = running(leader);
    feed(cluster, leader, proposals('d'));
    diskWrites(cluster, leader);
    take(cluster, 'n1');
    tell(cluster, 'n1', 'n3', 1, { type: 'appended', matchIndex: running(leader).log.lastIndex });
    assert.equal(running(leader).commitIndex, commitIndex);
  });

  test('found by the leader, which holds an acknowledgement for more: it learns of it, and is not counted till then', () => {
    const { cluster, leader } = afterLoss(false);
    assert.equal(roleNow(cluster, 'n3'), 'follower');
    part(cluster, ['n2'], ['n1', 'n3']);
    pass(cluster, 80);
    deliver(cluster);
    deliver(cluster);
    assert.notEqual(running(leader).leading?.peers.get(memberOf('n3'))?.wholeFromIndex, null);
    assert.equal(running(leader).leading?.peers.get(memberOf('n3'))?.matchIndex, 0);
    passSettling(cluster, 300);
    const roles = effectsOf(cluster, 'n3', 'role-changed').map(({ role }) => role);
    assert.deepEqual(roles.slice(-2), ['recovering', 'follower']);
    assert.equal(running(leader).leading?.peers.get(memberOf('n3'))?.wholeFromIndex, null);
  });

  test('two of three that recover elect nobody; the third cannot win without them', () => {
    const cluster = three();
    for (const name of ['n1', 'n2', 'n3']) restartWith(cluster, name, [1, 1]);
    for (const name of ['n2', 'n3']) start(nodeNamed(cluster, name), true);
    passSettling(cluster, 5_000);
    assert.ok(['n1', 'n2', 'n3'].every((name) => roleNow(cluster, name) !== 'leader'));
  });

  test('one that lost its log is whole again for its leader too, however steadily writes come', () => {
    const { cluster, leader } = afterLoss(false);
    for (let turn = 0; turn < 60; turn += 1) {
      // Appends and heartbeats are always under way, and the disks always behind.
      feed(cluster, leader, proposals('x'));
      pass(cluster, 20);
      deliver(cluster);
      for (const node of cluster.nodes.values()) diskWrites(cluster, node);
    }
    const recovering = effectsOf(cluster, 'n3', 'role-changed').filter(({ role }) => role === 'recovering');
    assert.equal(recovering.length, 1, 'it learns of its loss, and once');
    assert.equal(roleNow(cluster, 'n3'), 'follower');
    assert.equal(running(leader).leading?.peers.get(memberOf('n3'))?.wholeFromIndex, null);
  });
});
