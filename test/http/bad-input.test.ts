import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../src/http/error-catalogue.ts';
import { CALLBACK_BODY_BYTES_MAX, JSON_NESTING_MAX, REQUEST_BODY_BYTES_MAX } from '../../src/http/limits.ts';
import { assertProblem, fieldsOf, serving } from './serving.ts';

/** Anything malformed is answered with what is wrong, where, and what is allowed; nothing is half-created. */

const URL = 'https://example.com/hook';
const TASK = { schedule: '*/5 * * * *', callback: { url: URL } };
type Case = readonly [name: string, body: string | Buffer | object, code: ErrorCode, path?: string, message?: RegExp];
const withCallback = (callback: object): object => ({ ...TASK, callback: { url: URL, ...callback } });
const nested = (depth: number): string =>
  `{"schedule":"@daily","callback":{"url":"${URL}","body":${'['.repeat(depth)}${']'.repeat(depth)}}}`;

const cases: readonly Case[] = [
  ['an empty body', '', 'body_missing'],
  ['blanks', '  \n', 'json_malformed'],
  ['truncated JSON', '{"schedule":"* * * * *","callb', 'json_malformed'],
  ['two values', '{}{}', 'json_malformed'],
  ['NaN', '{"schedule":NaN}', 'json_malformed'],
  ['a comment', '{/*x*/}', 'json_malformed'],
  ['single quotes', "{'schedule':1}", 'json_malformed'],
  ['a lone brace', '}', 'json_malformed'],
  ['100,000 open brackets', '['.repeat(100_000), 'json_too_deep'],
  ['a text that never ends, full of brackets', `"${'['.repeat(100_000)}`, 'json_malformed'],
  ['100,000 closed brackets', nested(100_000), 'json_too_deep'],
  ['one level too deep', nested(JSON_NESTING_MAX - 1), 'json_too_deep'],
  ['a byte order mark', Buffer.from(`\ufeff${JSON.stringify(TASK)}`), 'json_not_utf8'],
  ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'json_not_utf8'],
  ['UTF-16', Buffer.from(JSON.stringify(TASK), 'utf16le'), 'json_malformed'],
  ['an overlong encoding', Buffer.from([0x22, 0xc0, 0x80, 0x22]), 'json_not_utf8'],
  ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'json_not_utf8'],
  ['null', 'null', 'validation_failed', '', /must be an object/],
  ['a list', '[]', 'validation_failed', '', /must be an object/],
  ['a text', '"x"', 'validation_failed', '', /must be an object/],
  ['no schedule', { callback: { url: URL } }, 'validation_failed', '/schedule', /is required/],
  ['no callback', { schedule: '@daily' }, 'validation_failed', '/callback', /is required/],
  ['no URL', { ...TASK, callback: {} }, 'validation_failed', '/callback/url', /is required/],
  ['an unknown field', { ...TASK, 'a/b~c': 1 }, 'validation_failed', '/a~1b~0c', /is not known/],
  ['an unknown field within', withCallback({ uri: 1 }), 'validation_failed', '/callback/uri', /is not known/],
  ['__proto__', `{"__proto__":{"schedule":"@daily"}}`, 'validation_failed', '/__proto__', /is not known/],
  ['constructor', { ...TASK, constructor: { prototype: {} } }, 'validation_failed', '/constructor'],
  ['a schedule that is a number', { ...TASK, schedule: 1 }, 'validation_failed', '/schedule', /must be a string/],
  ['a huge number', `{"schedule":1e999}`, 'validation_failed', '/schedule', /must be a string/],
  ['tags that are a text', { ...TASK, tags: 'a' }, 'validation_failed', '/tags', /must be an array/],
  ['a tag twice', { ...TASK, tags: ['a', 'a'] }, 'validation_failed', '/tags', /same item twice/],
  ['21 tags', { ...TASK, tags: Array.from({ length: 21 }, String) }, 'validation_failed', '/tags', /at most 20 items/],
  ['a long tag', { ...TASK, tags: ['a', 'b'.repeat(65)] }, 'validation_failed', '/tags/1', /at most 64 characters/],
  ['a long name', { ...TASK, name: 'n'.repeat(201) }, 'validation_failed', '/name', /at most 200 characters/],
  ['an empty name', { ...TASK, name: '' }, 'validation_failed', '/name', /at least 1 characters/],
  ['a line break in a name', { ...TASK, name: 'a\nb' }, 'validation_failed', '/name', /without control characters/],
  [
    'half a surrogate pair',
    '{"name":"\\ud800","schedule":"@daily","callback":{"url":"https://a.b"}}',
    'validation_failed',
    '/name',
    /surrogate/,
  ],
  ['a method', withCallback({ method: 'TRACE' }), 'validation_failed', '/callback/method', /one of "POST", "PUT"/],
  ['attempts as text', { ...TASK, retry: { attempts: '3' } }, 'validation_failed', '/retry/attempts', /whole number/],
  ['no attempts', { ...TASK, retry: { attempts: 0 } }, 'validation_failed', '/retry/attempts', /at least 1/],
  ['negative attempts', { ...TASK, retry: { attempts: -1 } }, 'validation_failed', '/retry/attempts', /at least 1/],
  ['half an attempt', { ...TASK, retry: { attempts: 1.5 } }, 'validation_failed', '/retry/attempts', /whole number/],
  [
    '1e999 attempts',
    '{"schedule":"@daily","callback":{"url":"https://a.b"},"retry":{"attempts":1e999}}',
    'validation_failed',
    '/retry/attempts',
  ],
  ['101 attempts', { ...TASK, retry: { attempts: 101 } }, 'validation_failed', '/retry/attempts', /at most 100/],
  ['a duration as a number', { ...TASK, retry: { backoff: 5 } }, 'validation_failed', '/retry/backoff', /a string/],
  [
    'a duration without unit',
    { ...TASK, retry: { backoff: '5' } },
    'validation_failed',
    '/retry/backoff',
    /250ms, 30s/,
  ],
  ['a negative duration', { ...TASK, retry: { backoff: '-5s' } }, 'validation_failed', '/retry/backoff', /a duration/],
  [
    'a long backoff',
    { ...TASK, retry: { backoff_max: '25h' } },
    'validation_failed',
    '/retry/backoff_max',
    /at most 24h/,
  ],
  ['backoff beyond its bound', { ...TASK, retry: { backoff: '6m' } }, 'validation_failed', '/retry/backoff_max', /6m/],
  ['a policy', { ...TASK, misfire: 'never' }, 'validation_failed', '/misfire', /must be one of "latest"/],
  ['a DST policy', { ...TASK, dst: 'twice' }, 'validation_failed', '/dst', /must be one of/],
  ['a zone', { ...TASK, timezone: 'Mars/Olympus' }, 'timezone_refused', '/timezone', /not a known time zone/],
  ['an empty schedule', { ...TASK, schedule: '' }, 'schedule_refused', '/schedule', /is empty/],
  ['four fields', { ...TASK, schedule: '* * * *' }, 'schedule_refused', '/schedule'],
  ['a bad field', { ...TASK, schedule: '* 25 * * *' }, 'schedule_refused', '/schedule', /position 2/],
  ['a line that never fires', { ...TASK, schedule: '0 0 30 2 *' }, 'schedule_refused', '/schedule'],
  ['a long schedule', { ...TASK, schedule: '*'.repeat(100_000) }, 'schedule_refused', '/schedule', /512 characters/],
  ['a past instant', { ...TASK, schedule: '2020-01-01T00:00:00Z' }, 'instant_past', '/schedule', /has passed/],
  [
    'a URL without scheme',
    withCallback({ url: 'example.com' }),
    'callback_url_refused',
    '/callback/url',
    /absolute URL/,
  ],
  ['a file URL', withCallback({ url: 'file:///etc/passwd' }), 'callback_url_refused', '/callback/url', /http/],
  [
    'a guarded address',
    withCallback({ url: 'http://169.254.169.254/' }),
    'callback_url_refused',
    '/callback/url',
    /metadata/,
  ],
  ['a password', withCallback({ url: 'http://u:hunter2@a.b/' }), 'callback_url_refused', '/callback/url', /password/],
  [
    'a long URL',
    withCallback({ url: `https://a.b/${'x'.repeat(3_000)}` }),
    'callback_url_refused',
    '/callback/url',
    /2048/,
  ],
  [
    'a header that is a number',
    withCallback({ headers: { a: 1 } }),
    'validation_failed',
    '/callback/headers/a',
    /string/,
  ],
  [
    'a header of ours',
    withCallback({ headers: { 'Webhook-Id': 'x' } }),
    'callback_headers_refused',
    '/callback/headers/Webhook-Id',
  ],
  [
    'a header with a break',
    withCallback({ headers: { a: 'x\r\nb: y' } }),
    'callback_headers_refused',
    '/callback/headers/a',
    /ASCII/,
  ],
  [
    'a header name with a line break',
    withCallback({ headers: { 'a\n': 5 } }),
    'validation_failed',
    '/callback/headers/a\n',
  ],
  [
    'a header called __proto__',
    `{"schedule":"@daily","callback":{"url":"${URL}","headers":{"__proto__":"x"}}}`,
    'callback_headers_refused',
    '/callback/headers/__proto__',
  ],
  [
    'a large callback body',
    withCallback({ body: 'x'.repeat(CALLBACK_BODY_BYTES_MAX) }),
    'callback_body_too_large',
    '/callback/body',
  ],
  [
    'a large callback body in few characters',
    withCallback({ body: '€'.repeat(Math.ceil(CALLBACK_BODY_BYTES_MAX / 3)) }),
    'callback_body_too_large',
    '/callback/body',
  ],
  ['a large body', ' '.repeat(REQUEST_BODY_BYTES_MAX + 1), 'body_too_large'],
];

