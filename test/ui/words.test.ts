import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CALLBACK_ERROR_CODES } from '../../src/dispatch/callback.ts';
import type { AttemptAnswer, TaskAnswer } from '../../src/ui/api/answers.ts';
import { missedWords } from '../../src/ui/failed/missed-words.ts';
import { isolated } from '../../src/ui/parts/isolated.ts';
import { attemptWords, errorWords, excerptTitle, lateByMs, printMs, tookMs } from '../../src/ui/tasks/attempt-words.ts';
import { listsNewTask } from '../../src/ui/tasks/listed-by.ts';
import { previewOf } from '../../src/ui/tasks/next-times.ts';
import { isMissed, wordsOf } from '../../src/ui/tasks/record-words.ts';

const ATTEMPT: AttemptAnswer = {
  number: 1,
  node_id: 'n1',
  result: 'succeeded',
  claimed_at: '2027-01-01T00:00:00.000Z',
  started_at: '2027-01-01T00:00:00.010Z',
  ended_at: '2027-01-01T00:00:00.250Z',
  status: 200,
  error: null,
  excerpt: null,
};

describe('how an attempt ended', () => {
  const cases: readonly (readonly [Partial<AttemptAnswer>, string])[] = [
    [{}, 'succeeded with 200'],
    [{ result: 'open', status: null }, 'on its way'],
    [{ result: 'failed', status: 503 }, 'answered 503'],
    [{ result: 'failed', status: null, error: 'connect_refused' }, 'failed: the connection was refused'],
    [{ result: 'failed', status: null, error: 'of_a_newer_node' }, 'failed: of_a_newer_node'],
    [{ result: 'failed', status: null }, 'failed: no answer'],
    [{ result: 'lost' }, 'lost with its node; what became of the request is not known'],
    [{ result: 'withheld' }, 'withheld: the task was changed before it was sent'],
  ];
  for (const [changes, words] of cases)
    test(words, () => assert.equal(attemptWords({ ...ATTEMPT, ...changes }), words));

  test('there are words for every way in which a callback fails', () => {
    for (const code of CALLBACK_ERROR_CODES) assert.notEqual(errorWords(code), code);
  });

  test('what an excerpt is of', () => {
    assert.equal(excerptTitle({ status: 503 }), 'What the target answered');
    assert.equal(excerptTitle({ status: null }), 'Details');
  });

  test('how long it took, and how late the first one left', () => {
    assert.equal(tookMs(ATTEMPT), 240);
    assert.equal(tookMs({ ...ATTEMPT, ended_at: null }), null);
    assert.equal(lateByMs('2027-01-01T00:00:00.000Z', [ATTEMPT]), 10);
    // The first attempts of a long row of them are not kept.
    assert.equal(lateByMs('2027-01-01T00:00:00.000Z', [{ ...ATTEMPT, number: 2 }]), null);
    assert.deepEqual([0, 999, 1_500, 61_000].map(printMs), ['0 ms', '999 ms', '1.5 s', '1 min 1 s']);
  });
});

test('what was done to a task is said in words, and what was missed stands out', () => {
  const record = (type: string) => ({ at: '2027-01-01T00:00:00.000Z', type, by: 'token' });
  assert.equal(wordsOf(record('TaskPaused')), 'Paused');
  assert.equal(wordsOf(record('DueTimesSkipped')), 'Missed: due times were passed over');
  assert.equal(wordsOf(record('OfANewerVersion')), 'OfANewerVersion');
  assert.deepEqual(['TaskPaused', 'DueTimesSkipped'].map(record).map(isMissed), [false, true]);
});

describe('a list asks anew for a task that it would show', () => {
  const none = { name: '', state: '', tag: '' };
  const created = { id: '1', kind: 'TaskCreated', name: 'Morning Report', tags: ['billing'] };
  for (const [filter, listed] of [
    [none, true],
    [{ ...none, name: 'report' }, true],
    [{ ...none, name: 'backup' }, false],
    [{ ...none, tag: 'billing', state: 'scheduled' }, true],
    [{ ...none, tag: 'bill' }, false],
    [{ ...none, state: 'paused' }, false],
  ] as const) {
    test(`${JSON.stringify(filter)}: ${listed}`, () => assert.equal(listsNewTask(filter, created), listed));
  }
  test('a nameless one, or another event, is none', () => {
    assert.equal(listsNewTask({ ...none, name: 'x' }, { id: '1', kind: 'TaskCreated', name: null }), false);
    assert.equal(listsNewTask(none, { id: '1', kind: 'TaskPaused' }), false);
  });
});

describe('the next times of a task', () => {
  const task = { state: 'scheduled', schedule: '0 9 * * THU', timezone: 'UTC', next_at: '2027-01-07T09:00:00.000Z' };
  const asked = (changes: object) => previewOf({ ...task, ...changes } as TaskAnswer);
  test('begin with the one that is known', () =>
    assert.deepEqual(asked({}), {
      format: '0 9 * * THU',
      timezone: 'UTC',
      from: '2027-01-07T08:59:59.999Z',
      count: 5,
    }));
  test('are not asked for where a preview would say something else', () => {
    const changes = [{ state: 'paused' }, { timezone: null }, { next_at: null }, { schedule: 'H(0-29)/10 * * * *' }];
    for (const change of changes) assert.equal(asked(change), null);
  });
});

test('a name that turns its letters turns no others', () => {
  assert.equal(isolated('told live'), 'told live');
  for (const name of ['\u202Ecba', 'דוח', 'تقرير']) assert.equal(isolated(name), `\u2068${name}\u2069`);
});

describe('which due times were missed', () => {
  const from = '2027-01-01T00:00:00.000Z';
  test('one alone', () => {
    const words = missedWords({ from, through: '2027-01-01T00:00:00.400Z' });
    assert.match(words, /^Not sent: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  });
  test('all until a time', () => {
    assert.match(
      missedWords({ from, through: '2027-01-01T02:05:59.000Z' }),
      /and what was due until .*, 2 h 5 min later$/,
    );
  });
});
