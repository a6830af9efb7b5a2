import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LATE_AFTER_MS } from '../../src/tasks/limits.ts';
import { answered, eventsOf, Scenario, START_MS } from './scenario.ts';

const AHEAD_MS = 2_000;
const SECOND = 1_000;
const EVERY_SECOND = '* * * * * *';
const at = (ms: number): number => START_MS + ms;
const once = (atMs: number): string => new Date(atMs).toISOString();
const withheld = { kind: 'withheld', changed: true } as const;

/** Every second from START_MS on; the first two of them are held by n1. */
const holdingTwo = (): Scenario => {
  const given = new Scenario().create({ schedule: EVERY_SECOND });
  while (given.claim(AHEAD_MS) !== null);
  assert.deepEqual(given.task.openRuns, [1, 2]);
  return given;
};

describe('a claim ahead of its time', () => {
  test('takes the due times within the look-ahead, in order, and moves the task on (I5)', () => {
    const given = holdingTwo();
    assert.deepEqual(
      [1, 2].map((run) => given.run(run).scheduledAtMs),
      [at(SECOND), at(2 * SECOND)],
    );
    assert.equal(given.task.nextAtMs, at(3 * SECOND));
    assert.equal(given.run(1).late, false);
  });

  test('is not made for what may be sent only once', () => {
    const given = new Scenario().create({ schedule: EVERY_SECOND, delivery: 'at_most_once' });
    assert.equal(given.claim(AHEAD_MS), null);
    assert.ok(given.after(SECOND).claim(AHEAD_MS));
  });

  test('that is given back, or lost with its node, is made again at its time and not before', () => {
    const given = holdingTwo().after(300);
    given.outcome(1, withheld);
    given.outcome(2, { kind: 'lost' });
    assert.equal(given.run(1).nextAttemptAtMs, at(SECOND));
    assert.equal(given.run(2).nextAttemptAtMs, at(2 * SECOND));
    assert.equal(given.claimAttempt(1), null);
    assert.ok(given.at(at(SECOND)).claimAttempt(1));
    assert.equal(given.run(1).late, false);
  });

  test('given back and begun late, it is late by its due time', () => {
    const given = holdingTwo();
    given.outcome(1, withheld);
    given.at(at(SECOND) + LATE_AFTER_MS + 1).claimAttempt(1);
    assert.equal(given.run(1).late, true);
  });

  test('sent, and tried again late, it is not: it began in time', () => {
    const given = holdingTwo().at(at(SECOND));
    given.outcome(1, answered(500));
    given.after(60_000).claimAttempt(1);
    assert.equal(given.run(1).late, false);
  });
});

