import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeId } from '../../src/raft/types.ts';
import {
  type Cluster,
  createCluster,
  elect,
  feed,
  nodeNamed,
  passSettling,
  roleNow,
  votersNamed,
} from './cluster/cluster.ts';
import { memberOf, running, TIMINGS } from './cluster/node.ts';

/** Whose silence it is: that of the leader before this one, or that of a node which stood still itself and heard nobody. */

const knownBy = (cluster: Cluster, name: string, of: string) => {
  const core = running(nodeNamed(cluster, name));
  const progress = core.leading?.peers.get(memberOf(of));
  assert.ok(progress !== undefined, `${name} leads, and ${of} is a peer`);
  return { silentMs: core.monotonicMs - progress.heardAtMs, hasAnswered: progress.hasAnswered };
};

test('a leader that died has been silent since its last word, and not only since the next one leads', () => {
  const cluster = createCluster(votersNamed('n1', 'n2', 'n3'));
  elect(cluster, 'n1');
  passSettling(cluster, 1_000);
  nodeNamed(cluster, 'n1').core = null;
  passSettling(cluster, 2 * TIMINGS.electionTimeoutMaxMs);
  const next = roleNow(cluster, 'n2') === 'leader' ? 'n2' : 'n3';
  assert.equal(roleNow(cluster, next), 'leader');
  const { silentMs, hasAnswered } = knownBy(cluster, next, 'n1');
  assert.ok(silentMs >= 2 * TIMINGS.electionTimeoutMaxMs - TIMINGS.heartbeatMs, `silent for ${silentMs} ms`);
  assert.equal(hasAnswered, false);
  const other = knownBy(cluster, next, next === 'n2' ? 'n3' : 'n2');
  assert.ok(other.silentMs <= 2 * TIMINGS.heartbeatMs, `silent for ${other.silentMs} ms`);
  assert.equal(other.hasAnswered, true);
});

test('a leader that handed over was heard a moment ago', () => {
  const cluster = createCluster(votersNamed('n1', 'n2', 'n3'));
  elect(cluster, 'n1');
  passSettling(cluster, 5_000);
  feed(cluster, nodeNamed(cluster, 'n1'), { type: 'transfer', transferId: 1, to: 'n2' as NodeId });
  passSettling(cluster, TIMINGS.heartbeatMs);
  assert.equal(roleNow(cluster, 'n2'), 'leader');
  assert.ok(knownBy(cluster, 'n2', 'n1').silentMs <= 2 * TIMINGS.heartbeatMs);
});

test('who led before this one’s first term is nobody’s leader before its second', () => {
  const cluster = createCluster(votersNamed('n1', 'n2', 'n3'));
  elect(cluster, 'n1');
  feed(cluster, nodeNamed(cluster, 'n1'), { type: 'transfer', transferId: 1, to: 'n2' as NodeId });
  passSettling(cluster, 5_000);
  assert.equal(roleNow(cluster, 'n2'), 'leader');
  // It leads no more, for want of a quorum; nobody else did meanwhile.
  cluster.cut.add('n1>n2').add('n3>n2');
  passSettling(cluster, 2 * TIMINGS.electionTimeoutMaxMs);
  assert.notEqual(roleNow(cluster, 'n2'), 'leader');
  assert.equal(running(nodeNamed(cluster, 'n2')).leaderHeard, null);
});

test('a node that stood still listens only from then on', () => {
  const cluster = createCluster(votersNamed('n1', 'n2', 'n3'));
  elect(cluster, 'n1');
  const core = running(nodeNamed(cluster, 'n1'));
  const began = core.monotonicMs;
  passSettling(cluster, 1_000);
  assert.ok(core.listensSinceMs <= began, 'ticks follow each other');
  passSettling(cluster, 600, 600);
  assert.equal(core.listensSinceMs, core.monotonicMs);
  const since = core.monotonicMs;
  passSettling(cluster, 1_000);
  assert.equal(core.listensSinceMs, since);
});
