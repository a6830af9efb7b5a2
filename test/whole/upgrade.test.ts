import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ENTRY_VERSION } from '../../src/tasks/entry-version.ts';
import { runHere } from '../cli/running.ts';
import { createTask, readJson } from './client.ts';
import { type NatsCluster, openNatsCluster } from './nats-cluster.ts';
import { serve, until } from './serving.ts';
import { openSink, type Sink } from './sink.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/data-directories', import.meta.url));

interface SeenTask {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly callback: { readonly body?: unknown };
}

describe('a data directory of an earlier version', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'xcron-upgrade-'));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  const packed = readdirSync(FIXTURES).filter((name) => name.endsWith('.tgz'));

  test('there is one of each version before this one', () => {
    const earlier = Array.from({ length: ENTRY_VERSION - 1 }, (_, at) => `entries-${at + 1}.tgz`);
    assert.deepEqual(packed.toSorted(), earlier);
  });

  for (const name of packed) {
    test(`${name}: its tasks are there, what was cut off goes on, and it writes what is new`, async () => {
      const dataDirectory = join(directory, name);
      mkdirSync(dataDirectory);
      const unpacked = spawnSync('tar', ['-xzf', join(FIXTURES, name), '-C', dataDirectory]);
      assert.equal(unpacked.status, 0, String(unpacked.stderr));
      assert.equal((await runHere(['store', 'check', '--data-dir', dataDirectory])).code, 0);
      const node = await serve(dataDirectory);
      try {
        // Those that finished are forgotten after seven days: they are looked for by who made the directory, not here.
        const { items } = (await readJson<{ readonly items: readonly SeenTask[] }>(`${node.url}/v1/tasks`)).value;
        const stateOf = new Map(items.map((task) => [task.name, task.state]));
        assert.equal(stateOf.get('every new year'), 'scheduled');
        assert.equal(stateOf.get('paused'), 'paused');
        const cutOff = items.find((task) => task.name === 'claimed and cut off');
        await until(
          async () => {
            const { value } = await readJson<{
              readonly items: readonly { readonly attempts: readonly object[] }[];
            }>(`${node.url}/v1/tasks/${cutOff?.id}/executions`);
            return (value.items[0]?.attempts.length ?? 0) >= 2;
          },
          () => 'the run that was cut off does not go on',
        );
        const yearly = items.find((task) => task.name === 'every new year');
        const text = await (await fetch(`${node.url}/v1/tasks/${yearly?.id}`)).text();
        assert.ok(text.includes('"body":{"2":1,"1":1.0}'), text);
        // An operation is an entry that the earlier version could not have read.
        await until(
          async () => (await runHere(['cluster', 'pause', '--server', node.url])).code === 0,
          () => 'what is new is not written',
        );
      } finally {
        await node.kill('SIGTERM');
      }
      assert.equal((await runHere(['verify-state', '--data-dir', dataDirectory])).code, 0);
    });
  }
});

describe('a cluster that is upgraded node by node', () => {
  /** Before there were operations of the cluster. */
  const EARLIER = ['--feature-level', '2'];
  let cluster: NatsCluster;
  let sink: Sink;
  before(async () => {
    sink = await openSink();
    cluster = await openNatsCluster(['n1', 'n2', 'n3'], {}, EARLIER);
  });
  after(async () => {
    await cluster.close();
    await sink.close();
  });

  const pause = async (): Promise<string> => {
    const [first] = cluster.nodes.values();
    const { code, err } = await runHere(['cluster', 'pause', '--server', first?.url ?? '']);
    return code === 0 ? 'done' : err;
  };

  test('it fires all the while, and writes what is new once every node can read it', async () => {
    const [n1] = cluster.nodes.values();
    const { status } = await createTask(n1?.url ?? '', { schedule: '* * * * * *', callback: { url: sink.url } });
    assert.equal(status, 201);
    for (const nodeId of ['n1', 'n2', 'n3']) {
      assert.match(await pause(), /feature level/);
      await cluster.kill(nodeId, 'SIGTERM');
      await cluster.start(nodeId);
      await cluster.leader();
      const before = sink.received.length;
      await until(
        () => sink.received.length > before,
        () => `it does not fire with ${nodeId} upgraded`,
      );
    }
    await until(
      async () => (await pause()) === 'done',
      async () => `what is new is not written: ${await pause()}`,
    );
    const times = [...new Set(sink.received.map(({ scheduledAtMs }) => scheduledAtMs))].toSorted((a, b) => a - b);
    for (const [at, time] of times.entries()) assert.equal(time, (times[0] ?? 0) + at * 1_000, 'a second is missing');
  });
});
