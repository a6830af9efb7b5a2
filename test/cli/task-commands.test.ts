import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { aTask, type FakeAnswer, fakeNode, problem, runHere, temporaryDirectory } from './running.ts';

const ok = (body: string, status = 200): FakeAnswer => ({ status, body });
const page = (items: readonly string[], next: string | null = null): FakeAnswer =>
  ok(`{"items":[${items.join(',')}],"next_cursor":${JSON.stringify(next)}}`);

describe('task create', () => {
  test('asks for what was given and nothing else; the body goes out byte for byte', async (t) => {
    const node = await fakeNode(t, () => ok(aTask(), 201));
    const body = '{ "2":1, "1":2, "k":3, "k":4, "id":289057701458138645, "s":"\\u00e9", "a":1.0 }';
    const flags = [
      '--schedule',
      '@daily',
      '--url',
      'http://a/',
      '--name',
      'n',
      '--tag',
      'x',
      '--tag',
      'y',
      '--timezone',
      'UTC',
    ];
    const more = ['--method', 'PUT', '--header', 'X-A: b: c', '--body', body, '--retry-attempts', '3'];
    const last = ['--delivery', 'at_most_once', '--idempotency-key', 'k1', '--server', node.url];
    const { code, out } = await runHere(['task', 'create', ...flags, ...more, ...last], { XCRON_API_TOKEN: 'sesame' });
    assert.equal(code, 0);
    assert.equal(out, 'task 289057701458138645 · next at 2027-01-01T09:00:00.000Z · http://127.0.0.1:9000/');
    const [asked] = node.requests;
    assert.deepEqual([asked?.method, asked?.url], ['POST', '/v1/tasks']);
    assert.equal(asked?.headers.authorization, 'Bearer sesame');
    assert.equal(asked?.headers['idempotency-key'], 'k1');
    assert.ok(asked?.body.includes(`"body":${body}}`), asked?.body);
    const { callback, ...rest } = JSON.parse(asked?.body ?? '');
    assert.deepEqual(rest, {
      schedule: '@daily',
      name: 'n',
      tags: ['x', 'y'],
      timezone: 'UTC',
      retry: { attempts: 3 },
      delivery: 'at_most_once',
    });
    assert.deepEqual([callback.url, callback.method, callback.headers], ['http://a/', 'PUT', { 'X-A': 'b: c' }]);
  });

  test('a body from a file; --json prints the answer as it came', async (t) => {
    const file = join(temporaryDirectory(t), 'body.json');
    writeFileSync(file, '[1.0]\n');
    const answer = aTask({ extra: 1 }).replace('"extra":1', '"extra":289057701458138645');
    const node = await fakeNode(t, () => ok(answer, 201));
    const flags = ['--schedule', '@daily', '--url', 'http://a/', '--body', `@${file}`, '--json', '--server', node.url];
    const { out } = await runHere(['task', 'create', ...flags]);
    assert.equal(out, answer);
    assert.ok(node.requests[0]?.body.includes('"body":[1.0]'));
  });

  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [['--url', 'http://a/'], /required option '--schedule <WHEN>' not specified/],
    [['--schedule', '@daily'], /required option '--url <URL>' not specified/],
    [['--schedule', '@daily', '--url', 'u', '--body', '{'], /^xcron: --body is not JSON: /],
    [['--schedule', '@daily', '--url', 'u', '--body', '@none'], /^xcron: --body @none cannot be read: /],
    [
      ['--schedule', '@daily', '--url', 'u', '--header', 'secret'],
      /^xcron: --header needs a name, a colon and a value/,
    ],
    [['--schedule', '@daily', '--url', 'u', '--header', 'A:1', '--header', 'A:2'], /--header A is given twice/],
    [['--schedule', '@daily', '--url', 'u', '--retry-attempts', 'x'], /must be a whole number/],
    [['--schedule', '@daily', '--url', 'u', '--nam', 'x'], /unknown option '--nam'\n\(Did you mean --name\?\)/],
    [
      ['--schedule', '@daily', '--url', 'u', '--server', 'localhost:8000'],
      /--server is "localhost:8000"; allowed: a URL/,
    ],
    [['--schedule', '@daily', '--url', 'u', '--server', 'http://a:b@c/'], /--server is \(not shown\)/],
    [['--schedule', '@daily', '--url', 'u', '--api-token-file', 'none'], /the token file cannot be read/],
  ];
  for (const [flags, message] of wrong) {
    test(`exit 2 for ${flags.join(' ')}`, async () => {
      const { code, err } = await runHere(['task', 'create', ...flags]);
      assert.equal(code, 2);
      assert.match(err, message);
    });
  }
});

