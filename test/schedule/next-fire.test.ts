import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { boundedMap } from '../../src/schedule/bounded-map.ts';
import { ANSWERS_PER_LINE_MAX, COMPILED_LINES_MAX, SCHEDULE_CHARS_MAX } from '../../src/schedule/bounds.ts';
import { checkLine, splitWords } from '../../src/schedule/line.ts';
import { computeNextMs, nextFireMs, openZonedLine, zonedLine } from '../../src/schedule/next-fire.ts';
import { parseSchedule } from '../../src/schedule/parse.ts';
import type { CronSchedule } from '../../src/schedule/types.ts';
import { contextIn, NEW_YEAR_2027, scheduleOf } from './schedule-cases.ts';

const NOW_MS = Date.parse(NEW_YEAR_2027);

function cronOf(format: string, timezone = 'UTC'): CronSchedule {
  const schedule = scheduleOf(format, timezone);
  assert.ok(schedule.kind === 'cron');
  return schedule;
}

describe('nextFireMs is total', () => {
  const odd = [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    -1e18,
    1e18,
    Number.MAX_VALUE,
    0.5,
    -0.5,
  ];
  for (const format of ['* * * * *', '30 2 * * *', '0 0 29 2 *', '@every 90s', '1805007600']) {
    test(`${format}: odd instants get a fire or null`, () => {
      for (const timezone of ['UTC', 'Australia/Lord_Howe']) {
        for (const afterMs of odd) {
          const fireMs = nextFireMs(scheduleOf(format, timezone), afterMs);
          assert.ok(fireMs === null || (Number.isSafeInteger(fireMs) && fireMs > afterMs), `${afterMs}: ${fireMs}`);
        }
      }
    });
  }

  test('a zone that this process does not know is null, not a throw', () => {
    const schedule: CronSchedule = { ...cronOf('0 9 * * *'), timezone: 'Mars/Olympus' };
    assert.equal(nextFireMs(schedule, NOW_MS), null);
  });

  test('fractions of a second do not matter', () => {
    const schedule = scheduleOf('* * * * * *');
    assert.equal(nextFireMs(schedule, NOW_MS), NOW_MS + 1_000);
    assert.equal(nextFireMs(schedule, NOW_MS - 1), NOW_MS);
    assert.equal(nextFireMs(schedule, NOW_MS + 999), NOW_MS + 1_000);
  });

  test('ends with the year 9999', () => {
    const schedule = scheduleOf('@yearly');
    assert.equal(nextFireMs(schedule, Date.parse('9998-06-01T00:00:00Z')), Date.parse('9999-01-01T00:00:00Z'));
    assert.equal(nextFireMs(schedule, Date.parse('9999-06-01T00:00:00Z')), null);
  });

  test('lines on which cron-parser gives up in zones with half-hour changes', () => {
    for (const timezone of [
      'Australia/Lord_Howe',
      'Asia/Tehran',
      'Pacific/Chatham',
      'America/St_Johns',
      'Antarctica/Troll',
    ]) {
      for (const format of ['0 2 * * *', '15 2 * * *', '*/20 1-2 * * *', '0 0 * * 0']) {
        const schedule = scheduleOf(format, timezone, '2007-01-01T00:00:00Z');
        let atMs: number | null = Date.parse('2007-01-01T00:00:00Z');
        for (let count = 0; count < 400; count += 1) {
          const previousMs: number = atMs;
          atMs = nextFireMs(schedule, previousMs);
          assert.ok(atMs !== null && atMs > previousMs && atMs - previousMs < 9 * 86_400_000, `${format} ${timezone}`);
        }
      }
    }
  });
});

describe('what is remembered', () => {
  test('10,000 tasks with one line share one compiled line', () => {
    const first = zonedLine(cronOf('*/5 * * * *'));
    for (let task = 0; task < 10_000; task += 1) {
      const parsed = parseSchedule('*/5 * * * *', contextIn('UTC', NEW_YEAR_2027, String(task)));
      assert.ok(parsed.ok && parsed.value.kind === 'cron');
      if (task % 1_000 === 0) assert.equal(zonedLine(parsed.value), first);
    }
  });

  test('answers from memory are those computed', () => {
    const schedule = cronOf('*/7 * * * *', 'Europe/Berlin');
    const opened = openZonedLine(schedule);
    assert.ok(opened !== null);
    for (let step = 0; step < 500; step += 1) {
      // Back and forth, over more stretches than are remembered.
      const afterMs = NOW_MS + ((step * 7_919) % (2 * ANSWERS_PER_LINE_MAX)) * 420_000 + step;
      assert.equal(nextFireMs(schedule, afterMs), computeNextMs(opened.line, opened.zone, afterMs));
    }
  });

  test('a bounded map forgets what was used longest ago', () => {
    const map = boundedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    assert.equal(map.get('a'), 1);
    map.set('c', 3);
    assert.deepEqual([map.size, map.get('a'), map.get('b'), map.get('c')], [2, 1, undefined, 3]);
  });

  test('its bounds fit together', () => {
    assert.ok(SCHEDULE_CHARS_MAX * 2 <= 1_024, 'cron-parser takes 1,024 characters');
    assert.ok(COMPILED_LINES_MAX * ANSWERS_PER_LINE_MAX <= 1 << 16);
  });
});

/** Processor time, so that a machine busy with other things does not fail the test. */
function processorMsOf(action: () => void): number {
  const before = process.cpuUsage();
  action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

describe('speed, without what is remembered', () => {
  const SLOWEST_MS = 10;
  /** A quiet machine does 20,000 and more; the rest is to spare for slower ones. */
  const floors = { UTC: 5_000, 'America/New_York': 2_500 };
  for (const [timezone, perSecondMin] of Object.entries(floors)) {
    test(`parse and next in ${timezone}: more than ${perSecondMin} a second`, () => {
      const formats = ['*/5 * * * *', '30 2 * * *', '0 9 * * 1-5', '0 0 1 * *'];
      const count = 2_000;
      const elapsedMs = processorMsOf(() => {
        for (let index = 0; index < count; index += 1) {
          const format = formats[index % formats.length] ?? '';
          const checked = checkLine(splitWords(format, 0), format.length, 'seed');
          assert.ok(checked.ok);
          const opened = openZonedLine({ kind: 'cron', format, fields: checked.value.fields, timezone, dst: 'once' });
          assert.ok(opened !== null && computeNextMs(opened.line, opened.zone, NOW_MS + index * 3_600_000) !== null);
        }
      });
      const perSecond = (count * 1_000) / elapsedMs;
      assert.ok(perSecond > perSecondMin, `${Math.round(perSecond)} a second`);
    });
  }

  for (const format of ['0 0 29 2 *', '0 0 29 2 */7', '* * 29 2 */7', '0-59 0-59 1 7 11 *', '*/5 2 8-14 3 0']) {
    test(`${format} takes less than ${SLOWEST_MS} ms anywhere`, () => {
      for (const timezone of ['UTC', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Casablanca']) {
        const schedule = cronOf(format, timezone);
        const elapsed = [2088, 2089, 2090].map((year) =>
          processorMsOf(() => {
            const opened = openZonedLine(schedule);
            assert.ok(opened !== null && computeNextMs(opened.line, opened.zone, Date.UTC(year, 2, 1)) !== null);
          }),
        );
        assert.ok(Math.min(...elapsed) < SLOWEST_MS, `${timezone}: ${elapsed} ms`);
      }
    });
  }
});
