import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { type Finding, type FoundCluster, findCluster } from '../../src/node/finding-cluster.ts';
import type { Hail } from '../../src/raft/forming.ts';
import type { ClusterId, InstanceId, NodeId } from '../../src/raft/types.ts';
import { memberId } from '../../src/raft/types.ts';
import { createMemoryNetwork, type MemoryNetwork } from '../../src/transport/memory.ts';
import { until } from '../whole/serving.ts';

const peers = ['n1', 'n2', 'n3'].map((name) => name as NodeId);
const waitedFor: string[] = [];

function find(network: MemoryNetwork, nodeId: NodeId, instance = 'i1'): Finding {
  const self = { nodeId, instance: instance as InstanceId };
  return findCluster({
    self,
    peers,
    wants: 'found',
    transport: network.join(memberId(self.nodeId, self.instance)),
    clock: systemClock,
    digest: (text) => text,
    waiting: (nodeIds) => waitedFor.push(`${nodeId} for ${nodeIds.join()}`),
  });
}

test('three empty nodes find each other, and found the same cluster', async () => {
  const network = createMemoryNetwork();
  const [first, second, third] = await Promise.all(peers.map((peer) => find(network, peer).found));
  assert.ok(first?.configuration != null);
  assert.deepEqual(
    first.configuration.members.map(({ nodeId, kind }) => `${nodeId} ${kind}`),
    ['n1 voter', 'n2 voter', 'n3 voter'],
  );
  assert.deepEqual(second, first);
  assert.deepEqual(third, first);
});

test('with one missing nothing is founded, and it is said who is awaited', async () => {
  const network = createMemoryNetwork();
  const findings = [find(network, 'n1' as NodeId), find(network, 'n2' as NodeId)];
  await until(
    () => waitedFor.includes('n1 for n3') && waitedFor.includes('n2 for n3'),
    () => waitedFor.join('; '),
  );
  for (const finding of findings) finding.stop();
  assert.deepEqual(await Promise.all(findings.map(({ found }) => found)), [null, null]);
});

test('a member that answers tells of the cluster that is there', async () => {
  const network = createMemoryNetwork();
  const member = network.join(memberId('n2' as NodeId, 'i1' as InstanceId));
  const hail: Hail = {
    state: 'member',
    nodeId: 'n2' as NodeId,
    instance: 'i1' as InstanceId,
    clusterId: 'c7' as ClusterId,
  };
  member.listen({ received() {}, unreachable() {}, hailed: () => member.hail(hail) });
  const found: FoundCluster | null = await find(network, 'n1' as NodeId).found;
  assert.deepEqual(found, { clusterId: 'c7', configuration: null });
});
