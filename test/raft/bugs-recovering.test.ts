import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  createCluster,
  deliver,
  diskWrites,
  elect,
  feed,
  nodeNamed,
  pass,
  roleNow,
  settle,
  votersNamed,
} from './cluster/cluster.ts';
import { loseLogAfter } from './cluster/disk.ts';
import { effectsOf } from './cluster/effects.ts';
import { crash, memberOf, running, start } from './cluster/node.ts';
import { proposals } from './cluster/say.ts';

describe('case 30: a lost or damaged log tail, and the node votes as if whole', () => {
  test('one that lost its log is whole again for its leader too, however steadily writes come', () => {
    const cluster = createCluster(votersNamed('n1', 'n2', 'n3'));
    elect(cluster, 'n1');
    const leader = nodeNamed(cluster, 'n1');
    const loser = nodeNamed(cluster, 'n3');
    feed(cluster, leader, proposals('a', 'b', 'c'));
    settle(cluster);
    crash(loser);
    loseLogAfter(loser.disk, 2);
    start(loser);
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
