import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { systemClock } from '../../src/clock.ts';
import { openProjection, type SqliteProjection } from '../../src/store/sqlite-projection.ts';
import { groupPaths } from '../../src/store/store-layout.ts';
import type { EntryContent, Pair } from '../../src/tasks/entry.ts';
import { applyEntry } from '../../src/tasks/entry.ts';
import { ENTRY_VERSION } from '../../src/tasks/entry-version.ts';
import { scheduledExecutionId } from '../../src/tasks/execution.ts';
import { needsOf } from '../../src/tasks/needs.ts';
import type { TaskDefinition, TaskId } from '../../src/tasks/task.ts';

/**
 * What the projection costs with many tasks on disk: inserting them, random fires among them, what either does to the event loop,
 * a copy while fires go on, and a restart. `node ops/bench/projection.ts [--tasks 1000000] [--fires 100000]`
 */

const { values } = parseArgs({
  options: { tasks: { type: 'string', default: '1000000' }, fires: { type: 'string', default: '100000' } },
});
const TASKS = Number(values.tasks);
const FIRES = Number(values.fires);
if (!Number.isSafeInteger(TASKS) || TASKS < 1 || !Number.isSafeInteger(FIRES) || FIRES < 0)
  throw new RangeError('--tasks and --fires are whole numbers, --tasks at least 1');
const PAIRS_PER_ENTRY = 100;
const START_MS = Date.UTC(2027, 0, 1);
const FIRST_ID = 10n ** 17n;

const taskIdOf = (nth: number): TaskId => String(FIRST_ID + BigInt(nth)) as TaskId;

const definitionOf = (nth: number): TaskDefinition => ({
  name: null,
  tags: [],
  schedule: { kind: 'cron', format: '*/5 * * * *', fields: '0 */5 * * * *', timezone: 'UTC', dst: 'once' },
  callback: {
    url: `http://127.0.0.1:9000/hooks/${nth}`,
    method: 'POST',
    headers: {},
    body: JSON.stringify({ order: nth, customer: `c-${nth * 7}` }),
  },
  retry: { attempts: 5, backoffMs: 1_000, backoffMaxMs: 300_000 },
  misfire: 'latest',
  overlap: 'allow',
  delivery: 'at_least_once',
});

async function apply(projection: SqliteProjection, pairs: readonly Pair[]): Promise<void> {
  const content: EntryContent = { v: ENTRY_VERSION, atMs: START_MS, pairs };
  const needs = needsOf(content);
  while (projection.missing(needs).length > 0) await projection.load(needs);
  applyEntry(projection.entities, content);
  projection.applied(projection.appliedIndex + 1);
  await projection.untilRoom();
  // A node's turn ends here: what the flush wants to do comes in between.
  await nextTurn();
}

const MIB = 2 ** 20;
const rssMib = (): string => `${(process.memoryUsage.rss() / MIB).toFixed(0)} MiB`;

/** The longest turn of the event loop in processor time, which a busy machine does not stretch. Keeps the loop turning. */
function longestTurn(): { stopMs(): number } {
  let longestUs = 0;
  let before = process.threadCpuUsage();
  let handle = setImmediate(function turn() {
    const now = process.threadCpuUsage();
    longestUs = Math.max(longestUs, now.user - before.user + now.system - before.system);
    before = now;
    handle = setImmediate(turn);
  });
  return {
    stopMs() {
      clearImmediate(handle);
      return longestUs / 1_000;
    },
  };
}

/** Runs a phase and prints its rate and the longest time that the event loop was held. */
async function measured(what: string, rows: number, run: () => Promise<void>): Promise<void> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const turns = longestTurn();
  const startedMs = performance.now();
  await run();
  const tookMs = performance.now() - startedMs;
  const turnMs = turns.stopMs();
  delay.disable();
  const perSecond = Math.round((rows / tookMs) * 1_000).toLocaleString('en');
  const wall = `p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms, max ${(delay.max / 1e6).toFixed(1)} ms`;
  const held = `loop held ${wall}, longest turn ${turnMs.toFixed(1)} ms of processor time`;
  console.log(`${what}: ${(tookMs / 1_000).toFixed(2)} s, ${perSecond}/s; ${held}; rss ${rssMib()}`);
}

