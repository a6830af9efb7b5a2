import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { SchedulerNode } from '../../src/node/api.ts';
import type { EventsAfter } from '../../src/node/event-feed.ts';
import type { EventGap, EventSubscription } from '../../src/node/event-reader.ts';
import type { FeedEvent } from '../../src/node/feed-event.ts';
import { FEED_RECENT_EVENTS_MAX, SUBSCRIBERS_MAX } from '../../src/node/limits.ts';
import type { NodeId } from '../../src/raft/types.ts';
import { openDataDirectory } from '../../src/store/data-directory.ts';
import { openLogStore } from '../../src/store/sqlite-log-store.ts';
import { until } from '../whole/serving.ts';
import { by, create, nodeOn } from './running-node.ts';

/** One node on one directory, restarted where a test says so. */

let directory: string;
let node: SchedulerNode;
before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'xcron-feed-'));
  node = await nodeOn(directory);
});
after(async () => {
  await node.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function restart(): Promise<void> {
  await node.stop();
  node = await nodeOn(directory);
}

/** It does not fire meanwhile: at the turn of a minute its executions would come in between. */
const createQuiet = () => create(node, { schedule: '0 0 1 1 *' });

interface Reading {
  readonly subscription: EventSubscription;
  readonly events: FeedEvent[];
  readonly gaps: EventGap[];
  readonly ended: string[];
  /** By kind, in order. */
  kinds(): readonly string[];
}

function read(after: EventsAfter, wants: (event: FeedEvent) => boolean = () => true, takesAtOnce = Infinity): Reading {
  const events: FeedEvent[] = [];
  const gaps: EventGap[] = [];
  const ended: string[] = [];
  const subscribed = node.feed.subscribe(after, {
    wants,
    events(told) {
      events.push(...told);
      if (events.length >= takesAtOnce) subscription.pause();
    },
    gap: (gap) => void gaps.push(gap),
    ended: (why) => void ended.push(why),
  });
  if (!subscribed.ok) throw new Error(subscribed.error);
  const subscription = subscribed.value;
  return { subscription, events, gaps, ended, kinds: () => events.map(({ kind }) => kind) };
}

const arrived = (reading: Reading, count: number): Promise<void> =>
  until(
    () => reading.events.length >= count,
    () => `told ${reading.kinds().join(' ')}, and ${reading.gaps.length} gaps`,
  );
const ofTask =
  (taskId: string) =>
  (event: FeedEvent): boolean =>
    event.taskId === taskId;

/** Of a node that does not run: its log holds the newest decision a second time, which will come to nothing (I5). */
function decideAgain(): void {
  const opened = openDataDirectory(directory, 'n1' as NodeId);
  const log = openLogStore(opened);
  const last = log.lastOfKind('events', log.lastIndex) ?? assert.fail();
  log.persist({ entries: [{ ...last, index: log.lastIndex + 1, term: log.lastTerm }] });
  log.close();
  opened.close();
}

test('what came to nothing is not told, at once and after a restart', async () => {
  const now = read('now');
  const taskId = await createQuiet();
  await arrived(now, 1);
  const [created] = now.events;
  await node.stop();
  decideAgain();
  node = await nodeOn(directory);
  await node.submit({ type: 'PauseTask', taskId, version: null }, by);
  await node.submit({ type: 'ResumeTask', taskId, version: null }, by);
  // The second time it is what was kept of it beside the state, and not what was just applied, that knows.
  for (const restarts of [false, true]) {
    if (restarts) await restart();
    for (const after of ['oldest', { id: created?.id ?? '' }] as const) {
      const again = read(after, ofTask(taskId));
      await arrived(again, after === 'oldest' ? 3 : 2);
      const all = ['TaskCreated', 'TaskPaused', 'TaskResumed'];
      assert.deepEqual(again.kinds(), after === 'oldest' ? all : all.slice(1));
      if (after === 'oldest') assert.equal(again.events[0]?.text, created?.text);
      assert.deepEqual(again.gaps, []);
      again.subscription.close('done');
    }
  }
});

test('a reader goes on in the middle of an entry, and misses nothing that came while it took nothing', async () => {
  const slow = read('now', ({ kind }) => kind === 'TaskCreated', 100);
  const count = FEED_RECENT_EVENTS_MAX + 1_000;
  const taskIds = await Promise.all(Array.from({ length: count }, () => createQuiet()));
  await arrived(slow, 100);
  const seen = slow.events.length;
  assert.ok(seen < 300, 'it was told no more than one batch after it had enough');
  const { id } = slow.subscription;
  slow.subscription.close('done');
  const rest = read({ id }, ({ kind }) => kind === 'TaskCreated');
  await arrived(rest, count - seen);
  const all = [...slow.events, ...rest.events].map(({ taskId }) => taskId);
  assert.deepEqual(
    all,
    taskIds.toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)),
  );
  assert.deepEqual(rest.gaps, []);
  rest.subscription.close('done');
});

test('a reader that wants nothing of it moves on all the same', async () => {
  const none = read('now', () => false);
  const { id } = none.subscription;
  await createQuiet();
  await until(
    () => none.subscription.id !== id,
    () => 'it stands where it was',
  );
  none.subscription.close('done');
});

test('what the log has forgotten is a gap, and all behind it is told', async () => {
  const oldest = read('oldest');
  await arrived(oldest, 1);
  const id = oldest.events[0]?.id ?? '';
  oldest.subscription.close('done');
  assert.equal(await node.compactLog(), null);
  const behind = read({ id });
  const taskId = await createQuiet();
  await until(
    () => behind.events.some((event) => event.taskId === taskId),
    () => `told ${behind.kinds().join(' ')}`,
  );
  assert.deepEqual(
    behind.gaps.map(({ reason }) => reason),
    ['forgotten'],
  );
  assert.equal(behind.kinds()[0], behind.kinds().at(-1), 'nothing from before the gap');
  behind.subscription.close('done');
});

test('an id of an entry that the log does not have is a gap; one of another cluster, or none, is refused', async () => {
  const now = read('now');
  const [cluster = '', term = '', index = ''] = now.subscription.id.split('-');
  now.subscription.close('done');
  const replaced = read({ id: `${cluster}-${(Number.parseInt(term, 36) + 1).toString(36)}-${index}` });
  await createQuiet();
  await arrived(replaced, 0);
  await until(
    () => replaced.gaps.length === 1,
    () => 'no gap was told',
  );
  assert.equal(replaced.gaps[0]?.reason, 'replaced');
  replaced.subscription.close('done');
  const subscriber = { wants: () => true, events() {}, gap() {}, ended() {} };
  for (const [id, why] of [
    [`x${cluster.slice(1)}-${term}-${index}`, 'foreign'],
    ['1', 'malformed'],
    ['', 'malformed'],
    [`${cluster}-${term}-zzzzzzzzzzz`, 'malformed'],
  ] as const) {
    assert.deepEqual(node.feed.subscribe({ id }, subscriber), { ok: false, error: why });
  }
});

test('readers are bounded, and all are ended before the log is closed', async () => {
  const readers = Array.from({ length: SUBSCRIBERS_MAX }, () => read('now'));
  assert.throws(() => read('now'), /too_many_subscribers/);
  readers.pop()?.subscription.close('done');
  readers.push(read('oldest'));
  assert.equal(node.feed.counters.subscribers, SUBSCRIBERS_MAX);
  await restart();
  for (const { ended } of readers) assert.deepEqual(ended, ['stopping']);
  assert.equal(node.feed.counters.subscribers, 0);
});
