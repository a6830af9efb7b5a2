import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Compile } from 'typebox/compile';
import { deadLetterSchema, executionSchema, pageOf, recordSchema, taskSchema } from '../../src/http/answer-schema.ts';
import { assertProblem, fieldsOf, type Serving, serving, type Told } from './serving.ts';

const TASK = { schedule: '*/5 * * * *', callback: { url: 'https://example.com/hook' } };
const conforms = {
  task: Compile(taskSchema),
  tasks: Compile(pageOf(taskSchema)),
  deadLetters: Compile(pageOf(deadLetterSchema)),
};

async function create({ ask }: Serving, fields: object = {}): Promise<Told> {
  const told = await ask('POST', '/v1/tasks', { json: { ...TASK, ...fields } });
  assert.equal(told.status, 201, told.text);
  return told;
}
const idOf = (told: Told): string => String(fieldsOf(told).id);

test('a created task says all of itself, with the defaults', async () => {
  const at = serving();
  const told = await create(at);
  assert.ok(conforms.task.Check(told.json), told.text);
  assert.equal(told.headers.location, `/v1/tasks/${idOf(told)}`);
  assert.equal(told.headers.etag, '"1"');
  const { id, ...rest } = fieldsOf(told);
  assert.equal(typeof id, 'string');
  assert.deepEqual(rest, {
    name: null,
    tags: [],
    schedule: '*/5 * * * *',
    timezone: 'UTC',
    dst: 'once',
    callback: { url: 'https://example.com/hook', method: 'POST', headers: {} },
    retry: { attempts: 5, backoff: '1s', backoff_max: '5m' },
    misfire: 'latest',
    overlap: 'allow',
    delivery: 'at_least_once',
    state: 'scheduled',
    version: 1,
    next_at: '2027-01-01T00:05:00.000Z',
    last_scheduled_at: null,
    run_count: 0,
    open_executions: 0,
    created_at: '2027-01-01T00:00:00.000Z',
    updated_at: '2027-01-01T00:00:00.000Z',
    finished_at: null,
  });
  assert.equal((await at.ask('GET', `/v1/tasks/${id}`)).text, told.text);
});

test('every field that is given is kept, and the body byte for byte in every answer', async () => {
  const at = serving({ defaults: { timezone: 'Asia/Tokyo' } });
  const body = String.raw`{ "2":1, "1":2, "k":3, "k":4, "id":289057701458138645, "s":"\u00e9", "a":1.0 }`;
  const text = `{"name":"n","tags":["a","b"],"schedule":"30 2 * * *","timezone":"America/New_York","dst":"once",
    "callback":{"url":"http://127.0.0.1:9000/x","method":"PUT","headers":{"Authorization":"Bearer s"},"body":${body}},
    "retry":{"attempts":3,"backoff":"1500ms","backoff_max":"120s"},"misfire":"latest","overlap":"allow","delivery":"at_most_once"}`;
  const told = await at.ask('POST', '/v1/tasks', { text });
  assert.equal(told.status, 201, told.text);
  assert.ok(conforms.task.Check(told.json), told.text);
  assert.ok(told.text.includes(`"body":${body}}`), told.text);
  const fields = fieldsOf(told);
  assert.deepEqual(fields.retry, { attempts: 3, backoff: '1500ms', backoff_max: '2m' });
  assert.equal(fields.timezone, 'America/New_York');
  assert.equal(fields.next_at, '2027-01-01T07:30:00.000Z');
  assert.equal(fields.delivery, 'at_most_once');
  const page = await at.ask('GET', '/v1/tasks');
  assert.ok(conforms.tasks.Check(page.json), page.text);
  assert.ok(page.text.includes(`"body":${body}}`));
  assert.equal(fieldsOf(await create(at)).timezone, 'Asia/Tokyo');
  assert.equal(fieldsOf(await create(at, { schedule: '@every 90s' })).timezone, null);
});

