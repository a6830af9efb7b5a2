import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startNatsServer } from '../../ops/scripts/nats-server.ts';
import { CONNECT_TIMEOUT_MS } from '../../src/transport/limits.ts';
import { createTask, readJson, YEARLY } from './client.ts';
import { clusterSeenBy, type NatsCluster, openNatsCluster } from './nats-cluster.ts';
import { serve, until } from './serving.ts';
import { openSink, type Sink } from './sink.ts';

/** Three processes on a real nats-server: what the README's three lines show. */
describe('three nodes over NATS', () => {
  let cluster: NatsCluster;
  let sink: Sink;
  before(async () => {
    [cluster, sink] = await Promise.all([openNatsCluster(['n1', 'n2', 'n3']), openSink()]);
  });
  after(async () => {
    await cluster.close();
    await sink.close();
  });

  test('a task created on any node is read on every other at once', async () => {
    const nodes = [...cluster.nodes.values()];
    for (const node of nodes) {
      const { status, taskId } = await createTask(node.url, YEARLY);
      assert.equal(status, 201);
      for (const other of nodes) assert.equal((await readJson(`${other.url}/v1/tasks/${taskId}`)).status, 200);
    }
    const seen = await Promise.all(nodes.map(clusterSeenBy));
    assert.equal(new Set(seen.map(({ cluster_id }) => cluster_id)).size, 1);
  });

  test('every node says of every member where it is, how far, and that it lives', async () => {
    const urls = Object.fromEntries([...cluster.nodes].map(([nodeId, { url }]) => [nodeId, url]));
    for (const node of cluster.nodes.values()) {
      await until(
        async () => {
          const { members, leader_id } = await clusterSeenBy(node);
          return members.every(
            ({ node_id, kind, role, http_url, match_index, lag_ms, alive }) =>
              kind === 'voter' &&
              http_url === urls[node_id] &&
              (match_index ?? 0) > 0 &&
              lag_ms !== null &&
              alive &&
              (role === 'leader') === (node_id === leader_id),
          );
        },
        async () => JSON.stringify(await clusterSeenBy(node)),
      );
    }
  });

  test('the leader is killed before a task is due: the callback comes, once, and the leader comes back', async () => {
    const leader = await cluster.leader();
    const dueAtMs = Math.ceil(Date.now() / 1_000) * 1_000 + 1_000;
    const schedule = new Date(dueAtMs).toISOString();
    const { status, taskId } = await createTask(cluster.node(leader).url, {
      schedule,
      callback: { url: sink.url, body: { hello: 'cluster' } },
    });
    assert.equal(status, 201);
    await cluster.kill(leader, 'SIGKILL');
    await until(
      () => sink.taskIds.has(taskId),
      () => 'no callback',
    );
    assert.deepEqual(
      sink.received.map(({ body, scheduledAtMs }) => ({ body, scheduledAtMs })),
      [{ body: '{"hello":"cluster"}', scheduledAtMs: dueAtMs }],
    );
    for (const node of cluster.nodes.values()) {
      const aliveOf = async () => (await clusterSeenBy(node)).members.map(({ node_id, alive }) => [node_id, alive]);
      await until(
        async () => (await aliveOf()).every(([nodeId, alive]) => alive === (nodeId !== leader)),
        async () => JSON.stringify(await aliveOf()),
      );
    }
    const back = await cluster.start(leader);
    assert.equal((await readJson(`${back.url}/v1/tasks/${taskId}`)).status, 200);
  });

  test('two of three are dead: writes are refused in time, stale reads go on, and all recovers with one of them', async () => {
    const leader = await cluster.leader();
    const { taskId } = await createTask(cluster.node(leader).url, YEARLY);
    const [survivor = '', other = ''] = [...cluster.nodes.keys()].filter((nodeId) => nodeId !== leader);
    const { url } = cluster.node(survivor);
    assert.equal((await readJson(`${url}/v1/tasks/${taskId}`)).status, 200);
    await Promise.all([cluster.kill(leader, 'SIGKILL'), cluster.kill(other, 'SIGKILL')]);
    await until(
      async () =>
        (await readJson<{ reason: string | null }>(`${url}/readyz`)).value.reason?.startsWith(
          'waiting for a leader: ',
        ) === true,
      () => 'the survivor still believes in its leader',
    );

    const askedAtMs = performance.now();
    const refused = await fetch(`${url}/v1/tasks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(YEARLY),
    });
    assert.equal(refused.status, 503);
    assert.ok(Number(refused.headers.get('retry-after')) > 0);
    assert.ok(performance.now() - askedAtMs < 5_000);
    assert.equal((await readJson(`${url}/v1/tasks/${taskId}`)).status, 503);
    const stale = await readJson<{ id: string }>(`${url}/v1/tasks/${taskId}?consistency=stale`);
    assert.deepEqual([stale.status, stale.value.id], [200, taskId]);

    await cluster.start(other);
    await cluster.leader();
    assert.equal((await createTask(url, YEARLY)).status, 201);
    assert.equal((await readJson(`${url}/v1/tasks/${taskId}`)).status, 200);
    await cluster.start(leader);
  });
});

test('a node that is told to stop ends, also when an attempt to reach NATS had taken too long', async () => {
  const nats = await startNatsServer();
  const directory = mkdtempSync(join(tmpdir(), 'xcron-slow-nats-'));
  // The first connections are held up for longer than a client waits.
  const held: NodeJS.Timeout[] = [];
  const proxy = createServer((socket) => {
    const upstream = connect(nats.port, '127.0.0.1');
    for (const end of [socket, upstream]) end.on('error', () => {});
    socket.pipe(upstream);
    if (held.length >= 2) upstream.pipe(socket);
    else held.push(setTimeout(() => upstream.pipe(socket), CONNECT_TIMEOUT_MS + 200));
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  try {
    const node = await serve(directory, { flags: ['--nats-url', `nats://127.0.0.1:${port}`] });
    await until(
      () => node.output().includes('connected to NATS'),
      () => node.output(),
    );
    assert.equal(await node.kill('SIGTERM'), 0);
  } finally {
    proxy.close();
    await nats.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }
});
