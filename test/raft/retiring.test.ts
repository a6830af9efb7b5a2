import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeId } from '../../src/raft/types.ts';
import { createCluster, elect, feed, nodeNamed, passSettling, roleNow, votersNamed } from './cluster/cluster.ts';

/** A member that is about to end leaves it to others to lead, for as long as there is somebody else. */

test('it does not campaign while others can, and waits for them several timeouts', () => {
  const cluster = createCluster(votersNamed('n1', 'n2', 'n3'));
  elect(cluster, 'n1');
  // The quickest of those that are left, were it not about to end.
  const ending = nodeNamed(cluster, 'n2');
  ending.random = 0;
  nodeNamed(cluster, 'n3').random = 0.99;
  feed(cluster, ending, { type: 'retire' });
  nodeNamed(cluster, 'n1').core = null;
  passSettling(cluster, 3_000);
  assert.equal(roleNow(cluster, 'n3'), 'leader');
  assert.equal(roleNow(cluster, 'n2'), 'follower');
});

test('it campaigns where nobody else does: better than none that leads', () => {
  const cluster = createCluster(votersNamed('n1', 'n2', 'n3'));
  elect(cluster, 'n1');
  feed(cluster, nodeNamed(cluster, 'n2'), { type: 'retire' });
  feed(cluster, nodeNamed(cluster, 'n3'), { type: 'retire' });
  nodeNamed(cluster, 'n1').core = null;
  passSettling(cluster, 1_000);
  assert.deepEqual([roleNow(cluster, 'n2'), roleNow(cluster, 'n3')], ['follower', 'follower']);
  passSettling(cluster, 4_000);
  assert.ok(roleNow(cluster, 'n2') === 'leader' || roleNow(cluster, 'n3') === 'leader');
});

test('asked to take over, it does not; the leader leads on when its time is up', () => {
  const cluster = createCluster(votersNamed('n1', 'n2', 'n3'));
  elect(cluster, 'n1');
  feed(cluster, nodeNamed(cluster, 'n2'), { type: 'retire' });
  feed(cluster, nodeNamed(cluster, 'n1'), { type: 'transfer', transferId: 1, to: 'n2' as NodeId });
  passSettling(cluster, 2_000);
  assert.equal(roleNow(cluster, 'n1'), 'leader');
  const settled = cluster.happened.flatMap((one) =>
    one.kind === 'effect' && one.effect.type === 'transfer-settled' ? [one.effect.outcome.kind] : [],
  );
  assert.deepEqual(settled, ['timed-out']);
});
