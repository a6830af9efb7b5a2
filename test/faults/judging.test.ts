import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Evidence, type Fault, judge } from '../../ops/faults/judging.ts';
import { createLedger, type TaskEntry, type TaskKind } from '../../ops/faults/ledger.ts';
import { hasFailed, reportLines } from '../../ops/faults/report.ts';
import type { Callback } from '../../ops/faults/sink.ts';

/** The judge of `npm run faults`, fed what it must refuse. */
const BEGAN_MS = 1_800_000_000_000;
const TASK = '4711';

interface Told {
  readonly evidence: Evidence;
  readonly entry: TaskEntry;
}

/** A task that fires in each of five seconds, each received in time. `change` takes something away, or adds it. */
function told(kind: TaskKind, change: (told: { entry: TaskEntry; callbacks: Callback[] }) => void): Told {
  const ledger = createLedger(1);
  const entry: TaskEntry = { ...ledger.open(kind), askedAtMs: BEGAN_MS - 100 };
  entry.taskIds.add(TASK);
  entry.firstDueMs = BEGAN_MS;
  const count = kind === 'cron' ? 5 : 1;
  const callbacks = Array.from({ length: count }, (_, second) =>
    received({ scheduledAtMs: BEGAN_MS + second * 1_000 }),
  );
  change({ entry, callbacks });
  const untilMs = BEGAN_MS + 4_000;
  return { entry, evidence: { tasks: [entry], callbacks, untilMs, skips: new Map(), unsent: new Map() } };
}

function received(of: Partial<Callback>): Callback {
  const scheduledAtMs = of.scheduledAtMs ?? BEGAN_MS;
  return {
    webhookId: `${TASK}-${scheduledAtMs}`,
    taskId: TASK,
    serial: 0,
    scheduledAtMs,
    attempt: 1,
    receivedAtMs: scheduledAtMs + 5,
    ...of,
  };
}

const faultsIn = ({ evidence }: Told): readonly Fault[] => judge(evidence).findings.map(({ fault }) => fault);

test('what is as promised is held', () => {
  const judgement = judge(told('cron', () => {}).evidence);
  assert.deepEqual(judgement.findings, []);
  assert.equal(judgement.expected, 5);
  assert.deepEqual(judgement.latenessMs, [5, 5, 5, 5, 5]);
});

test('a second that is missing is found; not around a cancel', () => {
  const missing = told('cron', ({ callbacks }) => callbacks.splice(2, 1));
  assert.deepEqual(faultsIn(missing), ['missing']);
  missing.entry.excused.push({ fromMs: BEGAN_MS + 1_500, untilMs: Number.POSITIVE_INFINITY });
  assert.deepEqual(faultsIn(missing), []);
  assert.equal(judge(missing.evidence).excused, 3 - 2);
});

test('a one-shot that never came is found', () => {
  assert.deepEqual(faultsIn(told('once', ({ callbacks }) => callbacks.splice(0))), ['missing']);
});

describe('due times that were passed over', () => {
  const skipped = (goneOnMs: number): Told => {
    const { entry, evidence } = told('cron', ({ callbacks }) => {
      callbacks.splice(0, 3);
      callbacks.splice(0, 2, received({ scheduledAtMs: BEGAN_MS + 3_000, receivedAtMs: BEGAN_MS + goneOnMs }));
      callbacks.push(received({ scheduledAtMs: BEGAN_MS + 4_000, receivedAtMs: BEGAN_MS + goneOnMs }));
    });
    const skips = new Map([[TASK, [{ fromMs: BEGAN_MS, throughMs: BEGAN_MS + 2_999 }]]]);
    return { entry, evidence: { ...evidence, skips } };
  };

  test('are no loss after a long outage', () => {
    const judgement = judge(skipped(20_000).evidence);
    assert.deepEqual(judgement.findings, []);
    assert.equal(judgement.passedOver, 3);
  });

  test('are found where there was no such outage', () => {
    assert.deepEqual(faultsIn(skipped(4_000)), ['passed over in time', 'passed over in time', 'passed over in time']);
  });
});

