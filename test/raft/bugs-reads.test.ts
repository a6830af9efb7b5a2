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
  votersNamed,
} from './cluster/cluster.ts';
import { effectsOf } from './cluster/effects.ts';
import { TIMINGS } from './cluster/node.ts';
import { proposals } from './cluster/say.ts';

describe('case 19: a late heartbeat answer confirms a newer read', () => {
  test('nor does an answer from before, when a stalled disk keeps the leader from asking anew', () => {
    const cluster = createCluster(votersNamed('n1', 'n2', 'n3'));
    elect(cluster, 'n1');
    passSettling(cluster, 160);
    const leader = nodeNamed(cluster, 'n1');
    leader.diskStalls = true;
    feed(cluster, leader, proposals('a'));
    settle(cluster);
    tick(cluster, leader, TIMINGS.electionTimeoutMinMs);
    assert.equal(roleNow(cluster, 'n1'), 'leader');
    feed(cluster, leader, { type: 'read', readIds: [1] });
    feed(cluster, leader);
    assert.deepEqual(effectsOf(cluster, 'n1', 'read-ready'), []);
    // Its followers hear nothing any more, and it steps down: the read does not hang.
    tick(cluster, leader, TIMINGS.electionTimeoutMinMs);
    assert.deepEqual(effectsOf(cluster, 'n1', 'read-refused'), [{ type: 'read-refused', readIds: [1], leader: null }]);
  });
});
