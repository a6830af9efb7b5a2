import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startNatsServer } from '../../ops/scripts/nats-server.ts';
import { createTask, readJson, YEARLY } from './client.ts';
import { clusterSeenBy, openNatsCluster } from './nats-cluster.ts';
import { type Serving, until } from './serving.ts';
import { openSink } from './sink.ts';

const kindsSeenBy = async (node: Serving): Promise<string> =>
  (await clusterSeenBy(node)).members
    .map(({ node_id, kind }) => `${node_id} ${kind}`)
    .sort()
    .join(', ');

test('a node that was alone becomes one of several, a wiped one comes back, and no task is lost', async () => {
  const cluster = await openNatsCluster([]);
  const sink = await openSink();
  try {
    const alone = await cluster.start('n1', ['--nats-url', '']);
    const created = await createTask(alone.url, YEARLY);
    await cluster.kill('n1', 'SIGTERM');

    const first = await cluster.start('n1');
    assert.equal(await kindsSeenBy(first), 'n1 voter');
    await Promise.all([cluster.start('n2', ['--join']), cluster.start('w1', ['--role', 'worker'])]);
    await until(
      async () => (await kindsSeenBy(first)) === 'n1 voter, n2 voter, w1 worker',
      () => kindsSeenBy(first),
    );
    await cluster.start('n3', ['--join']);
    // On n1 alone it might not be committed yet, and n1 and n2 would be a majority that is about to lose one.
    for (const node of [first, cluster.node('n2'), cluster.node('n3')]) {
      await until(
        async () => (await kindsSeenBy(node)) === 'n1 voter, n2 voter, n3 voter, w1 worker',
        () => kindsSeenBy(node),
      );
    }

    // n1 is gone for a while: what it had is on all others.
    await cluster.kill('n1', 'SIGKILL');
    await cluster.leader();
    const { url } = cluster.node('n3');
    assert.equal((await readJson(`${url}/v1/tasks/${created.taskId}`)).status, 200);
    assert.equal((await readJson(`${cluster.node('w1').url}/v1/tasks/${created.taskId}`)).status, 200);
    const due = await createTask(cluster.node('w1').url, {
      schedule: new Date(Date.now() + 500).toISOString(),
      callback: { url: sink.url },
    });
    assert.equal(due.status, 201);
    await until(
      () => sink.taskIds.has(due.taskId),
      () => 'no callback',
    );

    // Its disk was wiped: it is another instance under the old name, and a voter again once it has caught up (raft.md, case 32).
    cluster.wipe('n1');
    const again = await cluster.start('n1', ['--join']);
    await until(
      async () => (await kindsSeenBy(again)) === 'n1 voter, n2 voter, n3 voter, w1 worker',
      () => kindsSeenBy(again),
    );
    assert.equal((await readJson(`${again.url}/v1/tasks/${created.taskId}`)).status, 200);
  } finally {
    await cluster.close();
    await sink.close();
  }
});

test('a node alone works without its NATS server, whether that was never there or goes away', async () => {
  const nowhere = await startNatsServer();
  await nowhere.kill('SIGKILL');
  const cluster = await openNatsCluster([]);
  const sink = await openSink();
  try {
    const without = await cluster.start('n1', ['--nats-url', nowhere.url]);
    const create = async (node: Serving): Promise<void> => {
      const { status, taskId } = await createTask(node.url, {
        schedule: new Date(Date.now() + 200).toISOString(),
        callback: { url: sink.url },
      });
      assert.equal(status, 201);
      await until(
        () => sink.taskIds.has(taskId),
        () => 'no callback',
      );
      assert.equal((await readJson(`${node.url}/readyz`)).status, 200);
    };
    await create(without);
    await cluster.kill('n1', 'SIGTERM');
    const node = await cluster.start('n1');
    await until(
      () => node.output().includes('connected to NATS'),
      () => node.output(),
    );
    await cluster.nats.kill('SIGKILL');
    await until(
      () => node.output().includes('no NATS server is connected'),
      () => node.output(),
    );
    await create(node);
    assert.equal(await node.kill('SIGTERM'), 0);
  } finally {
    await cluster.close();
    await sink.close();
  }
});

test('a node that waits for the others says for whom, takes nothing yet, and stops when told to', async () => {
  const cluster = await openNatsCluster([]);
  const peers = ['--peers', 'n1,n2,n3'];
  try {
    const first = await cluster.begin('n1', peers);
    const reason = async (): Promise<string> =>
      (await readJson<{ reason: string }>(`${first.url}/readyz`)).value.reason;
    await until(async () => (await reason()) === 'waiting for n2, n3, to found cluster demo together', reason);
    assert.equal((await readJson(`${first.url}/livez`)).status, 200);
    assert.equal((await createTask(first.url, YEARLY)).status, 503);
    assert.equal((await readJson(`${first.url}/v1/tasks`)).status, 503);
    assert.deepEqual((await clusterSeenBy(first)).members, []);
    assert.equal((await fetch(`${first.url}/metrics`)).status, 200);
    await cluster.begin('n2', peers);
    await until(async () => (await reason()) === 'waiting for n3, to found cluster demo together', reason);
    assert.equal(await first.kill('SIGTERM'), 0);

    // Nobody has founded anything: it begins again where it was, under the same instance.
    await cluster.begin('n1', peers);
    await cluster.begin('n3', peers);
    await cluster.leader();
    for (const node of cluster.nodes.values()) {
      await until(
        async () => (await kindsSeenBy(node)) === 'n1 voter, n2 voter, n3 voter',
        () => kindsSeenBy(node),
      );
      await until(
        async () => (await readJson(`${node.url}/readyz`)).status === 200,
        () => node.output(),
      );
      assert.equal((await createTask(node.url, YEARLY)).status, 201);
    }
  } finally {
    await cluster.close();
  }
});

test('a node like an older version works among newer ones, which write what it can read', async () => {
  const cluster = await openNatsCluster([]);
  try {
    const [older] = await Promise.all([
      cluster.start('n1', ['--peers', 'n1,n2,n3', '--feature-level', '1']),
      cluster.start('n2', ['--peers', 'n1,n2,n3']),
      cluster.start('n3', ['--peers', 'n1,n2,n3']),
    ]);
    const ids: string[] = [];
    for (const node of cluster.nodes.values()) {
      const { status, taskId } = await createTask(node.url, YEARLY);
      assert.equal(status, 201);
      ids.push(taskId);
    }
    for (const taskId of ids) assert.equal((await readJson(`${older.url}/v1/tasks/${taskId}`)).status, 200);
    await cluster.kill('n1', 'SIGTERM');
    const upgraded = await cluster.start('n1');
    for (const taskId of ids) assert.equal((await readJson(`${upgraded.url}/v1/tasks/${taskId}`)).status, 200);
    assert.equal((await createTask(upgraded.url, YEARLY)).status, 201);
  } finally {
    await cluster.close();
  }
});
