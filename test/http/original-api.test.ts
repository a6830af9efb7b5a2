import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertEnvelope, fieldsOf, serving } from './serving.ts';

const TASK = { type: 1, format: '*/5 * * * *', callback: { url: 'https://example.com/hook' } };
const BODY = String.raw`{ "2":1, "1":2, "k":3, "k":4, "id":289057701458138645, "s":"\u00e9", "a":1.0 }`;

test('createTask answers with the id of a task that is there', async () => {
  const { ask, node } = serving();
  const told = await ask('POST', '/xcron/createTask', { json: TASK });
  assertEnvelope(told, 0);
  const { task_id: taskId } = fieldsOf(told).data as { task_id: string };
  assert.match(taskId, /^[1-9][0-9]{15,18}$/);
  assert.deepEqual([...node.tasks.keys()], [taskId]);
  const again = await ask('POST', '/xcron/createTask', { json: TASK });
  assert.notEqual(fieldsOf(again).uuid, fieldsOf(told).uuid);
});

test('the callback body is kept byte for byte', async () => {
  const { ask, node } = serving();
  const text = `{"type":1,"format":"* * * * *","callback":{"body":"no","url":"https://example.com/",\n "body" : ${BODY} } }`;
  assertEnvelope(await ask('POST', '/xcron/createTask', { text }), 0);
  const [task] = [...node.tasks.values()];
  assert.equal(task?.definition.callback.body, BODY);
  const told = await ask('GET', `/xcron/queryTask?task_id=${task?.taskId}`);
  assert.ok(told.text.includes(`"body":${BODY}`), told.text);
});

test('an escaped key is the same key', async () => {
  const { ask, node } = serving();
  const text = String.raw`{"type":1,"format":"* * * * *","c\u0061llback":{"url":"https://example.com/","b\u006fdy":[1.0]}}`;
  assertEnvelope(await ask('POST', '/xcron/createTask', { text }), 0);
  assert.equal([...node.tasks.values()][0]?.definition.callback.body, '[1.0]');
});

test('format decides, whichever way round the client has the numbers', async () => {
  const { ask, node } = serving();
  for (const type of [1, 2]) {
    assertEnvelope(await ask('POST', '/xcron/createTask', { json: { ...TASK, type, format: '1893456000' } }), 0);
    assertEnvelope(await ask('POST', '/xcron/createTask', { json: { ...TASK, type } }), 0);
  }
  const kinds = [...node.tasks.values()].map((task) => task.definition.schedule.kind);
  assert.deepEqual(kinds, ['once', 'cron', 'once', 'cron']);
});

test('queryTask tells the task in the original words', async () => {
  const { ask } = serving();
  const created = await ask('POST', '/xcron/createTask', {
    json: { type: 1, format: '1893456000', callback: { url: 'https://example.com/hook' } },
  });
  const { task_id: taskId } = fieldsOf(created).data as { task_id: string };
  const told = await ask('GET', `/xcron/queryTask?task_id=${taskId}`);
  assertEnvelope(told, 0);
  assert.deepEqual(fieldsOf(told).data, {
    task_id: taskId,
    create_time: Date.parse('2027-01-01T00:00:00Z') / 1_000,
    type: 2,
    format: '1893456000',
    run_count: 0,
    callback: { url: 'https://example.com/hook' },
  });
});

test('deleteTask takes the id as a string, and as a number that JavaScript cannot hold', async () => {
  const { ask, node } = serving();
  // The next id ends in 1, which a double rounds away.
  await ask('POST', '/xcron/createTask', { json: TASK });
  for (const quote of ['"', '']) {
    const created = await ask('POST', '/xcron/createTask', { json: TASK });
    const { task_id: taskId } = fieldsOf(created).data as { task_id: string };
    if (quote === '') assert.ok(!Number.isSafeInteger(Number(taskId)));
    const told = await ask('POST', '/xcron/deleteTask', { text: `{ "task_id" : ${quote}${taskId}${quote} }` });
    assertEnvelope(told, 0);
    assert.deepEqual(fieldsOf(told).data, { task_id: taskId });
    assert.deepEqual([...node.tasks.values()].at(-1)?.state, 'cancelled');
    assertEnvelope(await ask('POST', '/xcron/deleteTask', { json: { task_id: taskId } }), 1007);
  }
});

