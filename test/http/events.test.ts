import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { EventStream } from '../../src/http/event-stream.ts';
import { EVENTS_STUCK_MS } from '../../src/http/limits.ts';
import type { AnswerStream } from '../../src/http/operation.ts';
import type { SchedulerNode } from '../../src/node/api.ts';
import type { EventSubscription } from '../../src/node/event-reader.ts';
import type { FeedEvent } from '../../src/node/feed-event.ts';
import { createServerSentEventReader, type ServerSentEvent } from '../../src/server-sent-events.ts';
import { by, create, withNode } from '../node/running-node.ts';
import { steppedClock } from '../node/stepped-clock.ts';
import { until } from '../whole/serving.ts';
import { assertProblem, fieldsOf, type Serving, serving } from './serving.ts';

/** The event stream of a real node, over real connections. */

const TOKEN = 'a-token-that-nobody-is-shown';
let node: SchedulerNode;
let at: Serving;
let url: string;
let over: () => void;
let ended: Promise<void>;
before(async () => {
  const begun = Promise.withResolvers<void>();
  ended = withNode(async (running) => {
    node = running;
    begun.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    over = resolve;
    await promise;
  });
  await begun.promise;
  at = serving({ node, token: TOKEN });
  const { port } = await at.http.listen('127.0.0.1', 0);
  url = `http://127.0.0.1:${port}`;
});
after(async () => {
  over();
  await ended;
});

interface Following {
  readonly response: Response;
  /** The next that come, all of them by then. */
  until(count: number): Promise<readonly ServerSentEvent[]>;
  /** All until the stream ended. */
  rest(): Promise<readonly ServerSentEvent[]>;
  text(): string;
  close(): void;
}

async function follow(query: string, headers: Readonly<Record<string, string>> = {}): Promise<Following> {
  const aborting = new AbortController();
  const response = await fetch(`${url}/v1/events${query}`, {
    headers: { authorization: `Bearer ${TOKEN}`, ...headers },
    signal: aborting.signal,
  });
  const reader = createServerSentEventReader();
  const events: ServerSentEvent[] = [];
  let text = '';
  const chunks = (response.body ?? assert.fail()).pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  const next = async (): Promise<boolean> => {
    const { value, done } = await chunks.next();
    if (done === true) return false;
    text += value;
    events.push(...reader.push(value));
    return true;
  };
  return {
    response,
    async until(count) {
      while (events.length < count) assert.ok(await next(), `the stream ended after ${text}`);
      return events;
    },
    async rest() {
      while (await next());
      return events;
    },
    text: () => text,
    close: () => aborting.abort(),
  };
}

const nobodyFollows = (): Promise<void> =>
  until(
    () => node.feed.counters.subscribers === 0,
    () => `${node.feed.counters.subscribers} follow`,
  );

const kindsOf = (events: readonly ServerSentEvent[]): readonly string[] => events.map(({ event }) => event);

test('what happens is told as it happens, with an id to go on behind; what is not asked for is not', async () => {
  const all = await follow('');
  assert.equal(all.response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  assert.equal(all.response.headers.get('cache-control'), 'no-store');
  const taskId = await create(node, { name: 'nightly', tags: ['a'] });
  const [first] = await all.until(1);
  const data = JSON.parse(first?.data ?? '') as Readonly<Record<string, unknown>>;
  assert.deepEqual(
    { kind: data.kind, id: data.id, task: data.task_id, name: data.name, tags: data.tags, by: data.by },
    { kind: 'TaskCreated', id: first?.lastId, task: taskId, name: 'nightly', tags: ['a'], by: 'test' },
  );
  assert.match(String(data.at), /^20\d\d-/);
  const other = await create(node, {});
  await node.submit({ type: 'PauseTask', taskId, version: null }, by);
  await node.submit({ type: 'CancelTask', taskId, version: null }, by);
  assert.deepEqual(kindsOf(await all.until(4)), ['TaskCreated', 'TaskCreated', 'TaskPaused', 'TaskCancelled']);
  const id = first?.lastId ?? '';
  const ofTask = await follow(`?after=${id}&task_id=${taskId}`);
  assert.deepEqual(kindsOf(await ofTask.until(2)), ['TaskPaused', 'TaskCancelled']);
  const ofKinds = await follow('?after=oldest&kind=TaskCreated,TaskCancelled');
  assert.deepEqual(kindsOf((await ofKinds.until(3)).slice(-3)), ['TaskCreated', 'TaskCreated', 'TaskCancelled']);
  assert.match(ofKinds.text(), new RegExp(`"task_id":"${other}"`));
  // As a browser asks again: the same address, and what it heard last.
  const again = await follow('?after=oldest', { 'last-event-id': (await all.until(4)).at(-2)?.lastId ?? '' });
  assert.deepEqual(kindsOf(await again.until(1)), ['TaskCancelled']);
  for (const one of [all, ofTask, ofKinds, again]) one.close();
});

test('I11: nothing of a callback, and no key, is told', async () => {
  const secret = 'do-not-tell';
  const following = await follow('');
  const callback = {
    url: `http://127.0.0.1:9/?key=${secret}`,
    method: 'POST' as const,
    headers: { authorization: secret },
    body: `"${secret}"`,
  };
  await create(node, { callback }, `${secret}-key`);
  await following.until(1);
  assert.match(following.text(), /TaskCreated/);
  assert.doesNotMatch(following.text(), new RegExp(secret));
  following.close();
});

for (const [query, code, path] of [
  ['?after=nonsense', 'event_id_refused', '/after'],
  ['?kind=TaskCreated,Nothing', 'validation_failed', '/kind'],
  ['?kind=', 'validation_failed', '/kind'],
  ['?task_id=x', 'validation_failed', '/task_id'],
  ['?tag=a', 'validation_failed', '/tag'],
] as const) {
  test(`${query} is refused, and said why`, async () => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    assertProblem(await at.ask('GET', `/v1/events${query}`, { headers }), code, path);
    await nobodyFollows();
  });
}

