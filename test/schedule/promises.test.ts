import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nextFireMs } from '../../src/schedule/next-fire.ts';
import { parseSchedule } from '../../src/schedule/parse.ts';
import { contextIn, firesOf, isoOf, refusalOf, scheduleOf } from './schedule-cases.ts';

const NEW_YORK = 'America/New_York';

describe('the cases users rely on', () => {
  test('`30 2 * * *` America/New_York, 2027-03-14: once at 07:00Z; next 03-15 02:30 local', () => {
    const schedule = scheduleOf('30 2 * * *', NEW_YORK);
    const fires = firesOf(schedule, '2027-03-13T00:00:00-05:00', 3);
    assert.deepEqual(fires, ['2027-03-13T07:30:00Z', '2027-03-14T07:00:00Z', '2027-03-15T06:30:00Z']);
  });

  test('`30 1 * * *` there, 2027-11-07: once, 05:30Z', () => {
    const schedule = scheduleOf('30 1 * * *', NEW_YORK);
    assert.deepEqual(firesOf(schedule, '2027-11-07T00:00:00-04:00', 2), [
      '2027-11-07T05:30:00Z',
      '2027-11-08T06:30:00Z',
    ]);
    for (const betweenOrInSecondPass of ['2027-11-07T05:45:00Z', '2027-11-07T06:15:00Z', '2027-11-07T06:30:00Z']) {
      assert.deepEqual(firesOf(schedule, betweenOrInSecondPass, 1), ['2027-11-08T06:30:00Z']);
    }
  });

  test('`*/30 * * * *` there: every real half hour, so 01:30 twice', () => {
    const fires = firesOf(scheduleOf('*/30 * * * *', NEW_YORK), '2027-11-07T05:00:00Z', 5);
    assert.deepEqual(
      fires.map((fire) => fire.slice(11, 16)),
      ['05:30', '06:00', '06:30', '07:00', '07:30'],
    );
  });

  test('`0 0 29 2 *` from 2096-03-01: 2104-02-29', () => {
    assert.deepEqual(firesOf(scheduleOf('0 0 29 2 *'), '2096-03-01T00:00:00Z', 1), ['2104-02-29T00:00:00Z']);
  });

  test('`0 0 31 * *` after 2027-01-31: 2027-03-31', () => {
    assert.deepEqual(firesOf(scheduleOf('0 0 31 * *'), '2027-01-31T00:00:00Z', 1), ['2027-03-31T00:00:00Z']);
  });

  test('`0 0 13 * 5`: the 13th or any Friday', () => {
    const fires = firesOf(scheduleOf('0 0 13 * 5'), '2027-01-01T00:00:00Z', 6).map((fire) => fire.slice(5, 10));
    assert.deepEqual(fires, ['01-08', '01-13', '01-15', '01-22', '01-29', '02-05']);
  });

  test('`0 0 */2 * 1`, January 2027: 11th and 25th', () => {
    const fires = firesOf(scheduleOf('0 0 */2 * 1'), '2026-12-31T23:59:59Z', 3).map((fire) => fire.slice(0, 10));
    assert.deepEqual(fires, ['2027-01-11', '2027-01-25', '2027-02-01']);
  });

  test('one instant 30 days ahead does not fire now', () => {
    const now = Date.parse('2027-01-01T00:00:00Z');
    const schedule = scheduleOf(String(now / 1_000 + 30 * 86_400));
    assert.equal(isoOf(nextFireMs(schedule, now) ?? 0), '2027-01-31T00:00:00Z');
    assert.equal(nextFireMs(schedule, now + 30 * 86_400_000), null);
  });

  test('one instant in the past is understood: the caller decides how late is too late', () => {
    assert.deepEqual(scheduleOf('1000000000'), { kind: 'once', format: '1000000000', atMs: 1_000_000_000_000 });
  });

  test('`0 0 30 2 *` can never fire, and is refused with position and reason', () => {
    const refusal = refusalOf('0 0 30 2 *');
    assert.equal(refusal.code, 'schedule_never_fires');
    assert.equal(refusal.position, 4);
    assert.match(refusal.message, /never fires/);
  });

  test('@reboot is refused with its own reason', () => {
    const refusal = refusalOf('@reboot');
    assert.equal(refusal.code, 'schedule_macro');
    assert.match(refusal.message, /not a time/);
  });
});

