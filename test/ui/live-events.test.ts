import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Query, Told } from '../../src/ui/api/client.ts';
import { problemOf, unreachable } from '../../src/ui/api/problem.ts';
import { createLiveEvents, RETRY_MS_MAX, RETRY_MS_MIN, SILENT_MS_MAX } from '../../src/ui/live/live-events.ts';
import { steppedClock } from '../node/stepped-clock.ts';

type Stream = Told<ReadableStream<Uint8Array>>;

function following() {
  const clock = steppedClock(0);
  const asked: Query[] = [];
  const heard: string[] = [];
  const states: string[] = [];
  const answers: ((told: Stream) => void)[] = [];
  let seen = true;
  const events = createLiveEvents({
    client: {
      stream: (_path, query) => {
        asked.push(query);
        return new Promise((resolve) => answers.push(resolve));
      },
    },
    later: (delayMs, run) => clock.setTimer(delayMs, run).cancel,
    isSeen: () => seen,
  });
  return {
    clock,
    asked,
    heard,
    states,
    events,
    see(next: boolean) {
      seen = next;
      events.look();
    },
    listen: () =>
      events.listen({
        event: ({ kind }) => void heard.push(kind),
        state: (state) => void states.push(state),
      }),
    /** Answers the request that waits, and gives what feeds its body. */
    opened() {
      let feed: ReadableStreamDefaultController<Uint8Array> | null = null;
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          feed = controller;
        },
      });
      answers.shift()?.({ ok: true, value: body });
      return {
        tell: (id: string, kind: string) =>
          feed?.enqueue(
            new TextEncoder().encode(`id: ${id}\nevent: ${kind}\ndata: {"id":"${id}","kind":"${kind}"}\n\n`),
          ),
        breaks: () => feed?.error(new Error('gone')),
      };
    },
    fails: (told: Stream) => answers.shift()?.(told),
  };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

test('one stream for all who listen, gone on with behind what came when it breaks, ended with the last of them', async () => {
  const { events, listen, opened, heard, states, asked, clock } = following();
  const [first, second] = [listen(), listen()];
  const stream = opened();
  await settled();
  stream.tell('a', 'TaskCreated');
  stream.tell('b', 'TaskPaused');
  await settled();
  assert.deepEqual(heard, ['TaskCreated', 'TaskCreated', 'TaskPaused', 'TaskPaused']);
  stream.breaks();
  await settled();
  assert.equal(asked.length, 1, 'not at once');
  clock.pass(RETRY_MS_MIN);
  await settled();
  assert.deepEqual(asked, [{ after: null }, { after: 'b' }]);
  opened().tell('c', 'TaskResumed');
  await settled();
  assert.equal(events.state, 'live');
  first();
  assert.equal(events.state, 'live');
  second();
  assert.equal(events.state, 'off');
  assert.deepEqual(
    states.filter((_, at) => at % 2 === 0),
    ['connecting', 'live', 'broken', 'live'],
  );
});

test('what does not answer is asked again more and more seldom', async () => {
  const { listen, fails, asked, clock, events } = following();
  const stop = listen();
  let waitedMs = 0;
  for (const count of [1, 2, 3, 4, 5, 6, 7, 8]) {
    assert.equal(asked.length, count);
    fails({ ok: false, problem: unreachable() });
    await settled();
    assert.equal(events.state, 'broken');
    const delayMs = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** (count - 1));
    clock.pass(delayMs - 1);
    await settled();
    assert.equal(asked.length, count);
    clock.pass(1);
    await settled();
    waitedMs += delayMs;
  }
  assert.ok(waitedMs > 2 * RETRY_MS_MAX);
  stop();
});

test('a stream that is silent for too long is taken for broken', async () => {
  const { listen, opened, asked, clock } = following();
  const stop = listen();
  opened().tell('a', 'TaskCreated');
  await settled();
  clock.pass(SILENT_MS_MAX);
  await settled();
  clock.pass(RETRY_MS_MIN);
  await settled();
  assert.deepEqual(asked.at(-1), { after: 'a' });
  stop();
});

test('an id that the node does not know is a gap, and what comes is told from then on', async () => {
  const { listen, opened, fails, asked, clock, heard } = following();
  const stop = listen();
  const stream = opened();
  stream.tell('a', 'TaskCreated');
  await settled();
  stream.breaks();
  await settled();
  clock.pass(RETRY_MS_MIN);
  await settled();
  fails({ ok: false, problem: problemOf(400, { code: 'event_id_refused' }, false) });
  await settled();
  clock.pass(2 * RETRY_MS_MIN);
  await settled();
  assert.deepEqual(heard, ['TaskCreated', 'gap']);
  assert.deepEqual(asked.at(-1), { after: null });
  stop();
});

test('while nobody sees the page nothing is asked; then it goes on where it was', async () => {
  const { listen, opened, asked, see, events } = following();
  const stop = listen();
  opened().tell('a', 'TaskCreated');
  await settled();
  see(false);
  assert.equal(events.state, 'off');
  see(true);
  assert.deepEqual(asked, [{ after: null }, { after: 'a' }]);
  stop();
});