for (const [name, body, code, path, message] of cases) {
  test(`creating a task refuses ${name}: ${code}`, async () => {
    const { ask, node, log } = serving();
    const exact = typeof body === 'string' || Buffer.isBuffer(body);
    const told = await ask('POST', '/v1/tasks', exact ? { text: body } : { json: body });
    assertProblem(told, code, path, message);
    assert.equal(node.tasks.size, 0);
    assert.ok(!told.text.includes('hunter2'));
    assert.ok(told.text.length < 16_384);
    assert.deepEqual(log, []);
  });
}

test('the deepest JSON that is allowed is taken', async () => {
  const { ask } = serving();
  assert.equal((await ask('POST', '/v1/tasks', { text: nested(JSON_NESTING_MAX - 2) })).status, 201);
});

test('each wrong field is told at once, and not too many', async () => {
  const { ask } = serving();
  const told = await ask('POST', '/v1/tasks', { json: { schedule: 1, tags: 2, callback: { url: 3 } } });
  const { errors } = fieldsOf(told) as { errors: { path: string }[] };
  assert.deepEqual(errors.map(({ path }) => path).sort(), ['/callback/url', '/schedule', '/tags']);
  const many = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`f${n}`, 1]));
  const told60 = await ask('POST', '/v1/tasks', { json: many });
  assert.equal((fieldsOf(told60).errors as unknown[]).length, 21);
});

