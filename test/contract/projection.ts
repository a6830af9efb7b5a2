import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { InvariantBroken } from '../../src/invariant.ts';
import type { Configuration } from '../../src/raft/types.ts';
import type { LogEnds } from '../../src/store/last-included.ts';
import { openMemoryProjection } from '../../src/store/memory-projection.ts';
import type { DeadLetter, DuePosition, Projection, ProjectionStart } from '../../src/store/projection.ts';
import type { EntryContent, Pair } from '../../src/tasks/entry.ts';
import { applyEntry, encodeEntry, refusedPlaces } from '../../src/tasks/entry.ts';
import { ENTRY_VERSION } from '../../src/tasks/entry-version.ts';
import { needsOf } from '../../src/tasks/needs.ts';
import type { TaskId } from '../../src/tasks/task.ts';
import { type HistoryStep, historyOf, historySteps } from '../store/projection-history.ts';
import { EntitiesInMaps } from '../tasks/entities-in-maps.ts';
import { answered, draft, Scenario, START_MS } from '../tasks/scenario.ts';
import { allPages, askEverything, FAR_MS, oracle } from './projection-questions.ts';

/** What every implementation of the port must do; each runs it on a disk of its own. */
export interface ProjectionUnderTest {
  /** A projection on the same disk each time; the one before was closed. Nothing flushes by itself. */
  open(): Promise<Projection & { readonly start: ProjectionStart }>;
  /** Writes of the open projection fail from now on, as on a full disk. */
  failWrites(): Promise<void>;
  /** A replacement of the open projection's state fails from now on, when the old file is closed already. */
  failReplacements(): void;
  /** The name of a copy that `copyTo` of another projection made, brought to this disk. */
  receive(from: readonly EntryContent[], configuration?: Configuration | null): Promise<string>;
  remove(): Promise<void>;
}

/** As a node does it: what the entry needs is loaded, then the entry is folded at once. */
export async function applyTo(projection: Projection, index: number, content: EntryContent): Promise<void> {
  // A state that cannot be written any more is folded all the same.
  await projection.untilRoom().catch(() => undefined);
  for (let missing = projection.missing(needsOf(content)); missing.length > 0; ) {
    await projection.load(needsOf(content));
    missing = projection.missing(needsOf(content));
  }
  projection.refused.add(index, refusedPlaces(applyEntry(projection.entities, content)));
  projection.applied(index, encodeEntry(content));
}

/** As much of a log as a projection asks: every entry of term 0, one configuration. */
export const logOf = (configuration: Configuration | null): LogEnds => ({
  base: { index: 0, term: 0, checksum: '00000000', configuration },
  termAt: () => 0,
  lastOfKind: () => undefined,
});

export async function replay(projection: Projection, entries: readonly EntryContent[]): Promise<void> {
  for (const [at, content] of entries.entries())
    if (at + 1 > projection.appliedIndex) await applyTo(projection, at + 1, content);
}

/** The state hash of a history, by the implementation that has no file. */
export async function referenceHash(entries: readonly EntryContent[]): Promise<string> {
  const reference = openMemoryProjection();
  await replay(reference, entries);
  return (await reference.stateHash()).hash;
}

type Interruption = 'none' | 'flush' | 'begin-flush' | 'reopen' | 'crash' | 'ask';
interface Beat {
  readonly step: HistoryStep;
  readonly afterwards: Interruption;
}

