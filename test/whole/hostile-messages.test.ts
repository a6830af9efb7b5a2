import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { connect, type Msg } from 'nats';
import { batchOf } from '../contract/transport.ts';
import { frameOf } from '../transport/frames.ts';
import { createTask, readJson, YEARLY } from './client.ts';
import { clusterSeenBy, openNatsCluster } from './nats-cluster.ts';
import { type Serving, until } from './serving.ts';

const SECRET = 'what-only-the-nodes-know';

async function droppedBy({ url }: Serving): Promise<Readonly<Record<string, number>>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const found = [...text.matchAll(/^xcron_transport_dropped_total\{cause="([\w-]+)"\} (\d+)$/gm)];
  return Object.fromEntries(found.map(([, cause = '', count]) => [cause, Number(count)]));
}

test('a stranger on the NATS server who listens, repeats, forges and floods changes nothing', async () => {
  const cluster = await openNatsCluster(['n1', 'n2', 'n3'], { XCRON_CLUSTER_SECRET: SECRET });
  const stranger = await connect({ servers: cluster.nats.url });
  try {
    const leader = await cluster.leader();
    const before = await clusterSeenBy(cluster.node(leader));
    const { taskId } = await createTask(cluster.node(leader).url, YEARLY);
    const heard: Msg[] = [];
    stranger.subscribe('xcron.demo.>', { callback: (_error, message) => heard.push(message) });
    await until(
      () => heard.length > 60,
      () => 'the nodes are silent',
    );

    const [, victim = ''] = [...cluster.nodes.keys()].sort();
    const told = heard.filter(({ subject }) => subject.includes(`.${victim}.`));
    for (const { subject, data } of told) {
      stranger.publish(subject, data);
      stranger.publish(subject, data.subarray(0, data.length - 1));
      stranger.publish(subject.replace('.raft.', '.bulk.'), data);
      stranger.publish(subject.replace(/\.0\.\w+\./, '.0.all.'), data);
      for (const other of cluster.nodes.keys()) stranger.publish(`xcron.demo.raft.0.${victim}.${other}`, data);
    }
    const vote = { from: 'n3/x', to: 'n2/x', type: 'vote', term: 1_000, lastIndex: 9, lastTerm: 9, transfer: true };
    for (const [clusterId, secret] of [
      [before.cluster_id, null],
      [before.cluster_id, `${SECRET}?`],
      ['another', SECRET],
    ] as const) {
      const frame = frameOf(batchOf([vote as never]), { clusterId: clusterId as never, secret, incarnation: 2 ** 50 });
      for (const nodeId of cluster.nodes.keys()) {
        stranger.publish(`xcron.demo.raft.0.${nodeId}.n1`, frame);
        stranger.publish(`xcron.demo.raft.0.all.n1`, frame);
      }
    }
    for (const bytes of [0, 1, 40, 41, 1_000, 1_024 * 1_024]) {
      stranger.publish(`xcron.demo.raft.0.${victim}.n1`, randomBytes(bytes));
      stranger.publish(`xcron.demo.raft.0.${victim}.n9`, randomBytes(bytes));
    }
    await stranger.flush();

    const node = cluster.node(victim);
    await until(
      async () => {
        const { forged = 0, garbled = 0, stale = 0 } = await droppedBy(node);
        return forged >= 5 * told.length && garbled >= 12 && stale >= told.length / 2;
      },
      async () => JSON.stringify(await droppedBy(node)),
    );
    for (const one of cluster.nodes.values()) {
      const { term, leader_id, cluster_id } = await clusterSeenBy(one);
      assert.deepEqual(
        { term, leader_id, cluster_id },
        {
          term: before.term,
          leader_id: before.leader_id,
          cluster_id: before.cluster_id,
        },
      );
      assert.equal((await readJson(`${one.url}/v1/tasks/${taskId}`)).status, 200);
      assert.equal((await createTask(one.url, YEARLY)).status, 201);
      // Said once, however often it happens, and never with the secret (I11).
      const said = one.output().match(/dropped what came over NATS/g) ?? [];
      assert.ok(said.length < 40, `${said.length} lines`);
      assert.doesNotMatch(one.output(), new RegExp(SECRET));
    }
  } finally {
    await stranger.close();
    await cluster.close();
  }
});
