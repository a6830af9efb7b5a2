import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { INSTANT_PAST_MAX_MS, OPEN_RUNS_MAX } from '../../src/tasks/limits.ts';
import { answered, draft, eventsOf, Scenario, START_MS, unreachable } from './scenario.ts';

const MINUTE_MS = 60_000;
const once = (atMs: number): string => new Date(atMs).toISOString();

describe('creation', () => {
  test('a cron task is due at its next minute', () => {
    const given = new Scenario().create();
    assert.equal(given.task.state, 'scheduled');
    assert.equal(given.task.nextAtMs, START_MS + MINUTE_MS);
    assert.equal(given.task.version, 1);
  });

  test('an instant up to 60 s in the past is due at once and marked late', () => {
    const given = new Scenario().create({ schedule: once(START_MS - INSTANT_PAST_MAX_MS) });
    given.claim();
    assert.equal(given.run(1).late, true);
    assert.equal(given.run(1).scheduledAtMs, START_MS - INSTANT_PAST_MAX_MS);
  });

  test('an older instant is refused, with its place', () => {
    const refused = new Scenario().when({
      type: 'CreateTask',
      draft: draft({ schedule: once(START_MS - INSTANT_PAST_MAX_MS - 1_000) }),
      idempotency: null,
    });
    assert.equal(refused?.code, 'instant_past');
    assert.equal(refused?.errors[0]?.path, '/schedule');
  });

  test('a schedule and a zone that are not understood are refused, each with its place', () => {
    const when = (changes: Parameters<typeof draft>[0]) =>
      new Scenario().when({ type: 'CreateTask', draft: draft(changes), idempotency: null });
    assert.equal(when({ schedule: '61 * * * *' })?.errors[0]?.path, '/schedule');
    assert.equal(when({ timezone: 'Mars/Olympus' })?.errors[0]?.path, '/timezone');
  });

  test('the same Idempotency-Key twice is one task: the second pair is a no-op', () => {
    const given = new Scenario();
    const idempotency = { key: 'k', fingerprint: 'f' };
    given.when({ type: 'CreateTask', draft: draft(), idempotency });
    given.when({ type: 'CreateTask', draft: draft(), idempotency });
    assert.equal(given.state.tasks.size, 1);
  });
});