/** No call holds the event loop over 50 ms (I10); the bound here leaves room for a busy machine. */
const HELD_MS_MAX = 200;
const filler = (length: number, item: string): string => Array.from({ length }, () => item).join(',');
const members = (length: number, value: string): string =>
  Array.from({ length }, (_, n) => `"f${n}":${value}`).join(',');
const broad: readonly (readonly [name: string, text: string, path: string])[] = [
  ['80,000 empty tags', `{"tags":[${filler(80_000, '""')}]}`, '/tags'],
  ['80,000 objects for tags', `{"tags":[${filler(80_000, '{}')}]}`, '/tags'],
  ['20,000 unknown fields', `{${members(20_000, '1')}}`, ''],
  ['20,000 headers', `{"callback":{"headers":{${members(20_000, '"1"')}}}}`, '/callback/headers'],
];
for (const [name, text, path] of broad) {
  test(`${name} are refused at once`, async () => {
    const { ask } = serving();
    await ask('POST', '/v1/tasks', { text: '{}' });
    const startedMs = performance.now();
    assertProblem(await ask('POST', '/v1/tasks', { text }), 'validation_failed', path, /at most 64 members/);
    assert.ok(performance.now() - startedMs < HELD_MS_MAX);
  });
}

test('a broad callback body is the target’s business', async () => {
  const { ask } = serving();
  const text = `{"schedule":"@daily","callback":{"url":"${URL}","body":{${members(5_000, '{}')}}}}`;
  assert.equal((await ask('POST', '/v1/tasks', { text })).status, 201);
});

