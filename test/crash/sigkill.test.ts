import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MISFIRE_AFTER_MS } from '../../src/tasks/limits.ts';
import { type Serving, serve, until } from '../whole/serving.ts';
import { identityOf, openSink } from '../whole/sink.ts';

/**
 * Fifty rounds of SIGKILL at a random moment, under creates and fires. Afterwards every acknowledged task is there, every due
 * execution was sent, and what was sent twice carried the same id and a higher attempt. In a folder of its own, which is run early: it
 * takes the longest of all, and others fill the second core meanwhile.
 */
const ROUNDS = 50;
const CLIENTS = 4;
const LIFE_MS_MAX = 600;
/** So few that each life makes up for the time before it: what is more than 10 s behind falls to the misfire policy. */
const EVERY_SECOND_MAX = 6;

interface Acknowledged {
  readonly taskId: string;
  readonly schedule: 'once' | 'every-second';
  readonly dueAtMs: number;
  readonly key: string | null;
}

async function create(
  node: Serving,
  sinkUrl: string,
  serial: number,
  everySecond: boolean,
): Promise<Acknowledged | null> {
  const dueAtMs = everySecond ? 0 : Date.now() + Math.floor(Math.random() * 1_500);
  const key = serial % 3 === 0 ? `key-${serial}` : null;
  try {
    const response = await fetch(`${node.url}/v1/tasks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key === null ? {} : { 'idempotency-key': key }) },
      body: JSON.stringify({
        schedule: everySecond ? '* * * * * *' : new Date(dueAtMs).toISOString(),
        callback: { url: `${sinkUrl}/${serial}`, body: { serial } },
        retry: { attempts: 20, backoff: '50ms', backoff_max: '200ms' },
      }),
    });
    if (response.status !== 201) return null;
    const { id, next_at } = (await response.json()) as { id: string; next_at: string };
    return { taskId: id, schedule: everySecond ? 'every-second' : 'once', dueAtMs: Date.parse(next_at), key };
  } catch {
    // Killed before it answered: not acknowledged.
    return null;
  }
}

interface Skip {
  readonly atMs: number;
  readonly fromMs: number;
  readonly throughMs: number;
}

async function skipsOf(node: Serving, taskId: string): Promise<readonly Skip[]> {
  const answer = await fetch(`${node.url}/v1/tasks/${taskId}/events`);
  const { items } = (await answer.json()) as { items: { at: string; type: string; from: string; through: string }[] };
  return items
    .filter(({ type }) => type === 'DueTimesSkipped')
    .map(({ at, from, through }) => ({
      atMs: Date.parse(at),
      fromMs: Date.parse(from),
      throughMs: Date.parse(through),
    }));
}

/** Where due work may be while it is not sent. It is asked only after a wait in vain: such a round hardly comes again. */
async function holds(node: Serving): Promise<string> {
  try {
    const answer = await fetch(`${node.url}/metrics`, { signal: AbortSignal.timeout(5_000) });
    const held = /^xcron_(?:claims_in_hand|requests_in_flight|parked|due_in_memory) .*$/gm;
    return `the node has ${(await answer.text()).match(held)?.join(', ')}`;
  } catch (error) {
    return `the node did not say what it has (${error}), and wrote:\n${node.output()}`;
  }
}

test('fifty rounds of SIGKILL lose no acknowledged task and no due execution', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'xcron-kill-'));
  const sink = await openSink(({ attempt }) => ({
    status: attempt === 1 && Math.random() < 0.1 ? 503 : 200,
    delayMs: Math.random() < 0.3 ? Math.floor(Math.random() * 150) : 0,
  }));
  const acknowledged: Acknowledged[] = [];
  let serial = 0;
  let node: Serving | null = null;
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const living = await serve(directory);
      node = living;
      let alive = true;
      const clients = Array.from({ length: CLIENTS }, async () => {
        while (alive) {
          serial += 1;
          const everySecond = serial % 40 === 0 && serial <= 40 * EVERY_SECOND_MAX;
          const task = await create(living, sink.url, serial, everySecond);
          if (task !== null) acknowledged.push(task);
        }
      });
      await new Promise((lived) => setTimeout(lived, Math.random() * LIFE_MS_MAX));
      await living.kill('SIGKILL');
      alive = false;
      await Promise.all(clients);
    }

    const last = await serve(directory);
    node = last;
    const everySecond = acknowledged.filter(({ schedule }) => schedule === 'every-second');
    const once = acknowledged.filter(({ schedule }) => schedule === 'once');
    const wasSent = ({ taskId }: Acknowledged): boolean => sink.taskIds.has(taskId);
    await until(
      () => once.every(wasSent),
      async () => `${once.filter((task) => !wasSent(task)).length} one-shots were never sent; ${await holds(last)}`,
    );

    // Every acknowledged task is there, and each one-shot ends.
    for (const { taskId, schedule } of acknowledged) {
      const read = async () => (await fetch(`${last.url}/v1/tasks/${taskId}`)).json() as Promise<{ state: string }>;
      if (schedule === 'once')
        await until(
          async () => (await read()).state === 'completed',
          () => `task ${taskId} is not completed`,
        );
      else assert.equal((await read()).state, 'scheduled');
    }

    // A key repeated after all kills is the same task.
    const keyed = acknowledged.filter(({ key }) => key !== null).slice(-20);
    for (const { key, taskId } of keyed) {
      const { items } = (await (await fetch(`${last.url}/v1/tasks/${taskId}/executions`)).json()) as {
        items: unknown[];
      };
      assert.ok(items.length <= 1, `${key} fired ${items.length} executions`);
    }

    // Every due second of every cron task is sent, unless the node was down for so long that it says itself that it passed it over.
    const settledMs = Date.now() - 1_500;
    let seconds = 0;
    let passedOver = 0;
    for (const { taskId, dueAtMs } of everySecond) {
      const skips = await skipsOf(last, taskId);
      for (let dueMs = dueAtMs; dueMs <= settledMs; dueMs += 1_000) {
        seconds += 1;
        const skip = skips.find(({ fromMs, throughMs }) => fromMs <= dueMs && dueMs <= throughMs);
        if (skip !== undefined) {
          assert.ok(skip.atMs - dueMs > MISFIRE_AFTER_MS, `passed over ${skip.atMs - dueMs} ms after its time`);
          passedOver += 1;
          continue;
        }
        await until(
          () => sink.byIdentity.has(identityOf({ taskId, scheduledAtMs: dueMs })),
          () => `task ${taskId} was not sent for ${new Date(dueMs).toISOString()}`,
          5_000,
        );
      }
    }
    await last.kill('SIGTERM');

    let repeated = 0;
    for (const [identity, sendings] of sink.byIdentity) {
      assert.equal(new Set(sendings.map(({ executionId }) => executionId)).size, 1, `${identity} has more than one id`);
      for (const [at, sending] of sendings.entries()) {
        if (at === 0) continue;
        repeated += 1;
        assert.ok(
          sending.attempt > (sendings[at - 1]?.attempt ?? 0),
          `${identity} was sent again without a higher attempt`,
        );
      }
    }
    assert.ok(acknowledged.length > ROUNDS, 'too few tasks were acknowledged to show anything');
    t.diagnostic(
      `${ROUNDS} kills, ${acknowledged.length} tasks acknowledged, 0 lost; ${once.length} one-shots and ${seconds} seconds of cron lines due, 0 missing (${passedOver} passed over after more than 10 s without a node, and said so); ${sink.received.length} callbacks, ${repeated} sent again under the same id with a higher attempt`,
    );
  } finally {
    if (node !== null) await node.kill('SIGKILL');
    await sink.close();
    rmSync(directory, { recursive: true, force: true });
  }
});
