import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PREVIEW_COUNT_MAX } from '../../src/schedule/bounds.ts';
import { previewFires } from '../../src/schedule/preview.ts';
import { isoOf, scheduleOf } from './schedule-cases.ts';

const NEW_YORK = 'America/New_York';

function preview(format: string, timezone: string, from: string, count: number): readonly (readonly string[])[] {
  const fires = previewFires(scheduleOf(format, timezone, from), Date.parse(from), count);
  return fires.map(({ atMs, local, note }) => [isoOf(atMs), local, ...(note === undefined ? [] : [note])]);
}

describe('a preview', () => {
  test('says local time with offset, and that a time in the gap fires right after it', () => {
    assert.deepEqual(preview('30 2 * * *', NEW_YORK, '2027-03-13T00:00:00-05:00', 3), [
      ['2027-03-13T07:30:00Z', '2027-03-13T02:30:00-05:00'],
      [
        '2027-03-14T07:00:00Z',
        '2027-03-14T03:00:00-04:00',
        'the clock jumps from 02:00 to 03:00: a time in between fires right after the gap',
      ],
      ['2027-03-15T06:30:00Z', '2027-03-15T02:30:00-04:00'],
    ]);
  });

  test('says that a fixed time shown twice fires at the first', () => {
    assert.deepEqual(preview('30 1 * * *', NEW_YORK, '2027-11-07T00:00:00-04:00', 2), [
      ['2027-11-07T05:30:00Z', '2027-11-07T01:30:00-04:00', 'the clock shows 01:30 twice: it fires at the first'],
      ['2027-11-08T06:30:00Z', '2027-11-08T01:30:00-05:00'],
    ]);
  });

  test('tells the two passes of a line in real time apart', () => {
    assert.deepEqual(preview('*/30 * * * *', NEW_YORK, '2027-11-07T05:00:00Z', 4), [
      ['2027-11-07T05:30:00Z', '2027-11-07T01:30:00-04:00', 'the clock shows 01:30 twice: this is the first'],
      ['2027-11-07T06:00:00Z', '2027-11-07T01:00:00-05:00', 'the clock shows 01:00 twice: this is the second'],
      ['2027-11-07T06:30:00Z', '2027-11-07T01:30:00-05:00', 'the clock shows 01:30 twice: this is the second'],
      ['2027-11-07T07:00:00Z', '2027-11-07T02:00:00-05:00'],
    ]);
  });

  test('says with the next fire that times of a line in real time did not occur', () => {
    const [, skipped] = preview('*/30 2 * * 0', NEW_YORK, '2027-03-07T02:15:00-05:00', 2);
    assert.deepEqual(skipped, [
      '2027-03-21T06:00:00Z',
      '2027-03-21T02:00:00-04:00',
      'the clock jumps from 02:00 to 03:00 before this one: the times in between do not occur',
    ]);
  });

  test('has no note where no clock is set, whatever the zone', () => {
    for (const timezone of ['UTC', NEW_YORK, 'Asia/Kolkata']) {
      for (const fire of previewFires(scheduleOf('*/20 * * * *', timezone), Date.parse('2027-06-01T00:00:00Z'), 200)) {
        assert.equal(fire.note, undefined);
      }
    }
  });

  test('shows offsets of every kind', () => {
    const [kolkata] = preview('0 9 * * *', 'Asia/Kolkata', '2027-01-01T00:00:00Z', 1);
    assert.deepEqual(kolkata, ['2027-01-01T03:30:00Z', '2027-01-01T09:00:00+05:30']);
    const [utc] = preview('0 9 * * *', 'UTC', '2027-01-01T00:00:00Z', 1);
    assert.deepEqual(utc, ['2027-01-01T09:00:00Z', '2027-01-01T09:00:00+00:00']);
    const [monrovia] = preview('0 9 1 7 *', 'Africa/Monrovia', '1971-01-01T00:00:00Z', 1);
    assert.deepEqual(monrovia, ['1971-07-01T09:44:30Z', '1971-07-01T09:00:00-00:44:30']);
  });

  test('of an instant is that one, of an interval its next, in the zone asked for', () => {
    const fromMs = Date.parse('2027-01-01T00:00:00Z');
    const instant = scheduleOf('2027-03-14T07:00:00.250Z');
    assert.deepEqual(previewFires(instant, fromMs, 5, NEW_YORK), [
      { atMs: Date.parse('2027-03-14T07:00:00.250Z'), local: '2027-03-14T03:00:00.250-04:00' },
    ]);
    assert.deepEqual(previewFires(instant, Date.parse('2027-03-14T07:00:00.250Z'), 5), []);
    const [first, second] = previewFires(scheduleOf('@every 2h'), fromMs, 2);
    assert.deepEqual([first?.local, second?.local], ['2027-01-01T02:00:00+00:00', '2027-01-01T04:00:00+00:00']);
  });

  test('is bounded', () => {
    assert.equal(previewFires(scheduleOf('* * * * * *'), 0, 1_000_000).length, PREVIEW_COUNT_MAX);
    assert.deepEqual(previewFires(scheduleOf('* * * * * *'), 0, 0), []);
  });
});
