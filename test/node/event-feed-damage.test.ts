import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import Database from 'better-sqlite3';
import type { SchedulerNode } from '../../src/node/api.ts';
import type { EventsAfter } from '../../src/node/event-feed.ts';
import type { FeedEvent } from '../../src/node/feed-event.ts';
import { groupPaths } from '../../src/store/store-layout.ts';
import { until } from '../whole/serving.ts';
import { create, nodeOn } from './running-node.ts';

const directory = mkdtempSync(join(tmpdir(), 'xcron-feed-'));
after(() => rmSync(directory, { recursive: true, force: true }));

/** A row of the log that the state stands for since long: nobody but a reader of old events comes by. */
function rot(index: number): void {
  const database = new Database(groupPaths(directory).log);
  database.prepare("UPDATE entries SET data = data || ' ' WHERE idx = ?").run(index);
  database.close();
}

function read(node: SchedulerNode, from: EventsAfter): { readonly events: FeedEvent[]; readonly ended: string[] } {
  const events: FeedEvent[] = [];
  const ended: string[] = [];
  const subscribed = node.feed.subscribe(from, {
    wants: () => true,
    events: (told) => void events.push(...told),
    gap: () => {},
    ended: (why) => void ended.push(why),
  });
  assert.ok(subscribed.ok);
  return { events, ended };
}

test('a damaged row that only readers come by ends them, and neither the node nor its next start', async () => {
  let node = await nodeOn(directory);
  const all = read(node, 'oldest');
  for (let made = 0; made < 5; made += 1) await create(node, {});
  await until(
    () => all.events.filter(({ kind }) => kind === 'TaskCreated').length === 5,
    () => `${all.events.length} events`,
  );
  await node.stop();
  const second = all.events.filter(({ kind }) => kind === 'TaskCreated')[1];
  assert.ok(second);
  const index = Number.parseInt(second.id.split('-')[2] ?? '', 36);
  rot(index);

  node = await nodeOn(directory);
  // At the row, and on the way to it.
  const readers = [read(node, { id: second.id }), read(node, 'oldest')];
  await until(
    () => readers.every(({ ended }) => ended.length === 1),
    () => JSON.stringify(readers.map(({ ended }) => ended)),
  );
  const taskId = await create(node, {});
  assert.ok(node.health().ready);
  await node.stop();

  node = await nodeOn(directory);
  const found = await node.readTask(taskId);
  assert.ok(found.ok && found.value !== undefined);
  const told = read(node, 'oldest');
  await create(node, {});
  await until(
    () => told.events.length > 0,
    () => `${told.ended}`,
  );
  await node.stop();
});