test('a repeated creation gives the same task and says so; another body under the key is refused', async () => {
  const at = serving();
  const headers = { 'idempotency-key': 'a' };
  const first = await at.ask('POST', '/v1/tasks', { json: TASK, headers });
  const second = await at.ask('POST', '/v1/tasks', { json: TASK, headers });
  assert.equal(first.headers['idempotent-replayed'], undefined);
  assert.deepEqual([second.status, second.headers['idempotent-replayed'], second.text], [201, 'true', first.text]);
  assertProblem(await at.ask('POST', '/v1/tasks', { json: { ...TASK, name: 'x' }, headers }), 'idempotency_key_reused');
  for (const key of ['', 'a b', 'é', 'k'.repeat(256)]) {
    const told = await at.ask('POST', '/v1/tasks', { json: TASK, headers: { 'idempotency-key': key } });
    assertProblem(told, 'idempotency_key_refused');
  }
  assert.equal(at.node.tasks.size, 1);
});

test('a list goes on from its cursor, and its filters are obeyed', async () => {
  const at = serving();
  const ids: string[] = [];
  for (let n = 0; n < 7; n += 1) {
    ids.push(idOf(await create(at, { name: `Job ${n}`, tags: n % 2 === 0 ? ['even'] : [] })));
  }
  for (const order of ['oldest', 'newest']) {
    const seen: string[] = [];
    let cursor: unknown = null;
    let pages = 0;
    do {
      const from = cursor === null ? '' : `&cursor=${String(cursor)}`;
      const told = await at.ask('GET', `/v1/tasks?order=${order}&limit=3${from}`);
      assert.ok(conforms.tasks.Check(told.json), told.text);
      const { items, next_cursor: next } = fieldsOf(told) as { items: { id: string }[]; next_cursor: string | null };
      seen.push(...items.map((item) => item.id));
      cursor = next;
      pages += 1;
    } while (cursor !== null);
    assert.deepEqual([seen, pages], [order === 'oldest' ? ids : ids.toReversed(), 3]);
  }
  const count = async (query: string) =>
    (fieldsOf(await at.ask('GET', `/v1/tasks?${query}`)).items as unknown[]).length;
  await at.ask('POST', `/v1/tasks/${ids[0]}/pause`);
  assert.deepEqual(
    [await count('tag=even'), await count('name=job'), await count('name=B+3'), await count('state=paused')],
    [4, 7, 1, 1],
  );
  for (const [query, path] of [
    ['limit=0', '/limit'],
    ['limit=1001', '/limit'],
    ['limit=x', '/limit'],
    ['state=odd', '/state'],
    ['order=up', '/order'],
    ['nothing=1', '/nothing'],
    ['tag=a&tag=b', '/tag'],
  ] as const) {
    assertProblem(await at.ask('GET', `/v1/tasks?${query}`), 'validation_failed', path);
  }
  const foreign = Buffer.from('executions:3').toString('base64url');
  for (const bad of ['x', foreign, '']) {
    assertProblem(await at.ask('GET', `/v1/tasks?cursor=${bad}`), 'cursor_refused', '/cursor');
  }
});

test('a page of large tasks ends early, and its cursor goes on', async () => {
  const at = serving();
  const ids: string[] = [];
  const callback = { url: 'https://example.com/', body: 'x'.repeat(100_000) };
  for (let n = 0; n < 120; n += 1) ids.push(idOf(await create(at, { callback })));
  const first = await at.ask('GET', '/v1/tasks?limit=1000');
  assert.ok(first.text.length < 5_000_000);
  const { items, next_cursor: next } = fieldsOf(first) as { items: { id: string }[]; next_cursor: string };
  const seen = items.map(({ id }) => id);
  const rest: readonly string[] = await followPages(at, next);
  assert.deepEqual([...seen, ...rest], ids);
});

async function followPages(at: Serving, from: string): Promise<string[]> {
  const seen: string[] = [];
  for (let cursor: string | null = from; cursor !== null; ) {
    const told = await at.ask('GET', `/v1/tasks?limit=1000&cursor=${cursor}`);
    const page = fieldsOf(told) as { items: { id: string }[]; next_cursor: string | null };
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.next_cursor;
  }
  return seen;
}

