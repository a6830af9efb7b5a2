import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { add, change, remove } from './cluster/change.ts';
import {
  type Cluster,
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
import { crash, running, start } from './cluster/node.ts';
import { proposals } from './cluster/say.ts';

/**
 * raft.md, case 30, of a member that was removed and added again. n1, n2 and n5 have committed an entry that n3 and n4 never saw. Then
 * n5 loses its end, back to the entry that removed it. It must not vote, whatever it takes itself for.
 */
function lostBackToItsRemoval(guardKnows: boolean): Cluster {
  const cluster = createCluster(votersNamed('n1', 'n2', 'n3', 'n4', 'n5'));
  elect(cluster, 'n1');
  const leader = nodeNamed(cluster, 'n1');
  const loser = nodeNamed(cluster, 'n5');
  feed(cluster, leader, proposals('a'));
  passSettling(cluster, 100);
  assert.equal(change(cluster, 'n1', remove('n5'), 400)?.kind, 'done');
  const removedAt = running(loser).log.lastIndex;
  assert.equal(change(cluster, 'n1', add('learner', 'n5'), 1_000)?.kind, 'done');
  passSettling(cluster, 1_000);
  part(cluster, ['n3', 'n4'], ['n1', 'n2', 'n5']);
  feed(cluster, leader, proposals('precious'));
  for (let round = 0; round < 6; round += 1) {
    for (const node of cluster.nodes.values()) diskWrites(cluster, node);
    deliver(cluster);
  }
  assert.equal(running(leader).commitIndex, running(leader).log.lastIndex);
  crash(loser);
  loseLogAfter(loser.disk, removedAt);
  // Its state was flushed some entries before.
  loser.disk.appliedIndex = removedAt - 2;
  cluster.inFlight = [];
  start(loser, guardKnows);
  return cluster;
}

/** Those that have the entry are gone, but for the one that lost it. */
function othersAskForVotes(cluster: Cluster): void {
  cluster.inFlight = [];
  cluster.cut.clear();
  for (const name of ['n1', 'n2']) crash(nodeNamed(cluster, name));
  for (let passed = 0; passed < 800; passed += 20) pass(cluster, 20);
  cluster.inFlight = [];
  timeOut(cluster, nodeNamed(cluster, 'n3'));
  settle(cluster);
}

describe('case 30, of a member that was removed and added again', () => {
  test('one that recovers is not removed by what it reads on the way, and has no vote', () => {
    const cluster = lostBackToItsRemoval(true);
    assert.equal(roleNow(cluster, 'n5'), 'recovering');
    pass(cluster, 80);
    deliver(cluster, ({ type, to }) => type === 'heartbeat' && to.startsWith('n5'));
    othersAskForVotes(cluster);
    assert.equal(roleNow(cluster, 'n5'), 'recovering');
    assert.notEqual(roleNow(cluster, 'n3'), 'leader');
  });

  test('one that takes itself for removed recovers all the same when its leader says what it lost', () => {
    const cluster = lostBackToItsRemoval(false);
    let told = 0;
    for (let round = 0; round < 6; round += 1) {
      pass(cluster, 40);
      deliver(cluster, (message) => {
        if (message.type === 'heartbeat' && message.to.startsWith('n5') && message.logLost) told += 1;
        return message.type === 'heartbeat' || message.type === 'heartbeat-answer';
      });
      // What would bring it up to date is lost.
      cluster.inFlight = cluster.inFlight.filter(({ type }) => type.startsWith('heartbeat'));
    }
    assert.ok(told > 0);
    othersAskForVotes(cluster);
    assert.equal(roleNow(cluster, 'n5'), 'recovering');
    assert.notEqual(roleNow(cluster, 'n3'), 'leader');
  });

  test('once it is whole again, it is what the newest configuration says', () => {
    const cluster = lostBackToItsRemoval(true);
    cluster.cut.clear();
    passSettling(cluster, 2_000);
    assert.equal(roleNow(cluster, 'n5'), 'follower');
    assert.equal(running(nodeNamed(cluster, 'n5')).commitIndex, running(nodeNamed(cluster, 'n1')).commitIndex);
  });
});
