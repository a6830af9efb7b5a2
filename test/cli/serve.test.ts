import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { run, start, takenPort, temporaryDirectory } from './running.ts';

const VERSION = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;

const serve = (t: TestContext, directory: string, ...more: readonly string[]) =>
  start(t, ['serve', '--http-port', '0', '--data-dir', 'd', ...more], { directory });

async function serving(t: TestContext, directory: string, ...more: readonly string[]) {
  const node = serve(t, directory, ...more);
  const [, url = ''] = await node.until('out', /listens on (http:\S+)/);
  await node.until('err', /"msg":"ready"/);
  return { node, url };
}

describe('xcron serve', () => {
  test('says where it is, takes its own curl line, sends the callback, stops in order, and starts again', async (t) => {
    const directory = temporaryDirectory(t);
    const listener = start(t, ['listen', '--port', '0', '--json']);
    const [, sink = ''] = await listener.until('err', /listening on (\S+)/);
    const { node, url } = await serving(t, directory);
    assert.match(
      node.out(),
      new RegExp(
        `^xcron ${VERSION}: node n1 listens on http://127\\.0\\.0\\.1:\\d+\ndata in ${directory}/d\ndashboard at http://127\\.0\\.0\\.1:\\d+/\n`,
      ),
    );
    assert.match(node.out(), /npx xcron listen/);
    const [, line = ''] = /-d '(.*)'$/m.exec(node.out()) ?? [];
    const body = line
      .replace("'$(($(date +%s)+10))'", String(Math.floor(Date.now() / 1_000) + 1))
      .replace('http://127.0.0.1:9000/', sink);
    const response = await fetch(`${url}/xcron/createTask`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    assert.match(await response.text(), /"code":0/);
    const [received] = await listener.until('out', /\{.*\}/);
    const callback = JSON.parse(received);
    assert.deepEqual([callback.method, callback.body, callback.attempt], ['POST', '{"hello":"world"}', 1]);
    assert.ok(callback.lateness_ms >= 0);
    node.kill('SIGTERM');
    assert.equal((await node.ended).code, 0);
    assert.match(node.err(), /"signal":"SIGTERM","msg":"stopping"[\s\S]*"msg":"stopped"/);
    for (const json of node.err().trim().split('\n')) assert.equal(JSON.parse(json).node_id, 'n1');
    const again = await serving(t, directory);
    again.node.kill('SIGINT');
    again.node.kill('SIGINT');
    assert.equal((await again.node.ended).code, 0);
    listener.kill('SIGINT');
    const ended = await listener.ended;
    assert.equal(ended.code, 0);
    assert.match(ended.err, /1 callbacks · 0 of an execution that had come before · latest by \d+ ms$/);
  });

  test('a port in use: exit 2, and the data directory was not even opened', async (t) => {
    const directory = temporaryDirectory(t);
    const port = await takenPort(t);
    const ran = await run(t, ['serve', '--http-port', String(port), '--data-dir', 'd'], { directory });
    assert.equal(ran.code, 2);
    assert.match(ran.err, new RegExp(`xcron: 127\\.0\\.0\\.1:${port} is in use by another process`));
    assert.equal(existsSync(join(directory, 'd')), false);
  });

  test('a directory in use: exit 74 and what to do, for a node and for the store commands', async (t) => {
    const directory = temporaryDirectory(t);
    await serving(t, directory);
    const second = await serve(t, directory).ended;
    assert.equal(second.code, 74);
    assert.match(second.err, /is in use by another xcron process\nStop that process/);
    for (const command of ['check', 'truncate']) {
      assert.equal((await run(t, ['store', command, '--data-dir', 'd'], { directory })).code, 74);
    }
  });

  test('a directory that cannot be one, or is another node’s: exit 74', async (t) => {
    const directory = temporaryDirectory(t);
    writeFileSync(join(directory, 'd'), '');
    const file = await serve(t, directory).ended;
    assert.deepEqual([file.code, /--data-dir/.test(file.err)], [74, true], file.err);
    const other = temporaryDirectory(t);
    const { node } = await serving(t, other, '--node-id', 'n2');
    node.kill('SIGTERM');
    await node.ended;
    const foreign = await serve(t, other).ended;
    assert.equal(foreign.code, 74);
    assert.match(foreign.err, /data directory of node n2, not of n1\nStart it with --node-id n2/);
  });

  test('a damaged log: exit 74, and the commands that it names do as they say', async (t) => {
    const directory = temporaryDirectory(t);
    const { node } = await serving(t, directory);
    node.kill('SIGTERM');
    await node.ended;
    const whole = await run(t, ['store', 'check', '--data-dir', 'd'], { directory });
    assert.deepEqual([whole.code, /whole\. Node n1, start \d+\./.test(whole.out)], [0, true], whole.out);
    writeFileSync(join(directory, 'd', 'group-0', 'guard'), 'x');
    const refused = await serve(t, directory).ended;
    assert.equal(refused.code, 74);
    assert.match(refused.err, /xcron store check[\s\S]*xcron store truncate --accept-loss/);
    const checked = await run(t, ['store', 'check', '--data-dir', 'd'], { directory });
    assert.deepEqual([checked.code, /DAMAGED/.test(checked.out)], [74, true]);
    const asked = await run(t, ['store', 'truncate', '--data-dir', 'd'], { directory });
    assert.equal(asked.code, 1);
    assert.match(asked.err, /nothing was changed: .*--accept-loss/);
    const cut = await run(t, ['store', 'truncate', '--accept-loss', '--data-dir', 'd'], { directory });
    assert.equal(cut.code, 0, cut.err);
    assert.match(cut.out, /^The log now ends at entry \d+/);
    await serving(t, directory);
  });

  test('behind a proxy: a path before every path, and another name in the Host header', async (t) => {
    const more = ['--http-base-path', '/scheduler', '--http-host-names', 'xcron.example'];
    const { url } = await serving(t, temporaryDirectory(t), ...more);
    assert.match(url, /:\d+\/scheduler$/);
    assert.equal((await run(t, ['task', 'list', '--server', url])).code, 0);
    const { request } = await import('undici');
    const asked = await request(`${url}/v1/tasks`, { headers: { host: 'xcron.example' } });
    await asked.body.dump();
    const foreign = await request(`${url}/v1/tasks`, { headers: { host: 'evil.example' } });
    await foreign.body.dump();
    assert.deepEqual([asked.statusCode, foreign.statusCode], [200, 403]);
  });

  test('the token is asked for, and is in no line that the node writes (I11)', async (t) => {
    const directory = temporaryDirectory(t);
    const environment = { XCRON_API_TOKEN: 'sesame-open' };
    const node = start(t, ['serve', '--http-port', '0', '--log-level', 'debug'], { directory, environment });
    const [, url = ''] = await node.until('out', /listens on (http:\S+)/);
    await node.until('err', /"msg":"ready"/);
    assert.equal((await run(t, ['task', 'list', '--server', url])).code, 1);
    assert.equal((await run(t, ['task', 'list', '--server', url], { environment })).code, 0);
    assert.equal(
      (await run(t, ['task', 'list', '--server', url], { environment: { XCRON_API_TOKEN: 'sesame-shut' } })).code,
      1,
    );
    node.kill('SIGTERM');
    const { out, err } = await node.ended;
    assert.doesNotMatch(out + err, /sesame/);
    assert.match(out, /-H "authorization: Bearer \$XCRON_API_TOKEN"/);
  });
});

describe('a node that stops', () => {
  test('says so on /readyz while it waits for callbacks; told again, it ends at once, with 0', async (t) => {
    const directory = temporaryDirectory(t);
    const hanging = createServer(() => {});
    await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      hanging.closeAllConnections();
      hanging.close();
    });
    const called = new Promise((resolve) => hanging.once('request', resolve));
    const { node, url } = await serving(t, directory);
    const target = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}/`;
    const flags = ['--schedule', '@every 1s', '--url', target, '--server', url];
    assert.equal((await run(t, ['task', 'create', ...flags])).code, 0);
    await called;
    node.kill('SIGTERM');
    await node.until('err', /"state":"draining"/);
    const ready = await fetch(`${url}/readyz`);
    assert.equal(ready.status, 503);
    assert.match(await ready.text(), /waiting for callbacks/);
    assert.equal((await run(t, ['task', 'create', ...flags])).code, 3);
    // Twice within a second is one stop, so it is told until it understands.
    const again = setInterval(() => node.kill('SIGTERM'), 200);
    const { code, err } = await node.ended;
    clearInterval(again);
    assert.equal(code, 0);
    assert.match(err, /told to stop again: ending at once/);
  });

  const invariantFile = new URL('../../src/invariant.ts', import.meta.url).href;
  const bugs: readonly (readonly [string, string, RegExp])[] = [
    [
      'an invariant',
      'throw new InvariantBroken("I4", "an entry twice")',
      /"invariant":"I4","error":"I4 broken: an entry twice"/,
    ],
    ['a bug', 'throw new Error("nobody caught this")', /"invariant":"none","error":"nobody caught this"/],
    ['a promise that nobody looks at', 'void Promise.reject(new Error("lost"))', /"error":"lost"/],
  ];
  for (const [name, thrown, said] of bugs) {
    test(`${name}: exit 70, with its number in the log`, async (t) => {
      const preload = `import{InvariantBroken}from'${invariantFile}';process.on('SIGUSR2',()=>{${thrown}})`;
      const environment = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(preload)}` };
      const node = start(t, ['serve', '--http-port', '0'], { directory: temporaryDirectory(t), environment });
      await node.until('err', /"msg":"ready"/);
      node.kill('SIGUSR2');
      const { code, err } = await node.ended;
      assert.equal(code, 70, err);
      assert.match(err, said);
    });
  }
});