test('an update merges: what is left out stays, null removes, the body is cut anew', async () => {
  const at = serving();
  const callback = { url: 'https://example.com/a', headers: { 'X-One': '1', 'X-Two': '2' }, body: { a: 1 } };
  const id = idOf(await create(at, { name: 'old', callback, retry: { attempts: 2 } }));
  const text =
    '{"name":null,"callback":{"headers":{"x-one":null,"X-Three":"3"},"body": [1.0] },"retry":{"backoff":"2s"}}';
  const told = await at.ask('PATCH', `/v1/tasks/${id}`, {
    text,
    headers: { 'content-type': 'application/merge-patch+json' },
  });
  assert.equal(told.status, 200, told.text);
  assert.equal(told.headers.etag, '"2"');
  assert.ok(told.text.includes('"body":[1.0]}'));
  const fields = fieldsOf(told);
  assert.equal(fields.name, null);
  assert.deepEqual(fields.retry, { attempts: 2, backoff: '2s', backoff_max: '5m' });
  assert.deepEqual(fields.callback, {
    url: 'https://example.com/a',
    method: 'POST',
    headers: { 'X-Two': '2', 'X-Three': '3' },
    body: [1],
  });
  const removed = await at.ask('PATCH', `/v1/tasks/${id}`, { json: { callback: { body: null } } });
  assert.ok(!('body' in (fieldsOf(removed).callback as object)));
  const kept = await at.ask('PATCH', `/v1/tasks/${id}`, { json: { callback: { url: 'https://example.com/b' } } });
  assert.deepEqual((fieldsOf(kept).callback as { headers: object }).headers, { 'X-Two': '2', 'X-Three': '3' });
  const moved = await at.ask('PATCH', `/v1/tasks/${id}`, { json: { schedule: '0 0 * * *', timezone: 'Asia/Tokyo' } });
  assert.equal(fieldsOf(moved).next_at, '2027-01-01T15:00:00.000Z');
});

test('an interval that becomes a crontab line gets the default zone', async () => {
  const at = serving({ defaults: { timezone: 'Asia/Tokyo' } });
  const id = idOf(await create(at, { schedule: '@every 1h' }));
  const told = await at.ask('PATCH', `/v1/tasks/${id}`, { json: { schedule: '0 9 * * *' } });
  assert.equal(fieldsOf(told).timezone, 'Asia/Tokyo');
});

test('If-Match is honoured by every change', async () => {
  const at = serving();
  const id = idOf(await create(at));
  const change = (ifMatch: string, method: 'PATCH' | 'POST' | 'DELETE' = 'PATCH', action = '') =>
    at.ask(method, `/v1/tasks/${id}${action}`, { json: {}, headers: { 'if-match': ifMatch } });
  assertProblem(await change('"2"'), 'version_mismatch');
  assert.equal((await change('"1"')).headers.etag, '"2"');
  assert.equal((await change('*')).headers.etag, '"3"');
  for (const action of ['/pause', '/run']) assertProblem(await change('"1"', 'POST', action), 'version_mismatch');
  assertProblem(await change('"1"', 'DELETE'), 'version_mismatch');
  for (const bad of ['3', 'W/"3"', '"3", "4"', '""']) assertProblem(await change(bad), 'if_match_refused');
  assert.equal((await change('"3"', 'DELETE')).status, 200);
});

test('an update without If-Match is decided anew when another comes in between, and gives up in words', async () => {
  const at = serving();
  const id = idOf(await create(at));
  at.node.before(() => {
    at.node.before(() => {});
    const callback = { url: 'https://example.com/theirs', method: 'POST', headers: {}, body: null } as const;
    void at.node.submit(
      { type: 'UpdateTask', taskId: id as never, version: null, changes: { callback } },
      { by: 'other' },
    );
  });
  const told = await at.ask('PATCH', `/v1/tasks/${id}`, { json: { callback: { headers: { mine: '1' } } } });
  assert.equal(told.status, 200);
  assert.deepEqual(fieldsOf(told).callback, {
    url: 'https://example.com/theirs',
    method: 'POST',
    headers: { mine: '1' },
  });
  at.node.answerWith({ outcome: 'refused', refusal: { code: 'version_mismatch', message: 'again', errors: [] } });
  assertProblem(await at.ask('PATCH', `/v1/tasks/${id}`, { json: { name: 'x' } }), 'update_contended');
});

