import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { run, takenPort, temporaryDirectory } from './running.ts';

const VERSION = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;

describe('the process', () => {
  const calls: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['--version'], 0, new RegExp(`^${VERSION}$`)],
    [['--help'], 0, /First steps:[\s\S]*Exit codes:/],
    [['help', 'task'], 0, /Usage: xcron task/],
    [['task', 'import', '--help'], 0, /@daily[\s\S]*CRON_TZ=/],
    [[], 2, /Usage: xcron/],
    [['task'], 2, /Usage: xcron task/],
    [['sevre'], 2, /unknown command 'sevre'\n\(Did you mean serve\?\)/],
    [['serve', '--http-prot', '1'], 2, /unknown option '--http-prot'\n\(Did you mean --http-port\?\)/],
    [['serve', 'now'], 2, /too many arguments/],
    [['serve', '--http-port', 'x'], 2, /^xcron: http_port = "x" \(from --http-port\); allowed: a whole number/],
    [['serve', '--http-host', '0.0.0.0'], 2, /there is no API token/],
    [['serve', '--config', 'none.toml'], 2, /none\.toml \(from --config\) does not exist/],
    [['serve', '--api-token', 'sesame'], 2, /--api-token: a command line can be read/],
    [['listen', '--port', '65536'], 2, /Allowed: 0 to 65535/],
    [['listen', '--host', '192.0.2.1'], 2, /192\.0\.2\.1 is no address of this machine/],
    [['task', 'list', '--server', 'http://127.0.0.1:1'], 3, /no node answers at http:\/\/127\.0\.0\.1:1/],
    [['task', 'get'], 2, /missing required argument 'ID'/],
    [['debug', 'graph', 'raft-role'], 0, /^stateDiagram-v2\n {2}\[\*\] --> follower/],
    [['debug', 'graph'], 0, /%% raft-role\n[\s\S]*%% attempt\n/],
    [['debug', 'graph', 'king'], 2, /no machine "king"; there are raft-role, task, execution, attempt, node/],
    [['store', 'check', '--data-dir', 'none'], 0, /no log was ever written here/],
    [['store', 'truncate', '--data-dir', 'none'], 1, /nothing was changed/],
  ];
  for (const [args, code, said] of calls) {
    test(`xcron ${args.join(' ')} → ${code}`, async (t) => {
      const ran = await run(t, args);
      assert.equal(ran.code, code, ran.err);
      assert.match(code === 0 ? ran.out : ran.err, said);
      assert.doesNotMatch(ran.out + ran.err, /sesame|node:internal|\n {4}at /);
    });
  }

  test('starts without what only a node needs', async (t) => {
    for (const args of [['--help'], ['task', 'import', '/dev/null', '--url', 'u', '--dry-run']]) {
      const { err } = await run(t, args, {
        environment: { NODE_DEBUG: 'esm,module' },
      });
      assert.ok(err.includes('node_modules/commander'), 'the trace names what is loaded');
      for (const heavy of ['fastify', 'better-sqlite3', 'xstate', 'pino'])
        assert.ok(!err.includes(`node_modules/${heavy}`), heavy);
    }
  });

  test('--print-config reads all sources of the directory it runs in', async (t) => {
    const directory = temporaryDirectory(t);
    writeFileSync(join(directory, 'xcron.toml'), '# mine\ncluster = "demo"\nhttp_port = 1\n');
    const environment = { XCRON_HTTP_PORT: '2', XCRON_API_TOKEN: 'sesame', XCRON_PORT: 'x' };
    const ran = await run(t, ['serve', '--print-config', '--node-id', 'n9'], { directory, environment });
    assert.equal(ran.code, 0);
    for (const line of [
      /^node_id +n9 +--node-id$/m,
      /^cluster +demo +\.\/xcron\.toml:2$/m,
      /^http_port +2 +XCRON_HTTP_PORT$/m,
      /^api_token +\(set, not shown\) +XCRON_API_TOKEN$/m,
      /^log_level +info +default$/m,
    ]) {
      assert.match(ran.out, line);
    }
    assert.match(ran.err, /^xcron: warning: not a setting, and not read: XCRON_PORT/);
  });
});

describe('xcron doctor', () => {
  test('a machine that will do: 0, and nothing left behind', async (t) => {
    const directory = temporaryDirectory(t);
    const ran = await run(t, ['doctor', '--http-port', '0'], { directory });
    assert.equal(ran.code, 0, ran.out);
    for (const what of ['Node', 'data directory', 'clock', 'port'])
      assert.match(ran.out, new RegExp(`^(ok|warning) +${what} `, 'm'));
    assert.deepEqual(readdirSync(directory), []);
  });
  test('a port in use: 2; a directory that is none: 74', async (t) => {
    const directory = temporaryDirectory(t);
    const port = String(await takenPort(t));
    const busy = await run(t, ['doctor', '--http-port', port], { directory });
    assert.equal(busy.code, 2);
    assert.match(busy.out, /^failed +port .* in use/m);
    mkdirSync(join(directory, 'x'));
    writeFileSync(join(directory, 'x', 'd'), '');
    const none = await run(t, ['doctor', '--http-port', '0', '--data-dir', 'x/d/e'], { directory });
    assert.equal(none.code, 74);
    assert.match(none.out, /^failed +data directory .* is a file/m);
  });
});