describe('firing', () => {
  test('a claim advances the task to its next due time', () => {
    const given = new Scenario().create().after(MINUTE_MS);
    assert.deepEqual(eventsOf(given.claim()), ['ExecutionClaimed']);
    assert.equal(given.task.nextAtMs, START_MS + 2 * MINUTE_MS);
    assert.deepEqual(given.task.openRuns, [1]);
    assert.equal(given.run(1).state, 'attempting');
    assert.equal(given.run(1).executionId, `${given.taskId}-${START_MS + MINUTE_MS}`);
  });

  test('the same due time is claimed once, however often it is proposed', () => {
    const given = new Scenario().create().after(MINUTE_MS);
    const pair = given.claim();
    assert.ok(pair);
    assert.deepEqual(given.apply(pair), [{ applied: false, failed: pair.requires[0] }]);
    assert.equal(given.task.runCount, 1);
  });

  test('a success ends the execution; a one-shot is complete with it', () => {
    const given = new Scenario().create({ schedule: once(START_MS + MINUTE_MS) }).after(MINUTE_MS);
    given.claim();
    given.outcome(1, answered(204));
    assert.equal(given.run(1).state, 'succeeded');
    assert.equal(given.task.state, 'completed');
    assert.equal(given.task.nextAtMs, null);
  });

  test('late is not lost: up to 10 s behind, every due time is sent, in order', () => {
    const given = new Scenario().create({ schedule: '* * * * * *' }).at(START_MS + 10_000);
    const fired: number[] = [];
    while (given.claim() !== null) fired.push((given.run(given.task.runCount).scheduledAtMs - START_MS) / 1_000);
    assert.deepEqual(fired, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test('two hours down, every minute, back at :30: misfire latest sends one', () => {
    const given = new Scenario().create().at(START_MS + 120 * MINUTE_MS + 30_000);
    assert.deepEqual(eventsOf(given.claim()), ['DueTimesSkipped', 'ExecutionClaimed']);
    assert.equal(given.run(1).scheduledAtMs, START_MS + 120 * MINUTE_MS);
    assert.equal(given.run(1).late, true);
    assert.equal(given.claim(), null);
    assert.equal(given.task.nextAtMs, START_MS + 121 * MINUTE_MS);
  });

  test('every clock an hour forward: the misfire policy once, then what is less than 10 s old', () => {
    const given = new Scenario().create({ schedule: '* * * * * *' }).at(START_MS + 3_600_000);
    let claims = 0;
    while (given.claim() !== null) claims += 1;
    assert.equal(claims, 12);
  });

  test('every clock an hour back: nothing twice, the task waits until past its last fired time', () => {
    const given = new Scenario().create().at(START_MS + MINUTE_MS);
    given.claim();
    given.at(START_MS - 3_600_000);
    assert.equal(given.claim(), null);
    assert.equal(given.task.nextAtMs, START_MS + 2 * MINUTE_MS);
  });

  test('a task with too many open executions waits until one ends', () => {
    const given = new Scenario().create({ schedule: '* * * * * *' });
    for (let run = 1; run <= OPEN_RUNS_MAX; run += 1) {
      given.after(1_000);
      assert.ok(given.claim());
    }
    given.after(1_000);
    assert.equal(given.claim(), null);
    given.outcome(1, answered(200));
    assert.ok(given.claim());
  });
});

describe('outcomes', () => {
  const claimed = (changes: Parameters<typeof draft>[0] = {}): Scenario => {
    const given = new Scenario().create(changes).after(MINUTE_MS);
    given.claim();
    return given;
  };

  test('a retryable failure waits with full jitter, doubling up to its bound, then is a dead letter', () => {
    const given = claimed({ retry: { attempts: 4, backoffMs: 1_000, backoffMaxMs: 3_000 } });
    const waits: number[] = [];
    for (let attempt = 1; attempt < 4; attempt += 1) {
      given.outcome(1, answered(503), 1);
      assert.equal(given.run(1).state, 'waiting');
      const dueMs = given.run(1).nextAttemptAtMs ?? 0;
      waits.push(dueMs - given.nowMs);
      assert.equal(given.at(dueMs - 1).claimAttempt(1), null);
      assert.ok(given.at(dueMs).claimAttempt(1));
    }
    given.outcome(1, answered(503));
    assert.deepEqual(waits, [1_000, 2_000, 3_000]);
    assert.equal(given.run(1).state, 'failed');
    assert.deepEqual(
      given.run(1).attempts.map(({ number, status }) => [number, status]),
      [1, 2, 3, 4].map((n) => [n, 503]),
    );
    assert.deepEqual(given.task.openRuns, []);
  });

  test('which statuses retry', () => {
    for (const [status, state] of [
      [408, 'waiting'],
      [425, 'waiting'],
      [429, 'waiting'],
      [500, 'waiting'],
      [599, 'waiting'],
      [301, 'failed'],
      [400, 'failed'],
      [404, 'failed'],
      [422, 'failed'],
      [200, 'succeeded'],
      [299, 'succeeded'],
    ] as const) {
      const given = claimed();
      given.outcome(1, answered(status));
      assert.equal(given.run(1).state, state, String(status));
    }
  });

  test('429 with Retry-After: 120: no earlier attempt', () => {
    const given = claimed();
    given.outcome(1, answered(429, 120_000), 0);
    assert.equal(given.run(1).nextAttemptAtMs, given.nowMs + 120_000);
  });

  test('410 pauses the task; it stays paused, and its owner can see why', () => {
    const given = claimed();
    assert.deepEqual(given.outcome(1, answered(410)), [{ applied: true }, { applied: true }]);
    assert.equal(given.run(1).state, 'failed');
    assert.equal(given.task.state, 'paused');
    assert.equal(given.task.records.at(-1)?.type, 'TaskPausedAsGone');
  });

  test('410 to a one-shot: the task is complete, there is nothing to pause', () => {
    const given = claimed({ schedule: once(START_MS + MINUTE_MS) });
    assert.deepEqual(
      given.outcome(1, answered(410)).map(({ applied }) => applied),
      [true, false],
    );
    assert.equal(given.task.state, 'completed');
  });

  test('a crash after the request: at-least-once goes on under the same id with the next attempt', () => {
    const given = claimed();
    const { executionId } = given.run(1);
    given.outcome(1, { kind: 'lost' });
    given.claimAttempt(1);
    assert.equal(given.run(1).executionId, executionId);
    assert.equal(given.run(1).attempts.at(-1)?.number, 2);
    assert.equal(given.run(1).failures, 0, 'a lost attempt is not held against the target');
  });

  test('a crash after the request: at-most-once is unknown and never sent again', () => {
    const given = claimed({ delivery: 'at_most_once' });
    given.outcome(1, { kind: 'lost' });
    assert.equal(given.run(1).state, 'unknown');
    assert.equal(given.claimAttempt(1), null);
  });

  test('at-most-once: a timeout is unknown, a refused connection is tried again', () => {
    const timedOut = claimed({ delivery: 'at_most_once' });
    timedOut.outcome(1, unreachable(true));
    assert.equal(timedOut.run(1).state, 'unknown');
    const refused = claimed({ delivery: 'at_most_once' });
    refused.outcome(1, unreachable(false));
    assert.equal(refused.run(1).state, 'waiting');
  });

  test('an outcome that comes after the cancel is a no-op', () => {
    const given = claimed();
    const before = given.run(1);
    given.when({ type: 'CancelTask', version: null });
    assert.equal(given.run(1).state, 'cancelled');
    const results = given.apply({
      requires: [{ type: 'attempt-open', taskId: given.taskId, run: before.run, attempt: 1 }],
      events: [
        {
          type: 'ExecutionSucceeded',
          taskId: given.taskId,
          run: 1,
          attempt: 1,
          startedAtMs: 0,
          endedAtMs: 1,
          status: 200,
          error: null,
          excerpt: null,
        },
      ],
      by: 'dispatch',
    });
    assert.equal(results[0]?.applied, false);
    assert.equal(given.run(1).state, 'cancelled');
  });
});

describe('owner commands', () => {
  test('a task deleted while a retry waits: the retry never goes out', () => {
    const given = new Scenario().create().after(MINUTE_MS);
    given.claim();
    given.outcome(1, answered(503), 0);
    given.when({ type: 'CancelTask', version: null });
    assert.equal(given.claimAttempt(1), null);
    assert.equal(given.run(1).state, 'cancelled');
    assert.equal(given.task.state, 'cancelled');
  });

  test('pause holds due times and retries; resume does not fire the past', () => {
    const given = new Scenario().create().after(MINUTE_MS);
    given.claim();
    given.outcome(1, answered(503), 0);
    given.when({ type: 'PauseTask', version: null });
    given.after(60 * MINUTE_MS);
    assert.equal(given.claim(), null);
    assert.equal(given.claimAttempt(1), null);
    given.when({ type: 'ResumeTask', version: null });
    assert.equal(given.task.nextAtMs, given.nowMs + MINUTE_MS);
    assert.ok(given.claimAttempt(1), 'a retry that was waiting goes on');
  });

  test('a claim decided before a pause and applied after it is a no-op', () => {
    const given = new Scenario().create().after(MINUTE_MS);
    const other = new Scenario();
    other.state.putTask(given.task);
    other.taskId = given.taskId;
    const pair = other.at(given.nowMs).claim();
    given.when({ type: 'PauseTask', version: null });
    assert.ok(pair);
    assert.equal(given.apply(pair)[0]?.applied, false);
  });

  test('resuming a one-shot whose instant has passed is refused, not silent', () => {
    const given = new Scenario().create({ schedule: once(START_MS + MINUTE_MS) });
    given.when({ type: 'PauseTask', version: null });
    given.after(2 * MINUTE_MS);
    assert.equal(given.when({ type: 'ResumeTask', version: null })?.code, 'schedule_exhausted');
  });

  test('update: another version is refused, a change of schedule never fires the past', () => {
    const given = new Scenario().create().after(MINUTE_MS);
    given.claim();
    assert.equal(given.when({ type: 'UpdateTask', version: 7, changes: {} })?.code, 'version_mismatch');
    assert.equal(given.when({ type: 'UpdateTask', version: 1, changes: { schedule: '*/5 * * * *' } }), null);
    assert.equal(given.task.version, 2);
    assert.equal(given.task.nextAtMs, START_MS + 5 * MINUTE_MS);
  });

  test('update: what is left out stays', () => {
    const given = new Scenario().create({ name: 'a', tags: ['x'] });
    given.when({ type: 'UpdateTask', version: null, changes: { name: 'b' } });
    assert.deepEqual(given.task.definition.tags, ['x']);
    assert.equal(given.task.definition.name, 'b');
    assert.equal(given.task.nextAtMs, START_MS + MINUTE_MS);
  });

  test('an instant that fired already does not fire again by an update', () => {
    const given = new Scenario().create({ schedule: once(START_MS + MINUTE_MS) }).after(MINUTE_MS);
    given.claim();
    const again = given.when({ type: 'UpdateTask', version: null, changes: { schedule: once(START_MS + MINUTE_MS) } });
    assert.equal(again?.code, 'instant_past');
  });

  test('run now: an execution of its own, beside the schedule', () => {
    const given = new Scenario().create();
    given.when({ type: 'RunTask', version: null });
    assert.equal(given.run(1).trigger, 'manual');
    assert.equal(given.run(1).executionId, `${given.taskId}-run-1`);
    assert.equal(given.task.nextAtMs, START_MS + MINUTE_MS);
    assert.ok(given.claimAttempt(1));
    given.outcome(1, answered(200));
    assert.equal(given.run(1).state, 'succeeded');
  });

  test('what is paused or finished refuses what makes no sense, with a code', () => {
    const given = new Scenario().create();
    assert.equal(given.when({ type: 'ResumeTask', version: null })?.code, 'task_not_paused');
    given.when({ type: 'PauseTask', version: null });
    assert.equal(given.when({ type: 'PauseTask', version: null })?.code, 'task_paused');
    assert.equal(given.when({ type: 'RunTask', version: null })?.code, 'task_paused');
    given.when({ type: 'CancelTask', version: null });
    assert.equal(given.when({ type: 'CancelTask', version: null })?.code, 'task_finished');
    given.taskId = '42' as typeof given.taskId;
    assert.equal(given.when({ type: 'PauseTask', version: null })?.code, 'task_not_found');
  });
});