describe('an update', () => {
  test('in between, to a schedule that has the same next due time: the claim is decided again, with what follows by it', () => {
    const given = new Scenario().create({ schedule: EVERY_SECOND });
    const pair = given.decideClaim(AHEAD_MS);
    given.when({ type: 'UpdateTask', version: null, changes: { schedule: '*/5,1 * * * * *' } });
    assert.equal(given.task.nextAtMs, at(SECOND));
    assert.ok(pair !== null);
    const [result] = given.apply(pair);
    assert.equal(result?.applied, false);
    given.claim(AHEAD_MS);
    assert.equal(given.task.nextAtMs, at(5 * SECOND));
  });

  test('decided just before a claim that is due, by a clock that is behind: it is decided again too, or due times were lost', () => {
    const given = new Scenario().create({ schedule: '*/3 * * * * *' });
    given.at(at(3 * SECOND));
    const pair = given.decideClaim(0);
    // The change was decided when that time was still to come, and is first in the log.
    given.at(at(3 * SECOND) - 1);
    given.when({ type: 'UpdateTask', version: null, changes: { schedule: EVERY_SECOND } });
    assert.equal(given.task.nextAtMs, at(3 * SECOND));
    assert.ok(pair !== null);
    assert.equal(given.apply(pair)[0]?.applied, false);
    given.at(at(3 * SECOND)).claim();
    assert.equal(given.task.nextAtMs, at(4 * SECOND));
  });

  test('of the schedule takes back what is not due yet, and plans from now', () => {
    const given = holdingTwo().at(at(SECOND) + 400);
    assert.equal(given.when({ type: 'UpdateTask', version: null, changes: { schedule: once(at(1_700)) } }), null);
    assert.deepEqual(given.task.openRuns, [1], 'its time had come');
    assert.equal(given.run(2).state, 'cancelled');
    assert.equal(given.task.lastScheduledAtMs, at(SECOND) + 400);
    assert.equal(given.task.nextAtMs, at(1_700), 'what was withdrawn does not hold it off');
    given.when({ type: 'UpdateTask', version: null, changes: { schedule: EVERY_SECOND } });
    assert.equal(given.task.nextAtMs, at(2 * SECOND), 'a due time of before may come again');
  });

  test('to an instant before the one that is held fires that', () => {
    const given = new Scenario().create({ schedule: once(at(1_500)) });
    assert.ok(given.claim(AHEAD_MS));
    assert.equal(given.task.nextAtMs, null);
    assert.equal(given.when({ type: 'UpdateTask', version: null, changes: { schedule: once(at(SECOND)) } }), null);
    assert.equal(given.task.state, 'scheduled');
    assert.equal(given.task.nextAtMs, at(SECOND));
    assert.equal(given.run(1).state, 'cancelled');
  });

  test('of anything else leaves the due times as they are', () => {
    const given = holdingTwo();
    given.when({ type: 'UpdateTask', version: null, changes: { name: 'x' } });
    assert.deepEqual(given.task.openRuns, [1, 2]);
    assert.equal(given.task.nextAtMs, at(3 * SECOND));
  });

  test('that meets the end of what it would take back is decided again (I5)', () => {
    const given = holdingTwo();
    const before = given.entries.length;
    given.when({ type: 'UpdateTask', version: null, changes: { schedule: '0 0 1 1 *' } });
    const [update] = given.entries[before]?.pairs ?? [];
    assert.deepEqual(eventsOf(update ?? null), ['TaskUpdated', 'ExecutionsWithdrawn']);
    const other = holdingTwo();
    other.outcome(1, answered(200));
    assert.ok(update !== undefined);
    const [result] = other.apply({ ...update, requires: update.requires.filter(({ type }) => type !== 'task-due') });
    assert.equal(result?.applied, false);
  });

  test('after clocks went back, repeats nothing that was fired by their old time', () => {
    const given = holdingTwo().at(at(SECOND));
    given.outcome(1, answered(200));
    given.at(at(-3_600_000));
    given.when({ type: 'UpdateTask', version: null, changes: { schedule: '*/1 * * * * *' } });
    assert.ok((given.task.nextAtMs ?? 0) > at(SECOND));
  });
});

describe('a pause', () => {
  const paused = (): Scenario => {
    const given = holdingTwo().at(at(500));
    given.when({ type: 'PauseTask', version: null });
    given.outcome(1, withheld);
    given.outcome(2, withheld);
    return given;
  };

  test('what fell due in it is not made up for', () => {
    const given = paused().at(at(1_500));
    assert.equal(given.when({ type: 'ResumeTask', version: null }), null);
    assert.equal(given.run(1).state, 'cancelled');
    assert.equal(given.run(2).state, 'waiting', 'its time is to come');
    assert.equal(given.task.nextAtMs, at(3 * SECOND));
    assert.ok(given.at(at(2 * SECOND)).claimAttempt(2));
  });

  test('over before it is due, nothing is lost by it', () => {
    const given = paused().at(at(800));
    given.when({ type: 'ResumeTask', version: null });
    assert.deepEqual(given.task.openRuns, [1, 2]);
    assert.ok(given.at(at(SECOND)).claimAttempt(1));
  });

  test('what was due before it, and found no place, goes on after it', () => {
    const given = holdingTwo().at(at(SECOND) + 100);
    given.when({ type: 'PauseTask', version: null });
    given.outcome(1, withheld);
    given.after(60_000);
    given.when({ type: 'ResumeTask', version: null });
    assert.equal(given.run(1).state, 'waiting');
  });

  test('over its only instant, the task has none left: to resume it is refused', () => {
    const given = new Scenario().create({ schedule: once(at(SECOND)) });
    given.claim(AHEAD_MS);
    given.when({ type: 'PauseTask', version: null });
    given.outcome(1, withheld);
    given.at(at(5 * SECOND));
    assert.equal(given.when({ type: 'ResumeTask', version: null })?.code, 'schedule_exhausted');
    given.when({ type: 'UpdateTask', version: null, changes: { schedule: once(at(9 * SECOND)) } });
    assert.equal(given.when({ type: 'ResumeTask', version: null }), null);
    assert.equal(given.run(1).state, 'cancelled');
    assert.equal(given.task.nextAtMs, at(9 * SECOND));
  });
});