test('an Idempotency-Key makes createTask safe to repeat', async () => {
  const { ask, node } = serving();
  const headers = { 'idempotency-key': 'k-1' };
  const first = await ask('POST', '/xcron/createTask', { json: TASK, headers });
  const second = await ask('POST', '/xcron/createTask', { json: TASK, headers });
  assert.deepEqual(fieldsOf(second).data, fieldsOf(first).data);
  const other = await ask('POST', '/xcron/createTask', { json: { ...TASK, format: '@daily' }, headers });
  assertEnvelope(other, 1033);
  assert.equal(node.tasks.size, 1);
});

const refusals: readonly (readonly [name: string, text: string, number: number, message: RegExp])[] = [
  ['no JSON', '{"type":1,', 1000, /ends too early/],
  ['a list', '[]', 1000, /must be an object/],
  ['an unknown field', JSON.stringify({ ...TASK, extra: 1 }), 1000, /\/extra is not known/],
  ['a prototype', `{"__proto__":{},${JSON.stringify(TASK).slice(1)}`, 1000, /\/__proto__ is not known/],
  [
    'an unknown field in callback',
    JSON.stringify({ ...TASK, callback: { ...TASK.callback, x: 1 } }),
    1000,
    /callback\/x/,
  ],
  ['type as text', JSON.stringify({ ...TASK, type: '1' }), 1020, /\/type must be one of 1, 2|must be a number/],
  ['type 3', JSON.stringify({ ...TASK, type: 3 }), 1020, /must be one of 1, 2/],
  ['no type', JSON.stringify({ ...TASK, type: undefined }), 1020, /\/type is required/],
  ['format as a number', JSON.stringify({ ...TASK, format: 12 }), 1001, /\/format must be a string/],
  ['an empty format', JSON.stringify({ ...TASK, format: '' }), 1001, /empty/],
  ['a bad field', JSON.stringify({ ...TASK, format: '* 25 * * *' }), 1001, /position 2/],
  ['a line that never fires', JSON.stringify({ ...TASK, format: '0 0 30 2 *' }), 1001, /never|no/],
  ['a past instant', JSON.stringify({ ...TASK, type: 2, format: '1700000000' }), 1002, /has passed/],
  ['no callback', JSON.stringify({ ...TASK, callback: undefined }), 1003, /\/callback is required/],
  ['no URL', JSON.stringify({ ...TASK, callback: {} }), 1003, /\/callback\/url is required/],
  ['a relative URL', JSON.stringify({ ...TASK, callback: { url: '/hook' } }), 1003, /not an absolute URL/],
  ['a guarded URL', JSON.stringify({ ...TASK, callback: { url: 'http://169.254.169.254/' } }), 1003, /metadata/],
  ['our own port', JSON.stringify({ ...TASK, callback: { url: 'http://localhost:8000/' } }), 1003, /own HTTP ports/],
];
for (const [name, text, number, message] of refusals) {
  test(`createTask refuses ${name} with ${number}, and creates nothing`, async () => {
    const { ask, node } = serving();
    assertEnvelope(await ask('POST', '/xcron/createTask', { text }), number, message);
    assert.equal(node.tasks.size, 0);
  });
}

test('what a node cannot do now is told as 1004, what it may have done as 1005', async () => {
  const { ask, node } = serving();
  node.answerWith({ outcome: 'unavailable', reason: 'no_leader', retryAfterMs: 300 });
  const refused = await ask('POST', '/xcron/createTask', { json: TASK });
  assertEnvelope(refused, 1004, /no leader/);
  assert.equal(refused.headers['retry-after'], '1');
  node.answerWith({ outcome: 'unknown', taskId: '77' as never });
  const unknown = await ask('POST', '/xcron/createTask', { json: TASK });
  assertEnvelope(unknown, 1005);
  assert.deepEqual(fieldsOf(unknown).data, { task_id: '77' });
});

test('an unknown task is 1006, and so is what no id can be', async () => {
  const { ask } = serving();
  for (const id of ['1', '0', '-1', 'abc', '9223372036854775808', '']) {
    assertEnvelope(await ask('GET', `/xcron/queryTask?task_id=${encodeURIComponent(id)}`), 1006);
    assertEnvelope(await ask('POST', '/xcron/deleteTask', { json: { task_id: id } }), 1006);
  }
  assertEnvelope(await ask('GET', '/xcron/queryTask'), 1000, /task_id is required/);
  assertEnvelope(await ask('POST', '/xcron/deleteTask', { json: { task_id: 1.5 } }), 1000);
});

test('an unknown route of the original API answers in its envelope', async () => {
  const { ask } = serving();
  assertEnvelope(await ask('POST', '/xcron/nothing', { json: {} }), 1034);
  const told = await ask('GET', '/xcron/createTask');
  assertEnvelope(told, 1034, /POST is allowed/);
  assert.equal(told.headers.allow, 'POST');
});