test('without the token there is nothing to follow', async () => {
  assertProblem(await at.ask('GET', '/v1/events'), 'unauthorized');
});

test('a node that has not begun says so', async () => {
  assertProblem(await serving().ask('GET', '/v1/events'), 'starting');
});

test('the metrics tell how many follow', async () => {
  await nobodyFollows();
  const following = await follow('');
  const told = await at.ask('GET', '/metrics', { headers: { authorization: `Bearer ${TOKEN}` } });
  assert.match(told.text, /^xcron_event_subscribers 1$/m);
  following.close();
});

test('a reader that takes nothing is paused at once, goes on when it can, and is cut off in the end', () => {
  const clock = steppedClock(0);
  const calls: string[] = [];
  const subscription: EventSubscription = {
    id: 'place',
    pause: () => void calls.push('pause'),
    resume: () => void calls.push('resume'),
    close: (why) => void calls.push(`close ${why}`),
  };
  let takes = true;
  let drained = (): void => assert.fail();
  const to: AnswerStream = {
    write: () => takes,
    end: () => void calls.push('end'),
    cutOff: () => void calls.push('cut off'),
    onDrained: (run) => {
      drained = run;
    },
    onClosed: () => {},
  };
  const stream = new EventStream(clock, () => true);
  stream.begin(subscription, to);
  takes = false;
  const told = [{ id: 'place', kind: 'TaskCreated', text: '{}' } as FeedEvent];
  stream.events(told);
  clock.pass(EVENTS_STUCK_MS - 1);
  takes = true;
  drained();
  clock.pass(2 * EVENTS_STUCK_MS);
  takes = false;
  assert.deepEqual(calls, ['pause', 'resume']);
  stream.events(told);
  clock.pass(EVENTS_STUCK_MS + 1);
  assert.deepEqual(calls.slice(2), ['pause', 'close slow', 'cut off', 'close done']);
});

test('a reader that has gone before its stream begins leaves nothing behind', () => {
  const clock = steppedClock(0);
  const calls: string[] = [];
  const stream = new EventStream(clock, () => true);
  stream.begin(
    { id: 'place', pause() {}, resume() {}, close: (why) => void calls.push(why) },
    { write: () => true, end() {}, cutOff() {}, onDrained() {}, onClosed: (run) => run() },
  );
  assert.deepEqual(calls, ['done']);
  assert.equal(clock.timers, 0);
});

test('figures of the last hour and day are counted from what was applied', async () => {
  const one = serving();
  const json = { schedule: '@every 10s', callback: { url: 'https://example.com/hook' } };
  const taskId = String(fieldsOf(await one.ask('POST', '/v1/tasks', { json })).id) as Parameters<
    typeof one.node.fire
  >[0];
  one.clock.advance(10_000);
  const nowMs = one.clock.nowMs();
  const times = { startedAtMs: nowMs + 40, endedAtMs: nowMs + 50 };
  one.node.fire(taskId, { kind: 'response', status: 500, retryAfterMs: null, excerpt: null, ...times });
  one.clock.advance(5_000);
  one.node.fire(taskId, { kind: 'response', status: 200, retryAfterMs: null, excerpt: null, ...times });
  for (const window of ['hour', 'day']) {
    const told = fieldsOf(await one.ask('GET', `/v1/stats?window=${window}`));
    const total = {
      created: 1,
      fires: 1,
      succeeded: 1,
      failed_attempts: 1,
      dead_letters: 0,
      unknown: 0,
      lost_attempts: 0,
      skips: 0,
      // Of the first attempt alone.
      lateness: { p50_ms: 40, p90_ms: 40, p99_ms: 40, max_ms: 40 },
    };
    assert.deepEqual(told.total, total);
    const buckets = told.buckets as readonly { readonly at: string; readonly fires: number }[];
    assert.equal(buckets.length, window === 'hour' ? 120 : 144);
    assert.equal(buckets.at(-1)?.at, '2027-01-01T00:00:00.000Z');
    assert.equal(buckets.at(-1)?.fires, 1);
  }
  assertProblem(await one.ask('GET', '/v1/stats?window=year'), 'validation_failed', '/window');
});

test('a node that stops ends its readers, and is not held by them', async () => {
  const following = await follow('');
  const stopped = node.stop();
  const events = await following.rest();
  assert.deepEqual(events.at(-1), {
    lastId: events.at(-1)?.lastId,
    event: 'end',
    data: '{"kind":"end","reason":"stopping"}',
  });
  await stopped;
  await at.http.close();
  assert.deepEqual(node.feed.subscribe('now', { wants: () => true, events() {}, gap() {}, ended() {} }), {
    ok: false,
    error: 'stopping',
  });
});