test('another id for the same time is found, the same id is a repetition', () => {
  const again = told('cron', ({ callbacks }) => callbacks.push(received({ attempt: 2 })));
  assert.deepEqual(faultsIn(again), []);
  assert.equal(judge(again.evidence).repeatedSameId, 1);
  const other = told('cron', ({ callbacks }) => callbacks.push(received({ attempt: 2, webhookId: 'another' })));
  assert.deepEqual(faultsIn(other), ['second id']);
});

test('an id that two fires share is found: whoever does each id once would leave one undone', () => {
  const shared = told('cron', ({ callbacks }) => {
    const [first] = callbacks;
    callbacks.splice(1, 1, received({ scheduledAtMs: BEGAN_MS + 1_000, webhookId: first?.webhookId ?? '' }));
  });
  assert.deepEqual(faultsIn(shared), ['id of another']);
});

test('a run that shows nothing is no run that held', () => {
  const none = told('cron', () => {});
  const report = {
    seed: 1,
    lastedMs: 1,
    brokers: 'one',
    faults: {},
    failoversMs: [],
    outcomes: {},
    states: '',
    broken: [],
  };
  assert.equal(hasFailed({ ...report, judgement: judge(none.evidence) }), false);
  none.entry.firstDueMs = null;
  const judgement = judge(none.evidence);
  assert.deepEqual(judgement.findings, []);
  assert.equal(hasFailed({ ...report, judgement }), true);
  assert.match(reportLines({ ...report, judgement }).join(), /FOUND a run that shows nothing/);
});

test('an attempt that was sent twice is found', () => {
  assert.deepEqual(faultsIn(told('cron', ({ callbacks }) => callbacks.push(received({})))), ['attempt sent twice']);
});

test('at most once is once; what nobody received has to have ended as unknown', () => {
  const twice = told('once-at-most', ({ callbacks }) => callbacks.push(received({ attempt: 2 })));
  assert.deepEqual(faultsIn(twice), ['sent at most once, twice']);
  const never = told('once-at-most', ({ callbacks }) => callbacks.splice(0));
  assert.deepEqual(faultsIn(never), ['missing']);
  const ended = { ...never.evidence, unsent: new Map([[TASK, ['unknown']]]) };
  assert.deepEqual(judge(ended).findings, []);
  assert.equal(judge(ended).endedUnknown, 1);
});

test('what comes after an acknowledged cancel is found', () => {
  const late = told('cron', ({ entry }) => {
    entry.silent.push({ why: 'cancelled', fromMs: BEGAN_MS + 3_500, untilMs: Number.POSITIVE_INFINITY });
  });
  assert.deepEqual(faultsIn(late), ['sent in silence']);
});

test('what comes before its time, or was never due, is found', () => {
  assert.deepEqual(
    faultsIn(told('once', ({ callbacks }) => callbacks.splice(0, 1, received({ receivedAtMs: BEGAN_MS - 500 })))),
    ['sent early'],
  );
  assert.deepEqual(
    faultsIn(told('cron', ({ callbacks }) => callbacks.push(received({ scheduledAtMs: BEGAN_MS + 500 })))),
    ['never due'],
  );
  assert.deepEqual(
    faultsIn(told('cron', ({ callbacks }) => callbacks.push(received({ scheduledAtMs: BEGAN_MS - 1_000 })))),
    ['never due'],
  );
  assert.deepEqual(faultsIn(told('cron', ({ callbacks }) => callbacks.push(received({ serial: 9 })))), [
    'unknown task',
  ]);
});

test('a key that made two tasks is found', () => {
  assert.deepEqual(faultsIn(told('cron', ({ entry }) => entry.taskIds.add('4712'))), ['key made two tasks']);
});

test('a history that no single copy explains is found', () => {
  const stale = told('register', ({ entry, callbacks }) => {
    callbacks.splice(0);
    entry.history.push(
      { call: 'create', invokedAt: 1, outcome: { kind: 'ok', result: 'live', returnedAt: 2 } },
      { call: 'cancel', invokedAt: 3, outcome: { kind: 'ok', result: 'cancelled', returnedAt: 4 } },
      { call: 'read', invokedAt: 5, outcome: { kind: 'ok', result: 'live', returnedAt: 6 } },
    );
  });
  assert.deepEqual(faultsIn(stale), ['not linearizable']);
});