/** Claims a task's due time and settles it with success: two entries later, the task is due again. */
async function fire(projection: SqliteProjection, nths: readonly number[]): Promise<void> {
  const ids = nths.map(taskIdOf);
  await projection.load(ids.map((taskId) => ({ kind: 'task', taskId })));
  const due = ids.map((taskId) => projection.entities.task(taskId));
  const tasks = due.filter((task) => task !== undefined);
  const at = (nextAtMs: number | null): number => nextAtMs ?? START_MS;
  await apply(
    projection,
    tasks.map(({ taskId, nextAtMs, runCount }) => ({
      requires: [{ type: 'task-due', taskId, dueAtMs: at(nextAtMs) }],
      events: [
        {
          type: 'ExecutionClaimed',
          taskId,
          run: runCount + 1,
          executionId: scheduledExecutionId(taskId, at(nextAtMs)),
          scheduledAtMs: at(nextAtMs),
          nextAtMs: at(nextAtMs) + 300_000,
          attempt: 1,
          nodeId: 'n1',
          incarnation: 1,
        },
      ],
      by: 'schedule',
    })),
  );
  await apply(
    projection,
    tasks.map(({ taskId, runCount }) => ({
      requires: [{ type: 'attempt-open', taskId, run: runCount + 1, attempt: 1 }],
      events: [
        {
          type: 'ExecutionSucceeded',
          taskId,
          run: runCount + 1,
          attempt: 1,
          startedAtMs: START_MS,
          endedAtMs: START_MS + 5,
          status: 200,
          error: null,
          excerpt: null,
        },
      ],
      by: 'dispatch',
    })),
  );
}

/** Distinct tasks in an order without a pattern, the same in every run (a linear congruential generator of full period). */
function* shuffled(count: number): Generator<number> {
  const modulus = 2 ** Math.ceil(Math.log2(Math.max(2, TASKS)));
  let state = 1;
  for (let found = 0; found < count; ) {
    state = (state * 5 + 12_345) % modulus;
    if (state >= TASKS) continue;
    found += 1;
    yield state;
  }
}

async function fires(projection: SqliteProjection, count: number): Promise<void> {
  let batch: number[] = [];
  for (const nth of shuffled(count)) {
    batch.push(nth);
    if (batch.length < PAIRS_PER_ENTRY) continue;
    await fire(projection, batch);
    batch = [];
  }
  if (batch.length > 0) await fire(projection, batch);
}

const directory = mkdtempSync(join(tmpdir(), 'xcron-bench-'));
try {
  console.log(`${TASKS.toLocaleString('en')} tasks; node ${process.version}; rss at start ${rssMib()}`);
  let projection = await openProjection({ directory, clock: systemClock });
  await measured('insert, flushed', TASKS, async () => {
    for (let nth = 0; nth < TASKS; nth += PAIRS_PER_ENTRY) {
      const nths = Array.from({ length: Math.min(PAIRS_PER_ENTRY, TASKS - nth) }, (_, at) => nth + at);
      const pairs = nths.map(
        (task): Pair => ({
          requires: [],
          events: [
            {
              type: 'TaskCreated',
              taskId: taskIdOf(task),
              definition: definitionOf(task),
              nextAtMs: START_MS + (task % 300) * 1_000,
            },
          ],
          by: 'bench',
        }),
      );
      await apply(projection, pairs);
    }
    await projection.flush();
  });
  console.log(`state.db ${(statSync(groupPaths(directory).state).size / MIB).toFixed(0)} MiB`);
  await measured('random fires, flushed (a load, a claim and an outcome each)', FIRES, async () => {
    await fires(projection, FIRES);
    await projection.flush();
  });
  await measured('due, 100 pages of 100', 10_000, async () => {
    let after = null;
    for (let page = 0; page < 100; page += 1) {
      const due = await projection.dueAfter(after, START_MS + 300_000, 100);
      after = due.at(-1) ?? after;
    }
  });
  await measured('random fires while the file is copied', FIRES, async () => {
    const copied = projection.copyTo(join(directory, 'copy.db'));
    await fires(projection, FIRES);
    await projection.flush();
    await copied;
  });
  const before = await projection.stateHash();
  await measured('close', 1, () => projection.close());
  const startedMs = performance.now();
  projection = await openProjection({ directory, clock: systemClock });
  console.log(`reopen: ${(performance.now() - startedMs).toFixed(0)} ms; rss ${rssMib()}`);
  const after = await projection.stateHash();
  if (after.hash !== before.hash || after.index !== before.index) throw new Error('the state changed by a restart');
  await projection.close();
  console.log(`peak rss ${(process.resourceUsage().maxRSS / 1_024).toFixed(0)} MiB`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
