import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { run, start, temporaryDirectory } from './running.ts';

async function serving(t: TestContext, directory: string, dataDir: string, nodeId = 'n1') {
  const flags = ['serve', '--http-port', '0', '--data-dir', dataDir, '--node-id', nodeId];
  const node = start(t, flags, { directory });
  const [, url = ''] = await node.until('out', /listens on (http:\S+)/);
  await node.until('err', /"msg":"ready"/);
  return { node, url };
}

/** Starts a node for as long as `work` takes. */
async function whileServing(
  t: TestContext,
  directory: string,
  dataDir: string,
  work: (url: string) => Promise<void>,
  nodeId?: string,
) {
  const { node, url } = await serving(t, directory, dataDir, nodeId);
  await work(url);
  node.kill('SIGTERM');
  assert.equal((await node.ended).code, 0, node.err());
}

describe('xcron store backup, restore, force-new-cluster', () => {
  test('a backup goes to another directory, and a node of another name goes on with its tasks', async (t) => {
    const directory = temporaryDirectory(t);
    const store = (...args: readonly string[]) => run(t, ['store', ...args], { directory });
    await whileServing(t, directory, 'd', async (url) => {
      const task = { name: 'kept', schedule: '0 9 * * *', callback: { url: 'http://127.0.0.1:9/x' } };
      const headers = { 'content-type': 'application/json' };
      const created = await fetch(`${url}/v1/tasks`, { method: 'POST', headers, body: JSON.stringify(task) });
      assert.equal(created.status, 201, await created.text());
      const busy = await store('backup', 'b', '--data-dir', 'd');
      assert.deepEqual([busy.code, /in use by another xcron process/.test(busy.err)], [74, true], busy.err);
    });
    const backedUp = await store('backup', 'b', '--data-dir', 'd');
    assert.deepEqual(
      [backedUp.code, /b: the state of cluster [0-9a-f]{24} at entry \d+/.test(backedUp.out)],
      [0, true],
    );
    const twice = await store('backup', 'b', '--data-dir', 'd');
    assert.deepEqual([twice.code, /nothing was changed: b exists/.test(twice.err)], [1, true]);
    const taken = await store('restore', 'b', '--data-dir', 'd');
    assert.deepEqual([taken.code, /is not empty/.test(taken.err)], [1, true]);
    assert.equal((await store('restore', 'b', '--data-dir', 'e', '--node-id', 'N 2')).code, 2);
    const restored = await store('restore', 'b', '--data-dir', 'e', '--node-id', 'n2');
    assert.deepEqual([restored.code, /node n2, only member of the new cluster/.test(restored.out)], [0, true]);
    const rubbish = await store('restore', 'd/identity', '--data-dir', 'f');
    assert.equal(rubbish.code, 74, rubbish.err);
    await whileServing(
      t,
      directory,
      'e',
      async (url) => {
        const listed = await fetch(`${url}/v1/tasks`);
        const { items } = (await listed.json()) as { readonly items: readonly { readonly name: string }[] };
        assert.deepEqual(
          items.map(({ name }) => name),
          ['kept'],
        );
      },
      'n2',
    );
  });

  test('a new cluster is forced only when the danger is named, and starts', async (t) => {
    const directory = temporaryDirectory(t);
    const force = (...flags: readonly string[]) =>
      run(t, ['store', 'force-new-cluster', '--data-dir', 'd', ...flags], { directory });
    assert.equal((await force('--i-know-this-loses-quorum')).code, 1, 'there is nothing yet');
    await whileServing(t, directory, 'd', async () => undefined);
    const asked = await force();
    assert.deepEqual([asked.code, /--i-know-this-loses-quorum says/.test(asked.err)], [1, true], asked.err);
    const forced = await force('--i-know-this-loses-quorum');
    assert.deepEqual([forced.code, /only voter of the new cluster/.test(forced.out)], [0, true], forced.err);
    await whileServing(t, directory, 'd', async () => undefined);
  });
});
