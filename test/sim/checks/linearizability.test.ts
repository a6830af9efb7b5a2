import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  checkLinearizable,
  type Operation,
  type Outcome,
  type SequentialModel,
} from '../../../src/sim/checks/linearizability.ts';
import { type TaskCall, type TaskSeen, taskModel } from '../../../src/sim/checks/task-model.ts';

type TaskOperation = Operation<TaskCall, TaskSeen>;

const ok = (call: TaskCall, invokedAt: number, returnedAt: number, result: TaskSeen): TaskOperation => ({
  call,
  invokedAt,
  outcome: { kind: 'ok', result, returnedAt },
});
const lost = (call: TaskCall, invokedAt: number): TaskOperation => ({ call, invokedAt, outcome: { kind: 'unknown' } });
const kindOf = (...history: TaskOperation[]): string => checkLinearizable(history, taskModel).kind;

function partOf(...history: TaskOperation[]): readonly TaskOperation[] {
  const verdict = checkLinearizable(history, taskModel);
  assert.equal(verdict.kind, 'contradiction');
  return verdict.part;
}

describe('histories by hand', () => {
  test('one after the other, each sees what the ones before it did', () => {
    assert.equal(kindOf(), 'linearizable');
    assert.equal(
      kindOf(ok('read', 0, 1, 'absent'), ok('create', 2, 3, 'live'), ok('cancel', 4, 5, 'cancelled')),
      'linearizable',
    );
  });

  test('a read that began after a create was acknowledged has to see it', () => {
    assert.equal(kindOf(ok('create', 0, 1, 'live'), ok('read', 2, 3, 'absent')), 'contradiction');
  });

  test('one that overlaps it sees it or does not', () => {
    assert.equal(kindOf(ok('create', 0, 5, 'live'), ok('read', 1, 2, 'absent')), 'linearizable');
    assert.equal(kindOf(ok('create', 0, 5, 'live'), ok('read', 1, 2, 'live')), 'linearizable');
  });

  test('times that are equal decide nothing', () => {
    assert.equal(kindOf(ok('create', 0, 2, 'live'), ok('read', 2, 3, 'absent')), 'linearizable');
  });

  test('what one reader saw, a later one does not see undone', () => {
    assert.equal(
      kindOf(ok('create', 0, 9, 'live'), ok('read', 1, 2, 'live'), ok('read', 3, 4, 'absent')),
      'contradiction',
    );
  });

  test('an outcome that nobody knows explains what was seen, at any later time, and may never come', () => {
    const seenLate = [ok('read', 2, 3, 'absent'), ok('read', 50, 51, 'live')];
    assert.equal(kindOf(lost('create', 0), ...seenLate), 'linearizable');
    assert.equal(kindOf(lost('create', 0), ok('read', 50, 51, 'absent')), 'linearizable');
    assert.equal(kindOf(...seenLate), 'contradiction');
  });

  test('it explains nothing that was seen before it was asked for', () => {
    assert.equal(kindOf(ok('read', 0, 1, 'live'), lost('create', 2)), 'contradiction');
  });

  test('what was refused was not done', () => {
    const refused: TaskOperation = { call: 'create', invokedAt: 0, outcome: { kind: 'refused' } };
    assert.equal(kindOf(refused, ok('read', 2, 3, 'absent')), 'linearizable');
    assert.equal(kindOf(refused, ok('read', 2, 3, 'live')), 'contradiction');
  });

  test('a second order of search is found where the first leads nowhere', () => {
    assert.equal(
      kindOf(
        ok('create', 0, 10, 'live'),
        ok('cancel', 0, 10, 'absent'),
        ok('cancel', 0, 10, 'cancelled'),
        ok('read', 11, 12, 'cancelled'),
      ),
      'linearizable',
    );
  });
});

test('a hundred calls that were never answered do not keep it from a verdict', () => {
  const silent = Array.from({ length: 100 }, (_, at) => lost(at % 2 === 0 ? 'create' : 'cancel', at));
  const seen = [ok('read', 200, 201, 'absent'), ok('read', 202, 203, 'live'), ok('read', 204, 205, 'cancelled')];
  assert.equal(kindOf(...silent, ...seen), 'linearizable');
  assert.equal(kindOf(...silent, ...seen, ok('read', 206, 207, 'live')), 'contradiction');
});

describe('the part that is shown', () => {
  test('ends where nothing explains it any more, and leaves out the reads that it does not take', () => {
    const wrong = ok('read', 8, 9, 'absent');
    const part = partOf(
      ok('read', 0, 1, 'absent'),
      ok('create', 2, 3, 'live'),
      ok('read', 4, 5, 'live'),
      wrong,
      ok('cancel', 10, 11, 'cancelled'),
      ok('read', 12, 13, 'cancelled'),
    );
    assert.deepEqual(
      part.map(({ call }) => call),
      ['create', 'read'],
    );
    assert.equal(part[1], wrong);
  });

  test('keeps what may have changed the task, and what was on its way then counts as not known', () => {
    const part = partOf(
      lost('create', 0),
      ok('read', 1, 2, 'live'),
      ok('cancel', 3, 20, 'cancelled'),
      ok('read', 4, 5, 'absent'),
    );
    assert.deepEqual(
      part.map(({ call, outcome }) => `${call} ${outcome.kind}`),
      ['create unknown', 'read ok', 'cancel unknown', 'read ok'],
    );
  });
});

