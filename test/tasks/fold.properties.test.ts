import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyEntry } from '../../src/tasks/entry.ts';
import { isEnded } from '../../src/tasks/evolve-execution.ts';
import type { TaskId } from '../../src/tasks/task.ts';
import { isLaterTaskId, nextTaskId, parseTaskId } from '../../src/tasks/task-id.ts';
import { EntitiesInMaps } from './entities-in-maps.ts';
import { answered, draft, Scenario, START_MS, unreachable } from './scenario.ts';

/** One move of a random history: a clock step, then something that an owner, the leader or a sender does. */
const move = fc.record({
  afterMs: fc.oneof(
    fc.integer({ min: -90_000, max: 90_000 }),
    fc.integer({ min: 0, max: 1_500 }),
    fc.constant(0),
    fc.constant(7_200_000),
  ),
  task: fc.nat(3),
  what: fc.oneof(
    fc.constantFrom(
      'create',
      'claim',
      'claim-ahead',
      'retry',
      'succeed',
      'fail',
      'gone',
      'lose',
      'withhold',
      'cut-off',
      'refuse-connection',
    ),
    fc.constantFrom('pause', 'resume', 'cancel', 'run', 'rename', 'reschedule', 'restart'),
  ),
});
const AHEAD_MS = 3_000;
type Move = typeof move extends fc.Arbitrary<infer T> ? T : never;

function play(moves: readonly Move[]): Scenario {
  const scenario = new Scenario();
  const ids: TaskId[] = [];
  for (const { afterMs, task, what } of moves) {
    scenario.after(afterMs);
    if (what === 'create' || ids.length === 0) {
      const schedule =
        ['* * * * * *', '* * * * *', '@every 7s', new Date(scenario.nowMs + 5_000).toISOString()][task] ?? '';
      scenario.create({
        schedule,
        delivery: task === 1 ? 'at_most_once' : 'at_least_once',
        retry: { attempts: 2, backoffMs: 100, backoffMaxMs: 500 },
      });
      ids.push(scenario.taskId);
      continue;
    }
    scenario.taskId = ids[task % ids.length] ?? scenario.taskId;
    const run = scenario.task.openRuns[0];
    const open = run !== undefined && scenario.run(run).state === 'attempting' ? run : undefined;
    if (what === 'claim') scenario.claim();
    else if (what === 'claim-ahead') scenario.claim(AHEAD_MS);
    else if (what === 'retry' && run !== undefined) scenario.claimAttempt(run);
    else if (what === 'succeed' && open !== undefined) scenario.outcome(open, answered(200));
    else if (what === 'fail' && open !== undefined) scenario.outcome(open, answered(500));
    else if (what === 'gone' && open !== undefined) scenario.outcome(open, answered(410));
    else if (what === 'lose' && open !== undefined) scenario.outcome(open, { kind: 'lost' });
    else if (what === 'withhold' && open !== undefined) scenario.outcome(open, { kind: 'withheld', changed: true });
    else if (what === 'cut-off' && open !== undefined) scenario.outcome(open, unreachable(true));
    else if (what === 'refuse-connection' && open !== undefined) scenario.outcome(open, unreachable(false));
    else if (what === 'pause') scenario.when({ type: 'PauseTask', version: null });
    else if (what === 'resume') scenario.when({ type: 'ResumeTask', version: null });
    else if (what === 'cancel') scenario.when({ type: 'CancelTask', version: null });
    else if (what === 'run') scenario.when({ type: 'RunTask', version: null });
    else if (what === 'rename') scenario.when({ type: 'UpdateTask', version: null, changes: { name: what } });
    else if (what === 'reschedule')
      scenario.when({
        type: 'UpdateTask',
        version: null,
        changes: { schedule: task % 2 === 0 ? '*/2 * * * *' : '*/2 * * * * *' },
      });
    else if (what === 'restart') {
      scenario.apply({
        requires: [],
        events: [{ type: 'NodeStarted', nodeId: 'n1', instance: 'i', incarnation: 2 }],
        by: 'node:n1',
      });
    }
  }
  return scenario;
}