test('pause, resume, run and delete move the task, and say where they may not', async () => {
  const at = serving();
  const id = idOf(await create(at));
  const act = (action: string) => at.ask('POST', `/v1/tasks/${id}/${action}`);
  assertProblem(await act('resume'), 'task_not_paused');
  const paused = await act('pause');
  assert.deepEqual([fieldsOf(paused).state, fieldsOf(paused).next_at], ['paused', null]);
  assertProblem(await act('pause'), 'task_paused');
  assertProblem(await act('run'), 'task_paused');
  assert.equal(fieldsOf(await act('resume')).next_at, '2027-01-01T00:05:00.000Z');
  const run = await act('run');
  assert.deepEqual([run.status, run.headers.location], [202, `/v1/tasks/${id}/executions`]);
  assert.equal(fieldsOf(run).open_executions, 1);
  const refused = await at.ask('POST', `/v1/tasks/${id}/run`, { headers: { 'idempotency-key': 'k' } });
  assertProblem(refused, 'idempotency_key_refused');
  assertProblem(await at.ask('POST', `/v1/tasks/${id}/run`, { json: { at: 1 } }), 'validation_failed', '/at');
  const cancelled = await at.ask('DELETE', `/v1/tasks/${id}`);
  assert.deepEqual(
    [fieldsOf(cancelled).state, fieldsOf(cancelled).finished_at],
    ['cancelled', '2027-01-01T00:00:00.000Z'],
  );
  assertProblem(await at.ask('DELETE', `/v1/tasks/${id}`), 'task_finished');
  assertProblem(await act('run'), 'task_finished');
  assertProblem(await at.ask('PATCH', `/v1/tasks/${id}`, { json: {} }), 'task_finished');
});