test('what would take too long to decide is said to be undecided', () => {
  // Every subset of the writes is another state: nothing that was tried helps with what comes next.
  const sets: SequentialModel<number, number, number> = {
    initial: 0,
    apply: (state, bit) => ({ state: state | bit, result: state | bit }),
    isSame: (expected, seen) => expected === seen,
    isRead: (bit) => bit === 0,
    keyOf: String,
    keyOfCall: String,
  };
  const writes = Array.from({ length: 24 }, (_, bit) => ({
    call: 1 << bit,
    invokedAt: 0,
    outcome: { kind: 'unknown' } as const,
  }));
  const history = [...writes, { call: 0, invokedAt: 1, outcome: { kind: 'ok', result: -1, returnedAt: 2 } } as const];
  assert.equal(checkLinearizable(history, sets).kind, 'undecided');
});

describe('any history', () => {
  const calls = fc.constantFrom<TaskCall[]>('create', 'read', 'cancel');
  const SPREAD = 10;

  test('of one that was done in some order is right, however long its calls took and whatever was not answered', () => {
    const steps = fc.array(
      fc.record({
        call: calls,
        before: fc.double({ min: 0, max: 30, noNaN: true }),
        after: fc.double({ min: 0, max: 30, noNaN: true }),
        fate: fc.constantFrom('ok', 'ok', 'ok', 'unknown', 'never done', 'refused'),
      }),
      { maxLength: 14 },
    );
    fc.assert(
      fc.property(steps, (planned) => {
        let state = taskModel.initial;
        const history = planned.map(({ call, before, after, fate }, at): TaskOperation => {
          const invokedAt = at * SPREAD - before;
          if (fate === 'never done') return { call, invokedAt, outcome: { kind: 'unknown' } };
          if (fate === 'refused') return { call, invokedAt, outcome: { kind: 'refused' } };
          const next = taskModel.apply(state, call);
          state = next.state;
          const answered: Outcome<TaskSeen> = { kind: 'ok', result: next.result, returnedAt: at * SPREAD + after };
          return { call, invokedAt, outcome: fate === 'ok' ? answered : { kind: 'unknown' } };
        });
        assert.equal(checkLinearizable(history, taskModel).kind, 'linearizable');
      }),
    );
  });

  test('gets the verdict of a search that tries every order', () => {
    const operations = fc.array(
      fc.record({
        call: calls,
        invokedAt: fc.integer({ min: 0, max: 12 }),
        took: fc.integer({ min: 0, max: 6 }),
        result: fc.constantFrom<TaskSeen[]>('absent', 'live', 'cancelled'),
        kind: fc.constantFrom('ok', 'ok', 'ok', 'unknown'),
      }),
      { minLength: 1, maxLength: 5 },
    );
    const seen = { linearizable: 0, contradiction: 0 };
    fc.assert(
      fc.property(operations, (drawn) => {
        const history = drawn.map(
          ({ call, invokedAt, took, result, kind }): TaskOperation => ({
            call,
            invokedAt,
            outcome: kind === 'ok' ? { kind, result, returnedAt: invokedAt + took } : { kind: 'unknown' },
          }),
        );
        const verdict = checkLinearizable(history, taskModel);
        const expected = anyOrderExplains(history, []) ? 'linearizable' : 'contradiction';
        seen[expected] += 1;
        assert.equal(verdict.kind, expected);
        if (verdict.kind === 'contradiction') assert.ok(!anyOrderExplains(verdict.part, []));
      }),
      { numRuns: 2_000 },
    );
    assert.ok(seen.linearizable > 50 && seen.contradiction > 50, JSON.stringify(seen));
  });
});

/** The definition, word for word: some of the unknown and all of the known, in an order that respects time, each with its result. */
function anyOrderExplains(history: readonly TaskOperation[], order: readonly TaskOperation[]): boolean {
  const rest = history.filter((operation) => !order.includes(operation));
  if (rest.every(({ outcome }) => outcome.kind !== 'ok') && isRun(order)) return true;
  return rest.some((next) => anyOrderExplains(history, [...order, next]));
}

function isRun(order: readonly TaskOperation[]): boolean {
  let state = taskModel.initial;
  return order.every((operation, at) => {
    const { outcome } = operation;
    const next = taskModel.apply(state, operation.call);
    state = next.state;
    const inTime = order
      .slice(at + 1)
      .every((later) => later.outcome.kind !== 'ok' || later.outcome.returnedAt >= operation.invokedAt);
    return inTime && (outcome.kind !== 'ok' || outcome.result === next.result);
  });
}
