import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseSchedule } from '../../src/schedule/parse.ts';
import { contextIn, firesOf, NEW_YEAR_2027 } from './schedule-cases.ts';

const TASKS = Array.from({ length: 2_000 }, (_, index) => String(289_057_701_458_138_645n + BigInt(index)));

function fieldsOf(format: string, seed: string): readonly string[] {
  const parsed = parseSchedule(format, contextIn('UTC', NEW_YEAR_2027, seed));
  assert.ok(parsed.ok && parsed.value.kind === 'cron');
  return parsed.value.fields.split(' ');
}

function minutesOf(format: string, seed: string): readonly number[] {
  const parsed = parseSchedule(format, contextIn('UTC', NEW_YEAR_2027, seed));
  assert.ok(parsed.ok);
  const fires = firesOf(parsed.value, '2026-12-31T23:59:59Z', 60);
  return [
    ...new Set(fires.filter((fire) => fire.startsWith('2027-01-01T00')).map((fire) => Number(fire.slice(14, 16)))),
  ];
}

describe('H', () => {
  test('is the same for a task at every parse, and another for another task', () => {
    assert.deepEqual(fieldsOf('H H * * *', 'a'), fieldsOf('H H * * *', 'a'));
    assert.notDeepEqual(fieldsOf('H H * * *', 'a'), fieldsOf('H H * * *', 'b'));
  });

  test('spreads tasks with neighbouring ids evenly over the hour', () => {
    const perMinute = new Array<number>(60).fill(0);
    for (const seed of TASKS) {
      const minute = Number(fieldsOf('H * * * *', seed)[1]);
      perMinute[minute] = (perMinute[minute] ?? 0) + 1;
    }
    // 33 expected; six standard deviations are 35.
    assert.ok(Math.min(...perMinute) > 8 && Math.max(...perMinute) < 68, perMinute.join(' '));
  });

  test('stays in each field’s range, and in the first 28 days of a month', () => {
    const ranges = [
      [0, 59],
      [0, 59],
      [0, 23],
      [1, 28],
      [1, 12],
      [0, 6],
    ] as const;
    for (const seed of TASKS) {
      for (const [index, text] of fieldsOf('H H H H H H', seed).entries()) {
        const [min, max] = ranges[index] ?? [0, 0];
        assert.ok(Number(text) >= min && Number(text) <= max, `${index}: ${text}`);
      }
    }
  });

  test('H(a-b) stays inside, H/n steps through the field, H(a-b)/n through the range', () => {
    for (const seed of TASKS.slice(0, 200)) {
      const [inside = -1] = minutesOf('H(10-20) * * * *', seed);
      assert.ok(inside >= 10 && inside <= 20);
      const steps = minutesOf('H/15 * * * *', seed);
      assert.equal(steps.length, 4);
      assert.deepEqual(new Set(steps.map((minute) => minute % 15)).size, 1);
      const inRange = minutesOf('H(0-29)/10 * * * *', seed);
      assert.equal(inRange.length, 3);
      assert.ok(inRange.every((minute) => minute <= 29 && minute % 10 === (inRange[0] ?? 0) % 10));
      assert.equal(minutesOf('H(1-5)/10 * * * *', seed).length, 1, 'a step wider than its range is one value of it');
    }
  });

  test('goes with # for a weekday', () => {
    assert.match(fieldsOf('0 9 * * H#3', 'a')[5] ?? '', /^[0-6]#3$/);
  });
});