describe('what is accepted', () => {
  test('`7` is Sunday, alone, in ranges and lists', () => {
    for (const field of ['7', '0', 'SUN', 'sun', '0,7', '7-7', '7,0', '0/7']) {
      const [fire] = firesOf(scheduleOf(`0 0 * * ${field}`), '2027-01-01T00:00:00Z', 1);
      assert.equal(fire, '2027-01-03T00:00:00Z', field);
    }
    for (const field of ['5-7', 'FRI-SUN', '0,5-6', '0,5-7', '7,5-7,SUN']) {
      const fires = firesOf(scheduleOf(`0 0 * * ${field}`), '2027-01-01T00:00:00Z', 3);
      assert.deepEqual(
        fires.map((fire) => fire.slice(8, 10)),
        ['02', '03', '08'],
        field,
      );
    }
  });

  test('an open step over weekdays ends on Saturday', () => {
    const fires = firesOf(scheduleOf('0 0 * * 1/2'), '2027-01-03T00:00:00Z', 4);
    assert.deepEqual(
      fires.map((fire) => fire.slice(8, 10)),
      ['04', '06', '08', '11'],
    );
    assert.deepEqual(
      firesOf(scheduleOf('0 0 * * 6/1'), '2027-01-01T00:00:00Z', 2).map((fire) => fire.slice(8, 10)),
      ['02', '09'],
    );
  });

  test('`L` is the last day of the month, `5L` the last Friday, `5#2` the second', () => {
    const dates = (format: string): readonly string[] =>
      firesOf(scheduleOf(format), '2027-01-01T00:00:00Z', 3).map((fire) => fire.slice(5, 10));
    assert.deepEqual(dates('0 0 L * *'), ['01-31', '02-28', '03-31']);
    assert.deepEqual(dates('0 0 * * 5L'), ['01-29', '02-26', '03-26']);
    assert.deepEqual(dates('0 0 * * friL'), ['01-29', '02-26', '03-26']);
    assert.deepEqual(dates('0 0 * * 5#2'), ['01-08', '02-12', '03-12']);
    assert.deepEqual(dates('0 0 * * 5#5'), ['01-29', '04-30', '07-30']);
    assert.deepEqual(dates('0 0 ? * 1,3L'), ['01-04', '01-11', '01-18']);
  });

  test('every macro is the line it stands for', () => {
    const lines: readonly (readonly [string, string])[] = [
      ['@yearly', '0 0 1 1 *'],
      ['@annually', '0 0 1 1 *'],
      ['@monthly', '0 0 1 * *'],
      ['@weekly', '0 0 * * 0'],
      ['@daily', '0 0 * * *'],
      ['@midnight', '0 0 * * *'],
      ['@hourly', '0 * * * *'],
      ['@minutely', '* * * * *'],
      ['@secondly', '* * * * * *'],
      ['@weekdays', '0 0 * * 1-5'],
      ['@weekends', '0 0 * * 6,7'],
      [' @Daily\n', '0 0 * * *'],
    ];
    for (const [macro, line] of lines) {
      const from = '2027-01-01T00:00:00Z';
      assert.deepEqual(firesOf(scheduleOf(macro), from, 5), firesOf(scheduleOf(line), from, 5), macro);
    }
  });

  test('`@every` fires at anchor + k × every', () => {
    const schedule = scheduleOf('@every 1h30m');
    assert.deepEqual(firesOf(schedule, '2020-01-01T00:00:00Z', 1), ['2027-01-01T01:30:00Z']);
    assert.deepEqual(firesOf(schedule, '2027-01-01T01:30:00Z', 2), ['2027-01-01T03:00:00Z', '2027-01-01T04:30:00Z']);
    const lengths = {
      '1s': 1_000,
      '90s': 90_000,
      '5m': 300_000,
      '2h': 7_200_000,
      '1s500ms': 1_500,
      '8784h': 31_622_400_000,
    };
    for (const [text, everyMs] of Object.entries(lengths)) {
      assert.deepEqual(scheduleOf(`@every ${text}`), {
        kind: 'every',
        format: `@every ${text}`,
        everyMs,
        anchorMs: Date.parse('2027-01-01T00:00:00Z'),
      });
    }
  });

  test('a zone before the line wins over the task’s', () => {
    for (const prefix of ['CRON_TZ', 'TZ']) {
      const schedule = scheduleOf(`${prefix}=Asia/Tokyo 0 9 * * *`, NEW_YORK);
      assert.equal(schedule.kind === 'cron' && schedule.timezone, 'Asia/Tokyo');
      assert.deepEqual(firesOf(schedule, '2027-01-01T00:00:00Z', 1), ['2027-01-02T00:00:00Z']);
    }
  });

  test('zone names keep what was written, but for their case', () => {
    for (const [given, kept] of [
      ['europe/berlin', 'Europe/Berlin'],
      ['utc', 'UTC'],
      ['Asia/Kolkata', 'Asia/Kolkata'],
    ] as const) {
      const schedule = scheduleOf('0 9 * * *', given);
      assert.equal(schedule.kind === 'cron' && schedule.timezone, kept);
    }
  });

  test('an instant in seconds, milliseconds or ISO 8601', () => {
    const expected = Date.parse('2027-03-14T07:00:00Z');
    const formats = [
      '1805007600',
      '1805007600000',
      '2027-03-14T07:00:00Z',
      '2027-03-14T03:00:00-04:00',
      '2027-03-14T12:30+05:30',
      '2027-03-14t07:00:00.000z',
    ];
    for (const format of formats) assert.deepEqual(scheduleOf(format), { kind: 'once', format, atMs: expected });
    const cut = scheduleOf('2027-03-14T07:00:00.1239Z');
    assert.equal(cut.kind === 'once' && cut.atMs, expected + 123);
    assert.equal(parseSchedule('0001-01-01T00:00:00Z', contextIn('UTC')).ok, true);
  });
});