test('what failed for good is listed with its task, the last one first, page by page', async () => {
  const at = serving();
  const times = { startedAtMs: 1, endedAtMs: 2 };
  const refusal = { kind: 'response', status: 400, retryAfterMs: null, excerpt: 'no', ...times } as const;
  const ids: string[] = [];
  for (let n = 0; n < 3; n += 1) {
    const id = idOf(await create(at, { name: `Job ${n}`, schedule: '* * * * * *', retry: { attempts: 1 } }));
    at.clock.advance(1_000);
    at.node.fire(id as Parameters<typeof at.node.fire>[0], refusal);
    ids.push(id);
  }
  const seen: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const told = await at.ask('GET', `/v1/dead-letters?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
    assert.ok(conforms.deadLetters.Check(told.json), told.text);
    const page = told.json as { items: { task: { id: string } }[]; next_cursor: string | null };
    seen.push(...page.items.map(({ task }) => task.id));
    cursor = page.next_cursor;
  }
  assert.deepEqual(seen, ids.toReversed());
  for (const bad of [
    'x',
    Buffer.from('tasks:1').toString('base64url'),
    Buffer.from('letters:1-2').toString('base64url'),
  ])
    assertProblem(await at.ask('GET', `/v1/dead-letters?cursor=${bad}`), 'cursor_refused', '/cursor');
});

test('executions come newest first with their attempts, page by page, and one by one', async () => {
  const at = serving();
  const id = idOf(await create(at, { schedule: '* * * * *' }));
  const response = { kind: 'response', retryAfterMs: null, startedAtMs: 1, endedAtMs: 2 } as const;
  for (let n = 0; n < 5; n += 1) {
    at.clock.advance(60_000);
    const status = n === 4 ? 503 : 200;
    at.node.fire(id as never, { ...response, status, excerpt: status === 503 ? 'busy' : null });
  }
  const page = await at.ask('GET', `/v1/tasks/${id}/executions?limit=2`);
  assert.ok(Compile(pageOf(executionSchema)).Check(page.json), page.text);
  const { items, next_cursor: next } = fieldsOf(page) as { items: Record<string, unknown>[]; next_cursor: string };
  assert.deepEqual(
    items.map((item) => item.run),
    [5, 4],
  );
  assert.deepEqual(
    items.map((item) => item.state),
    ['waiting', 'succeeded'],
  );
  assert.equal(items[0]?.scheduled_at, '2027-01-01T00:05:00.000Z');
  const attempts = items[0]?.attempts as readonly Record<string, unknown>[] | undefined;
  assert.deepEqual(
    attempts?.map((attempt) => attempt.excerpt),
    ['busy'],
  );
  const rest = await at.ask('GET', `/v1/tasks/${id}/executions?cursor=${next}`);
  assert.deepEqual(
    (fieldsOf(rest).items as { run: number }[]).map((item) => item.run),
    [3, 2, 1],
  );
  assert.equal(fieldsOf(rest).next_cursor, null);
  assert.deepEqual((await at.ask('GET', `/v1/tasks/${id}/executions/5`)).json, items[0]);
  for (const run of ['6', '0', 'x', '1.5']) {
    assertProblem(await at.ask('GET', `/v1/tasks/${id}/executions/${run}`), 'execution_not_found');
  }
  assertProblem(await at.ask('GET', `/v1/tasks/${id}/executions?limit=101`), 'validation_failed', '/limit');
  assertProblem(await at.ask('GET', `/v1/tasks/${id}/executions?cursor=zz`), 'cursor_refused');
});

test('the events of a task name who asked', async () => {
  for (const token of [null, 'secret']) {
    const at = serving({ token });
    const headers = token === null ? {} : { authorization: `Bearer ${token}` };
    const created = await at.ask('POST', '/v1/tasks', { json: TASK, headers });
    await at.ask('POST', `/v1/tasks/${idOf(created)}/pause`, { headers });
    const told = await at.ask('GET', `/v1/tasks/${idOf(created)}/events`, { headers });
    assert.ok(Compile(pageOf(recordSchema)).Check(told.json), told.text);
    const by = token === null ? 'anonymous' : 'token';
    const at0 = '2027-01-01T00:00:00.000Z';
    assert.deepEqual(fieldsOf(told).items, [
      { at: at0, type: 'TaskCreated', by },
      { at: at0, type: 'TaskPaused', by },
    ]);
  }
});

test('a task that is not there is 404 everywhere', async () => {
  const { ask } = serving();
  for (const id of ['1', '0', 'abc', '-1', '9223372036854775808']) {
    for (const path of ['', '/executions', '/events'])
      assertProblem(await ask('GET', `/v1/tasks/${id}${path}`), 'task_not_found');
    for (const action of ['pause', 'resume', 'run'])
      assertProblem(await ask('POST', `/v1/tasks/${id}/${action}`), 'task_not_found');
    assertProblem(await ask('PATCH', `/v1/tasks/${id}`, { json: {} }), 'task_not_found');
    assertProblem(await ask('DELETE', `/v1/tasks/${id}`), 'task_not_found');
  }
});

test('what the node cannot do is 503 with Retry-After, what it may have done is 504 with the id', async () => {
  const at = serving();
  const id = idOf(await create(at));
  for (const reason of ['starting', 'no_leader', 'stopping', 'storage_failed', 'overloaded'] as const) {
    at.node.answerWith({ outcome: 'unavailable', reason, retryAfterMs: 1_200 });
    const told = await at.ask('POST', '/v1/tasks', { json: TASK });
    assertProblem(told, reason);
    assert.equal(told.headers['retry-after'], '2');
  }
  at.node.answerWith({ outcome: 'unknown', taskId: id as never });
  const told = await at.ask('POST', '/v1/tasks', { json: TASK });
  assertProblem(told, 'outcome_unknown');
  assert.equal(fieldsOf(told).task_id, id);
  at.node.become({ state: 'recovering', ready: false, reason: 'x' }, 'refused');
  for (const path of ['', `/${id}`, `/${id}/executions`, `/${id}/executions/1`, `/${id}/events`]) {
    assertProblem(await at.ask('GET', `/v1/tasks${path}`), 'no_leader');
  }
  assertProblem(await at.ask('PATCH', `/v1/tasks/${id}`, { json: {} }), 'no_leader');
});