describe('what a node answers, as an exit code', () => {
  const create = (url: string) => runHere(['task', 'create', '--schedule', '@daily', '--url', 'u', '--server', url]);
  const list = (url: string) => runHere(['task', 'list', '--server', url]);

  test('nobody listens: 3, and how to start one', async () => {
    const free = createServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const address = free.address();
    await new Promise((resolve) => free.close(resolve));
    const port = typeof address === 'object' ? address?.port : 0;
    for (const ask of [create, list]) {
      const { code, err } = await ask(`http://127.0.0.1:${port}`);
      assert.equal(code, 3);
      assert.match(err, /no node answers at .* \(connection refused\)\. Start one with "xcron serve"/);
    }
  });

  const answers: readonly (readonly [string, FakeAnswer, number, number, RegExp])[] = [
    ['no leader', problem(503, 'no_leader', 'No majority.'), 3, 3, /No majority\./],
    ['outcome unknown', problem(504, 'outcome_unknown', 'Not known.'), 4, 4, /Not known\./],
    [
      'refused',
      problem(422, 'schedule_refused', 'Bad.', [{ path: '/schedule', message: 'why' }]),
      1,
      1,
      /Bad\.\n {2}schedule: why/,
    ],
    ['not found', problem(404, 'task_not_found', 'No such task.'), 1, 1, /No such task\./],
    [
      'a token is needed',
      problem(401, 'unauthorized', 'A token.'),
      1,
      1,
      /A token\.\nPut the API token .* XCRON_API_TOKEN/,
    ],
    ['an error of its own', problem(500, 'internal_error', 'Bug.'), 4, 3, /Bug\./],
    ['a proxy without a node', { status: 502, body: '<html>' }, 3, 3, /answers 502: no node behind it/],
    ['a proxy that waited', { status: 504, body: '<html>' }, 4, 3, /50[24]|not an xcron node/],
    ['something else', { status: 200, body: '<html>' }, 3, 3, /is not an xcron node/],
    ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 3, 3, /is not an xcron node/],
  ];
  for (const [name, answer, onWrite, onRead, message] of answers) {
    test(`${name}: ${onWrite} for a write, ${onRead} for a read`, async (t) => {
      const node = await fakeNode(t, () => answer);
      const written = await create(node.url);
      const read = await list(node.url);
      assert.deepEqual([written.code, read.code], [onWrite, onRead], written.err + read.err);
      assert.match(written.err, message);
      assert.equal(node.requests.length, 2, 'a redirect is not followed, a write not repeated');
    });
  }

  test('a connection that breaks before the answer: unknown for a write, no node for a read', async (t) => {
    const node = await fakeNode(t, () => null);
    const written = await create(node.url);
    assert.equal(written.code, 4);
    assert.match(written.err, /It may have been done: look with "xcron task list"/);
    assert.equal((await list(node.url)).code, 3);
  });

  test('parts of a refusal are named in words, and said once', async (t) => {
    const errors = [{ path: '/callback/headers/x~1y', message: 'not a header name' }];
    const node = await fakeNode(t, () => problem(422, 'c', '/callback/headers/x~1y not a header name', errors));
    assert.equal((await create(node.url)).err, 'xcron: callback.headers.x/y: not a header name');
  });
});