/** `runs`: random histories to play. */
export function projectionContract(name: string, runs: number, create: () => Promise<ProjectionUnderTest>): void {
  describe(`projection contract: ${name}`, () => {
    let disk: ProjectionUnderTest;
    let projection: Projection & { readonly start: ProjectionStart };
    beforeEach(async () => {
      disk = await create();
      projection = await disk.open();
    });
    afterEach(async () => {
      await projection.close({ flush: false });
      await disk.remove();
    });
    const reopen = async (flush: boolean): Promise<void> => {
      await projection.close({ flush });
      projection = await disk.open();
    };
    /** Folds what a scenario did since the last call. */
    const follow = async ({ entries }: Scenario): Promise<void> => replay(projection, entries);
    const dueNow = async (untilMs = FAR_MS): Promise<readonly string[]> =>
      (await projection.dueAfter(null, untilMs, 1_000)).map(({ taskId, run }) => `${taskId}/${run}`);

    test('begins empty', async () => {
      assert.deepEqual(projection.start, { appliedIndex: 0, meta: { lastTaskId: '0', logTimeMs: 0, nodes: {} } });
      assert.equal(projection.appliedIndex, 0);
      assert.equal(projection.durableIndex, 0);
      assert.equal(projection.overlaySize, 0);
      assert.deepEqual(projection.counts.executions, 0);
      const empty = new EntitiesInMaps();
      assert.deepEqual(await askEverything(projection, empty), await askEverything(oracle(empty), empty));
      assert.equal((await projection.stateHash()).hash, await referenceHash([]));
    });

    test('what came to nothing is known of every entry since the beginning, whatever was flushed or lost', async () => {
      const given = new Scenario().create();
      const created = given.entries[0] as EntryContent;
      // The second time the id is taken: one of its two pairs does nothing.
      const again: EntryContent = { ...created, pairs: [...created.pairs, { requires: [], events: [], by: 'test' }] };
      await applyTo(projection, 1, created);
      await applyTo(projection, 2, again);
      await reopen(true);
      await applyTo(projection, 3, again);
      const known = (): unknown => [projection.refused.knownAfter, ...[1, 2, 3].map((at) => projection.refused.at(at))];
      assert.deepEqual(known(), [0, [], [0], [0]]);
      await reopen(false);
      assert.deepEqual(known(), [0, [], [0], []], 'the third is to be applied again');
      await projection.replaceWith(await disk.receive([created]));
      assert.ok(projection.refused.knownAfter <= 1);
      assert.deepEqual(projection.refused.at(2), []);
    });

    test('I4: whatever happened, and whenever it was flushed, reopened or lost: the same answers, the same hash', async () => {
      const beats = fc.array(
        fc.record<Beat>({
          step: historySteps(1).map(([only]) => only as HistoryStep),
          afterwards: fc.constantFrom<Interruption>(
            ...(['none', 'none', 'none', 'none', 'none', 'none', 'none'] as const),
            ...(['flush', 'flush', 'begin-flush', 'begin-flush', 'ask', 'reopen', 'crash'] as const),
          ),
        }),
        // As long as that, not mostly short: what matters takes several steps.
        { maxLength: 80, size: 'max' },
      );
      await fc.assert(
        fc.asyncProperty(
          beats.map((all) => all.filter(({ step }) => step !== undefined)),
          async (all) => {
            await projection.close({ flush: false });
            await disk.remove();
            disk = await create();
            projection = await disk.open();
            const entries = historyOf(all.map(({ step }) => step));
            const state = new EntitiesInMaps();
            for (const [at, content] of entries.entries()) {
              applyEntry(state, content);
              await applyTo(projection, at + 1, content);
              const afterwards = all[at]?.afterwards ?? 'none';
              if (afterwards === 'flush') await projection.flush();
              else if (afterwards === 'begin-flush') projection.flush().catch(() => undefined);
              else if (afterwards === 'ask')
                assert.deepEqual(await askEverything(projection, state), await askEverything(oracle(state), state));
              else if (afterwards === 'reopen' || afterwards === 'crash') {
                await reopen(afterwards === 'reopen');
                const { appliedIndex } = projection.start;
                assert.ok(appliedIndex <= at + 1);
                if (afterwards === 'reopen') assert.equal(appliedIndex, at + 1);
                // A prefix, exactly: the rest is replayed from the log.
                assert.equal((await projection.stateHash()).hash, await referenceHash(entries.slice(0, appliedIndex)));
                await replay(projection, entries.slice(0, at + 1));
              }
            }
            assert.deepEqual(await askEverything(projection, state), await askEverything(oracle(state), state));
            const { index, hash } = await projection.stateHash();
            assert.equal(index, entries.length);
            assert.equal(hash, await referenceHash(entries));
            assert.deepEqual(await askEverything(projection, state), await askEverything(oracle(state), state));
            const tasks = [...state.tasks.values()];
            for (const kind of ['scheduled', 'paused', 'completed', 'cancelled'] as const)
              assert.equal(projection.counts.tasks[kind], tasks.filter((task) => task.state === kind).length, kind);
            assert.equal(projection.counts.executions, state.executions.size);
          },
        ),
        // Shrinking would take minutes where every step is a disk's; the seed is printed.
        { numRuns: runs, endOnFailure: true },
      );
    });

    test('what is due: a pause takes the waiting executions of its task with it, a resume brings them back', async () => {
      const given = new Scenario().create();
      given.when({ type: 'RunTask', version: null });
      const [task, run] = [`${given.taskId}/0`, `${given.taskId}/1`];
      await follow(given);
      assert.deepEqual(await dueNow(), [run, task]);
      given.when({ type: 'PauseTask', version: null });
      await follow(given);
      assert.deepEqual(await dueNow(), [], 'while nothing is flushed');
      await projection.flush();
      assert.deepEqual(await dueNow(), [], 'from the file');
      await reopen(true);
      given.when({ type: 'ResumeTask', version: null });
      await follow(given);
      assert.deepEqual(await dueNow(), [run, task], 'resumed in memory, the execution is in the file');
      const flushing = projection.flush();
      assert.deepEqual(await dueNow(), [run, task], 'while it is being flushed');
      await flushing;
      assert.deepEqual(await dueNow(), [run, task]);
      await reopen(true);
      assert.deepEqual(await dueNow(), [run, task]);
    });

    test('10,000 due at one instant come in the order of their ids, page by page, from memory and file', async () => {
      const count = 10_000;
      const ids = await createMany(projection, count, START_MS + 60_000);
      await projection.flush();
      // Every third is shadowed: a run is asked for, which is due before.
      const pairs = ids
        .filter((_, at) => at % 3 === 0)
        .map(
          (taskId): Pair => ({
            requires: [{ type: 'task-exists', taskId }],
            events: [{ type: 'ExecutionRequested', taskId, run: 1, executionId: `${taskId}-run-1` as never }],
            by: 'test',
          }),
        );
      await applyTo(projection, projection.appliedIndex + 1, { v: ENTRY_VERSION, atMs: START_MS + 1, pairs });
      const expected = [
        ...ids.filter((_, at) => at % 3 === 0).map((taskId) => ({ dueAtMs: START_MS + 1, taskId, run: 1 })),
        ...ids.map((taskId) => ({ dueAtMs: START_MS + 60_000, taskId, run: 0 })),
      ];
      const page = (after: DuePosition | null) => projection.dueAfter(after, START_MS + 60_000, 777);
      assert.deepEqual(await allPages<DuePosition, DuePosition>(page, (position) => position), expected);
      const flushing = projection.flush();
      assert.deepEqual(await allPages<DuePosition, DuePosition>(page, (position) => position), expected, 'meanwhile');
      await flushing;
      assert.deepEqual(await allPages<DuePosition, DuePosition>(page, (position) => position), expected, 'afterwards');
      assert.deepEqual(await projection.dueAfter(null, START_MS, 10), []);
    });

    test('what is named as due is in memory: the leader decides on it next', async () => {
      const given = new Scenario().create();
      given.when({ type: 'RunTask', version: null });
      await follow(given);
      await reopen(true);
      await projection.dueAfter(null, FAR_MS, 10);
      assert.equal(projection.entities.task(given.taskId)?.openRuns.length, 1);
      assert.equal(projection.entities.execution(given.taskId, 1)?.state, 'waiting');
    });

    test('retention: what ended beyond the number kept may go, dead letters stay, open runs are not passed', async () => {
      const given = new Scenario().create({
        schedule: '* * * * * *',
        retry: { attempts: 1, backoffMs: 1, backoffMaxMs: 1 },
      });
      for (let run = 1; run <= 70; run += 1) {
        given.after(1_000).claim();
        if (run !== 20) given.outcome(run, answered(run % 10 === 0 ? 500 : 200));
      }
      await follow(given);
      const ended = Array.from({ length: 70 }, (_, at) => at + 1).filter((run) => run % 10 !== 0);
      for (const kept of [50, 5]) {
        const [found, ...others] = await projection.prunable(kept, 10, 5);
        assert.deepEqual(others, []);
        assert.deepEqual(found, {
          taskId: given.taskId,
          runs: ended.slice(0, ended.length - kept),
          throughRun: kept === 50 ? 14 : 19,
        });
      }
      assert.deepEqual(await projection.prunable(60, 10, 5), []);
      assert.deepEqual(
        (await projection.deadLettersBefore(FAR_MS, 3)).map(({ run }) => run),
        [10, 30, 40],
      );
    });

    test('dead letters are listed from the last one down, also those of one instant', async () => {
      const given = new Scenario();
      const retry = { attempts: 1, backoffMs: 1, backoffMaxMs: 1 };
      for (let task = 0; task < 3; task += 1) {
        given.create({ schedule: '* * * * * *', retry });
        given.after(1_000).claim();
        given.after(1_000).claim();
        // Two of one task, and one each of the next two, end in the same instant.
        for (const run of [1, 2]) given.outcome(run, answered(500));
        for (let next = 0; next < 2; next += 1) {
          given.create({ schedule: new Date(given.nowMs).toISOString(), retry }).claim();
          given.outcome(1, answered(500));
        }
      }
      const paged = (reads: Pick<typeof projection, 'newestDeadLetters'>) =>
        allPages<DeadLetter, DeadLetter>(
          (below) => reads.newestDeadLetters(below, 1),
          (letter) => letter,
        );
      const expected = await paged(oracle(given.state));
      assert.equal(expected.length, 12);
      await follow(given);
      assert.deepEqual(await paged(projection), expected);
      await reopen(true);
      assert.deepEqual(await paged(projection), expected);
    });

    test('a finished task is named with its runs, a bounded number at a time', async () => {
      const given = new Scenario().create({ schedule: '* * * * * *' });
      for (let run = 1; run <= 1_002; run += 1) {
        given.after(1_000).claim();
        given.outcome(run, answered(200));
      }
      given.when({ type: 'CancelTask', version: null });
      await follow(given);
      const [found] = await projection.finishedTasksBefore(FAR_MS, 1);
      assert.equal(found?.runs.length, 1_000);
      assert.equal(found.complete, false);
      await projection.flush();
      given.apply({
        requires: [{ type: 'task-finished', taskId: given.taskId }],
        events: [{ type: 'HistoryPruned', taskId: given.taskId, runs: found.runs, throughRun: 1_000 }],
        by: 'retention',
      });
      await follow(given);
      assert.deepEqual(await projection.finishedTasksBefore(FAR_MS, 1), [
        { taskId: given.taskId, runs: [1_001, 1_002], complete: true },
      ]);
    });

    test('I4: an entity that was not loaded is not guessed at', async () => {
      const given = new Scenario().create();
      await follow(given);
      await reopen(true);
      const refs = [
        { kind: 'task', taskId: given.taskId },
        { kind: 'task', taskId: '5' as TaskId },
        { kind: 'execution', taskId: given.taskId, run: 9 },
        { kind: 'key', key: 'k' },
      ] as const;
      assert.deepEqual(projection.missing(refs), refs);
      assert.throws(() => projection.entities.task(given.taskId), InvariantBroken);
      assert.throws(() => projection.entities.execution(given.taskId, 9), InvariantBroken);
      assert.throws(() => projection.entities.key('k'), InvariantBroken);
      await projection.load(refs);
      assert.deepEqual(projection.missing(refs), []);
      assert.deepEqual(projection.entities.task(given.taskId), given.task);
      assert.equal(projection.entities.task('5' as TaskId), undefined, 'known to be absent');
      assert.equal(projection.entities.key('k'), undefined);
    });

    test('open-executions stands for the task and all its open runs', async () => {
      const given = new Scenario().create();
      for (let run = 1; run <= 3; run += 1) given.when({ type: 'RunTask', version: null });
      await follow(given);
      await reopen(true);
      const refs = [{ kind: 'open-executions', taskId: given.taskId }] as const;
      assert.deepEqual(projection.missing(refs), refs);
      await projection.load(refs);
      for (const run of [1, 2, 3]) assert.equal(projection.entities.execution(given.taskId, run)?.run, run);
      given.when({ type: 'CancelTask', version: null });
      await follow(given);
      assert.equal((await projection.readExecution(given.taskId, 2))?.state, 'cancelled');
    });

    test('I4: an index is applied once and in order, and no flush cuts an entry in two', async () => {
      const given = new Scenario().create();
      await follow(given);
      assert.throws(() => projection.applied(1), InvariantBroken);
      projection.entities.putTask({ ...given.task, version: 9 });
      await assert.rejects(projection.flush(), InvariantBroken);
    });

    test('a failed write is told once; reads go on, nothing more is written', async () => {
      const given = new Scenario().create();
      await follow(given);
      await projection.flush();
      const failures: Error[] = [];
      projection.onFailure((error) => failures.push(error));
      await disk.failWrites();
      given.when({ type: 'PauseTask', version: null });
      await follow(given);
      await assert.rejects(projection.flush());
      await assert.rejects(projection.flush());
      await assert.rejects(projection.stateHash());
      await assert.rejects(projection.untilRoom());
      assert.equal(failures.length, 1);
      assert.equal(projection.durableIndex, 1);
      assert.equal((await projection.readTask(given.taskId))?.state, 'paused');
      assert.equal((await projection.listTasks({ state: 'paused' }, null, 10)).length, 1);
      assert.deepEqual(await dueNow(), []);
    });
  });
}

/** Tasks with one and the same next due time, in entries of 500. */
export async function createMany(projection: Projection, count: number, nextAtMs: number): Promise<TaskId[]> {
  const given = new Scenario().create();
  const { definition } = given.task;
  const ids = Array.from({ length: count }, (_, at) => String(95_000 + at) as TaskId);
  for (let at = 0; at < count; at += 500) {
    const pairs = ids.slice(at, at + 500).map(
      (taskId): Pair => ({
        requires: [],
        events: [{ type: 'TaskCreated', taskId, definition, nextAtMs }],
        by: 'test',
      }),
    );
    await applyTo(projection, projection.appliedIndex + 1, { v: ENTRY_VERSION, atMs: START_MS, pairs });
  }
  assert.equal(draft().schedule, definition.schedule.format);
  return ids;
}
