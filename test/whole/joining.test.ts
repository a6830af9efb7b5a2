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
    await until(
      async () => (await kindsSeenBy(first)) === 'n1 voter, n2 voter, n3 voter, w1 worker',
      () => kindsSeenBy(first),
    );

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