describe('task list, get, history', () => {
  test('a table; names of others cannot move the cursor', async (t) => {
    const node = await fakeNode(t, () =>
      page([aTask({ name: '\u001b[2Jx\u202e' }), aTask({ id: '2', name: null, next_at: null })]),
    );
    const { code, out } = await runHere(
      ['task', 'list', '--state', 'paused', '--tag', 'a b', '--name', 'n', '--limit', '2'],
      {
        XCRON_SERVER: node.url,
      },
    );
    assert.equal(code, 0);
    assert.deepEqual(out.split('\n'), [
      'ID                  STATE      NEXT                      SCHEDULE     NAME',
      '289057701458138645  scheduled  2027-01-01T09:00:00.000Z  0 9 * * 1-5  \\u{1b}[2Jx\\u{202e}',
      '2                   scheduled  -                         0 9 * * 1-5  -',
    ]);
    assert.equal(node.requests[0]?.url, '/v1/tasks?state=paused&tag=a+b&name=n&limit=2');
  });
  test('--all follows the cursor; without it there is a word that there are more', async (t) => {
    const node = await fakeNode(t, ({ url }) =>
      url.includes('cursor=') ? page([aTask({ id: '2' })]) : page([aTask()], 'c&1'),
    );
    const all = await runHere(['task', 'list', '--all', '--json', '--server', node.url]);
    assert.equal(all.out.split('\n').length, 2);
    assert.equal(node.requests[1]?.url, '/v1/tasks?limit=1000&cursor=c%261');
    const shown = await runHere(['task', 'list', '--all', '--server', node.url]);
    assert.deepEqual(
      shown.out.split('\n').map((line) => line.split(' ')[0]),
      ['ID', '289057701458138645', '2'],
    );
    assert.match((await runHere(['task', 'list', '--server', node.url])).err, /the first 1; there are more/);
  });
  test('a limit that no page has is refused here', async () => {
    assert.equal((await runHere(['task', 'list', '--limit', '1001'])).code, 2);
    assert.equal((await runHere(['task', 'history', '1', '--limit', '0'])).code, 2);
  });
  test('one task', async (t) => {
    const node = await fakeNode(t, () => ok(aTask()));
    const { out } = await runHere(['task', 'get', '../x', '--server', node.url]);
    assert.match(out, /^callback {2}POST http:\/\/127\.0\.0\.1:9000\/$/m);
    assert.equal(node.requests[0]?.url, '/v1/tasks/..%2Fx');
  });
  test('executions with every attempt', async (t) => {
    const attempt = (number: number, fields: object) => ({
      number,
      node_id: 'n1',
      result: 'failed',
      started_at: '2027-01-01T00:00:00.000Z',
      ended_at: '2027-01-01T00:00:00.250Z',
      status: 503,
      error: null,
      ...fields,
    });
    const attempts = [attempt(1, {}), attempt(2, { result: 'open', started_at: null, ended_at: null, status: null })];
    const execution = { id: '1-2', scheduled_at: '2027-01-01T00:00:00.000Z', state: 'attempting', attempts };
    const node = await fakeNode(t, () => page([JSON.stringify(execution)]));
    const { out } = await runHere(['task', 'history', '1', '--server', node.url]);
    const [, first, second] = out.split('\n').map((line) => line.split(/ {2,}/));
    assert.deepEqual(first, [
      '2027-01-01T00:00:00.000Z',
      '1-2',
      'attempting',
      '1',
      'failed',
      '503',
      '2027-01-01T00:00:00.000Z',
      '250 ms',
      'n1',
    ]);
    assert.deepEqual(second, ['', '2', 'open', '-', '-', '-', 'n1']);
  });
});

describe('task pause, resume, run, cancel', () => {
  for (const [verb, method, path] of [
    ['pause', 'POST', '/v1/tasks/7/pause'],
    ['resume', 'POST', '/v1/tasks/7/resume'],
    ['run', 'POST', '/v1/tasks/7/run'],
    ['cancel', 'DELETE', '/v1/tasks/7'],
  ] as const) {
    test(verb, async (t) => {
      const node = await fakeNode(t, () => ok(aTask()));
      assert.equal((await runHere(['task', verb, '7', '--server', node.url])).code, 0);
      assert.deepEqual([node.requests[0]?.method, node.requests[0]?.url], [method, path]);
    });
  }
  test('one that refuses does not keep the next from its turn; a node that is away does', async (t) => {
    const node = await fakeNode(t, ({ url }) =>
      url.includes('/1/')
        ? problem(409, 'task_paused', 'Paused.')
        : url.includes('/3/')
          ? problem(503, 'stopping', 'Stopping.')
          : ok(aTask()),
    );
    const some = await runHere(['task', 'pause', '1', '2', '--server', node.url]);
    assert.deepEqual([some.code, some.out], [1, 'task 2 paused']);
    assert.match(some.err, /^xcron: 1: Paused\./);
    const away = await runHere(['task', 'pause', '3', '4', '--server', node.url]);
    assert.equal(away.code, 3);
    assert.ok(!node.requests.some(({ url }) => url.includes('/4/')));
  });
});

test('task preview', async (t) => {
  const next = [{ at: '2027-03-14T07:00:00.000Z', local: '2027-03-14T03:00:00-04:00', note: 'moved' }];
  const node = await fakeNode(t, () => ok(JSON.stringify({ next, text: 'daily' })));
  const flags = [
    '--timezone',
    'America/New_York',
    '--count',
    '1',
    '--from',
    '2027-03-14T00:00:00Z',
    '--server',
    node.url,
  ];
  const { code, out } = await runHere(['task', 'preview', '30 2 * * *', ...flags]);
  assert.equal(code, 0);
  assert.match(out, /^daily\nAT .*\n2027-03-14T07:00:00\.000Z {2}2027-03-14T03:00:00-04:00 {2}moved$/);
  assert.match(
    node.requests[0]?.url ?? '',
    /^\/v1\/schedule\/preview\?format=30\+2\+\*\+\*\+\*&timezone=America%2FNew_York&count=1&from=/,
  );
});