test('only JSON is taken, as it is', async () => {
  const { ask, node } = serving();
  const text = JSON.stringify(TASK);
  const types: readonly (readonly [string, ErrorCode])[] = [
    ['text/plain', 'content_type_refused'],
    ['application/x-www-form-urlencoded', 'content_type_refused'],
    ['multipart/form-data; boundary=x', 'content_type_refused'],
    ['application/jsonp', 'content_type_refused'],
    ['application/json; charset=latin1', 'content_type_refused'],
    ['application/merge-patch+json', 'content_type_refused'],
    ['nonsense', 'content_type_refused'],
  ];
  for (const [type, code] of types) {
    assertProblem(await ask('POST', '/v1/tasks', { text, headers: { 'content-type': type } }), code);
  }
  const gzip = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
  assertProblem(await ask('POST', '/v1/tasks', { text, headers: gzip }), 'content_encoding_refused');
  assert.equal(node.tasks.size, 0);
  const good = { 'content-type': 'Application/JSON; charset="UTF-8"' };
  assert.equal((await ask('POST', '/v1/tasks', { text, headers: good })).status, 201);
});

test('an update is held to the same', async () => {
  const { ask } = serving();
  const { id } = fieldsOf(await ask('POST', '/v1/tasks', { json: TASK }));
  const refused: readonly (readonly [object, ErrorCode, string])[] = [
    [{ schedule: null }, 'validation_failed', '/schedule'],
    [{ id: '1' }, 'validation_failed', '/id'],
    [{ callback: null }, 'validation_failed', '/callback'],
    [{ callback: { url: 'http://169.254.169.254/' } }, 'callback_url_refused', '/callback/url'],
    [{ callback: { headers: { host: 'x' } } }, 'callback_headers_refused', '/callback/headers/host'],
    [{ schedule: '61 * * * *' }, 'schedule_refused', '/schedule'],
    [{ timezone: 'x' }, 'timezone_refused', '/timezone'],
    [{ retry: { backoff_max: '1ms' } }, 'validation_failed', '/retry/backoff_max'],
  ];
  const before = await ask('GET', `/v1/tasks/${id}`);
  for (const [json, code, path] of refused) {
    assertProblem(await ask('PATCH', `/v1/tasks/${id}`, { json }), code, path);
  }
  assertProblem(await ask('PATCH', `/v1/tasks/${id}`), 'body_missing');
  assert.equal((await ask('GET', `/v1/tasks/${id}`)).text, before.text);
});

test('paths and methods that are none are told apart', async () => {
  const { ask } = serving();
  assertProblem(await ask('GET', '/v1/nothing'), 'route_not_found');
  assertProblem(await ask('POST', '/nothing', { json: {} }), 'route_not_found');
  assertProblem(await ask('GET', '/v1/tasks/'), 'task_not_found');
  const told = await ask('PUT', '/v1/tasks/1', { json: {} });
  assertProblem(told, 'method_not_allowed');
  assert.deepEqual(String(told.headers.allow).split(', ').sort(), ['DELETE', 'GET', 'HEAD', 'PATCH']);
  const options = await ask('OPTIONS', '/v1/tasks', { headers: { origin: 'http://evil.example' } });
  assert.equal(options.status, 204);
  assert.equal(options.headers.allow, 'POST, GET, HEAD');
  assert.ok(Object.keys(options.headers).every((name) => !name.startsWith('access-control')));
  assertProblem(await ask('GET', '/v1/tasks/%zz'), 'http_malformed');
  assert.equal((await ask('HEAD', '/v1/cluster')).status, 200);
});
