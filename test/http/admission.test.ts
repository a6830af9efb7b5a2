import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertProblem, fieldsOf, serving } from './serving.ts';

const TASK = { schedule: '@daily', callback: { url: 'https://example.com/hook' } };
const TOKEN = 'a-long-random-token';

test('with a token, all but the probes ask for it', async () => {
  const { ask, http, node, log } = serving({ token: TOKEN });
  const bad: readonly (string | undefined)[] = [
    undefined,
    '',
    'Bearer',
    `Basic ${TOKEN}`,
    TOKEN,
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(1)}`,
    `Bearer ${TOKEN} ${TOKEN}`,
  ];
  for (const authorization of bad) {
    const headers = authorization === undefined ? {} : { authorization };
    for (const { method, path, open } of http.operations) {
      const url = path.replace(/\{\w+\}/g, '1');
      const told = await ask(method, url, { headers, ...(method === 'GET' ? {} : { json: TASK }) });
      if (open === true) assert.equal(told.status, 200, url);
      else assert.deepEqual([told.status, told.headers['www-authenticate']], [401, 'Bearer realm="xcron"'], url);
      assert.ok(!told.text.includes(TOKEN));
    }
    assert.equal((await ask('GET', '/nothing', { headers })).status, 401);
  }
  assert.equal(node.tasks.size, 0);
  for (const scheme of ['Bearer', 'bearer']) {
    const headers = { authorization: `${scheme} ${TOKEN}`, host: 'any.example', origin: 'https://other.example' };
    assert.equal((await ask('POST', '/v1/tasks', { json: TASK, headers })).status, 201);
  }
  assert.ok(!log.join('').includes(TOKEN));
});

test('the original API tells in its envelope that a token is needed, with the status', async () => {
  const { ask } = serving({ token: TOKEN });
  const told = await ask('POST', '/xcron/createTask', { json: {} });
  assert.deepEqual([told.status, fieldsOf(told).code], [401, 1035]);
  const { uuid } = fieldsOf(told);
  assert.equal(typeof uuid, 'string');
});

test('without a token a Host must be one of this machine’s own names', async () => {
  const { ask, node } = serving({ hostNames: ['xcron.internal'] });
  const good = [
    'localhost',
    'LOCALHOST:8000',
    'a.localhost',
    '127.0.0.1',
    '127.9.9.9:1',
    '[::1]:8000',
    'xcron.internal:80',
  ];
  const bad = [
    'evil.example',
    'evil.example:8000',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '10.0.0.1',
    '0.0.0.0:8000',
    '[::2]',
    '2130706433',
    'localhost:x',
    'user@localhost',
  ];
  for (const host of good) assert.equal((await ask('GET', '/v1/tasks', { headers: { host } })).status, 200, host);
  for (const host of bad) {
    assertProblem(await ask('GET', '/v1/tasks', { headers: { host } }), 'host_refused');
    assertProblem(await ask('POST', '/v1/tasks', { json: TASK, headers: { host } }), 'host_refused');
    assertProblem(await ask('GET', '/nothing', { headers: { host } }), 'host_refused');
    assert.equal((await ask('GET', '/livez', { headers: { host } })).status, 200);
  }
  assert.equal(node.tasks.size, 0);
});

test('without a token a page of another site gets nothing done', async () => {
  const { ask, node } = serving();
  const host = '127.0.0.1:8000';
  const origins = [
    'http://evil.example',
    'null',
    'http://localhost:8000',
    'http://127.0.0.1',
    'http://127.0.0.1:3000',
    '',
  ];
  for (const origin of origins) {
    assertProblem(await ask('POST', '/v1/tasks', { json: TASK, headers: { host, origin } }), 'origin_refused');
    assertProblem(await ask('DELETE', '/v1/tasks/1', { headers: { host, origin } }), 'origin_refused');
  }
  const own = { host, origin: 'http://127.0.0.1:8000' };
  assert.equal((await ask('POST', '/v1/tasks', { json: TASK, headers: own })).status, 201);
  // What a form can send without asking the browser for leave.
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
    const text = JSON.stringify(TASK);
    for (const url of ['/v1/tasks', '/xcron/createTask', '/v1/tasks/1/pause']) {
      const told = await ask('POST', url, { text, headers: { host, 'content-type': type } });
      assert.notEqual(told.status, 201);
      assert.ok([415, 200].includes(told.status));
    }
  }
  assert.equal(node.submitted.length, 1);
});

test('a head beyond its bounds is refused', async () => {
  const { ask } = serving();
  assertProblem(await ask('GET', `/v1/tasks?name=${'x'.repeat(4_100)}`), 'url_too_long');
  const many = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`x-${n}`, '1']));
  assertProblem(await ask('GET', '/v1/tasks', { headers: many }), 'head_too_large');
});

test('secrets of a task are not logged, even when the node breaks', async () => {
  const { ask, node, log } = serving();
  node.before(() => {
    throw new Error('broken on purpose');
  });
  const callback = { url: 'https://example.com/?key=s3cret', headers: { authorization: 's3cret' }, body: 's3cret' };
  const told = await ask('POST', '/v1/tasks', { json: { ...TASK, callback }, headers: { 'x-secret': 's3cret' } });
  assertProblem(told, 'internal_error');
  assert.ok(!told.text.includes('broken on purpose'));
  assert.equal(log.length, 1);
  assert.match(log[0] ?? '', /broken on purpose/);
  assert.ok(!log.join('').includes('s3cret'));
});