const contents = (state: EntitiesInMaps) => ({
  tasks: [...state.tasks.values()],
  executions: [...state.executions.values()],
  keys: [...state.keys.values()],
  meta: state.meta(),
});

test('I4: the fold of the log is the state, whatever happened', () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 80 }), (moves) => {
      const scenario = play(moves);
      const rebuilt = new EntitiesInMaps();
      for (const entry of scenario.entries) applyEntry(rebuilt, entry);
      assert.deepEqual(contents(rebuilt), contents(scenario.state));
    }),
    { numRuns: 150 },
  );
});

test('I7: the fold of any prefix is legal: what is open is known to its task, what ended has an end', () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 80 }), (moves) => {
      const { entries } = play(moves);
      const state = new EntitiesInMaps();
      const ends = new Map<string, string>();
      const fired = new Map<string, number>();
      for (const entry of entries) {
        applyEntry(state, entry);
        for (const task of state.tasks.values()) {
          const open = [...state.executions.values()].filter((run) => run.taskId === task.taskId && !isEnded(run));
          assert.deepEqual(open.map(({ run }) => run).sort(), [...task.openRuns].sort());
          assert.equal(task.finishedAtMs !== null, task.state === 'completed' || task.state === 'cancelled');
          if (task.state === 'scheduled')
            assert.ok(task.nextAtMs !== null || task.openRuns.length > 0, 'silently dead');
        }
        for (const [key, run] of state.executions) {
          assert.equal(run.endedAtMs !== null, isEnded(run), key);
          assert.equal(run.nextAttemptAtMs !== null, run.state === 'waiting', key);
          assert.equal(run.attempts.at(-1)?.result === 'open', run.state === 'attempting', key);
          if (isEnded(run)) assert.equal(ends.get(key) ?? run.state, run.state, 'an end is for ever');
          if (isEnded(run)) ends.set(key, run.state);
          const identity = `${run.taskId}@${run.scheduledAtMs}`;
          // Claimed ahead and withdrawn, it was not fired.
          if (run.state === 'cancelled' && fired.get(identity) === run.run) fired.delete(identity);
          else if (run.trigger === 'schedule' && run.state !== 'cancelled') {
            assert.equal(fired.get(identity) ?? run.run, run.run, 'one execution for each scheduled time');
            fired.set(identity, run.run);
          }
        }
      }
    }),
    { numRuns: 150 },
  );
});

test('I5: applying a pair a second time changes nothing unless it asks for nothing', () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
      const scenario = play(moves);
      const before = contents(scenario.state);
      for (const entry of scenario.entries) {
        const asking = entry.pairs.filter(({ requires }) => requires.length > 0);
        const results = applyEntry(scenario.state, { ...entry, atMs: scenario.state.meta().logTimeMs, pairs: asking });
        for (const [at, result] of results.entries()) assert.equal(result.applied, false, JSON.stringify(asking[at]));
      }
      assert.deepEqual(contents(scenario.state), before);
    }),
    { numRuns: 100 },
  );
});

test('task ids grow, whatever the clock does, and fit 63 bits', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -5_000, max: 5_000 }), { maxLength: 200 }), (steps) => {
      let nowMs = START_MS;
      let last = '0' as TaskId;
      for (const stepMs of steps) {
        nowMs += stepMs;
        const next = nextTaskId(last, nowMs, 0);
        assert.ok(isLaterTaskId(next, last));
        assert.equal(parseTaskId(next), next);
        last = next;
      }
    }),
  );
  let last = '0' as TaskId;
  for (let n = 0; n < 5_000; n += 1) {
    const next = nextTaskId(last, START_MS, 0);
    assert.ok(isLaterTaskId(next, last));
    last = next;
  }
  assert.equal(draft().name, null);
});
