import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { firesOf, scheduleOf } from './schedule-cases.ts';

interface Case {
  readonly says: string;
  readonly line: string;
  readonly timezone: string;
  readonly from: string;
  readonly fires: readonly string[];
}

/** In New York 02:00 becomes 03:00 on 2027-03-14 (07:00Z), and 02:00 becomes 01:00 on 2027-11-07 (06:00Z). */
const CASES: readonly Case[] = [
  {
    says: 'several fixed times in one gap fire once, right after it',
    line: '0,15,30 2 * * *',
    timezone: 'America/New_York',
    from: '2027-03-14T06:00:00Z',
    fires: ['2027-03-14T07:00:00Z', '2027-03-15T06:00:00Z'],
  },
  {
    says: 'a fixed time in the gap and one right after it are one fire',
    line: '0 2,3 * * *',
    timezone: 'America/New_York',
    from: '2027-03-14T06:00:00Z',
    fires: ['2027-03-14T07:00:00Z', '2027-03-15T06:00:00Z', '2027-03-15T07:00:00Z'],
  },
  {
    says: 'a range of hours names fixed times',
    line: '30 0-3 * * *',
    timezone: 'America/New_York',
    from: '2027-11-07T04:00:00Z',
    fires: ['2027-11-07T04:30:00Z', '2027-11-07T05:30:00Z', '2027-11-07T07:30:00Z', '2027-11-07T08:30:00Z'],
  },
  {
    says: 'a star step of minutes follows real time even with its hour named: not in the gap …',
    line: '*/30 2 * * *',
    timezone: 'America/New_York',
    from: '2027-03-14T06:00:00Z',
    fires: ['2027-03-15T06:00:00Z', '2027-03-15T06:30:00Z'],
  },
  {
    says: '… and in both passes of the hour that repeats',
    line: '*/30 1 * * *',
    timezone: 'America/New_York',
    from: '2027-11-07T04:00:00Z',
    fires: [
      '2027-11-07T05:00:00Z',
      '2027-11-07T05:30:00Z',
      '2027-11-07T06:00:00Z',
      '2027-11-07T06:30:00Z',
      '2027-11-08T06:00:00Z',
    ],
  },
  {
    says: 'an open step from 0 is the star step that it is',
    line: '0/30 1 * * *',
    timezone: 'America/New_York',
    from: '2027-11-07T05:30:00Z',
    fires: ['2027-11-07T06:00:00Z'],
  },
  {
    says: 'a star in the second field follows real time as well',
    line: '*/30 0 2 * * *',
    timezone: 'America/New_York',
    from: '2027-03-14T06:00:00Z',
    fires: ['2027-03-15T06:00:00Z'],
  },
  {
    says: 'the same minutes and seconds as a list are fixed times',
    line: '0,30 0 2 * * *',
    timezone: 'America/New_York',
    from: '2027-03-14T06:00:00Z',
    fires: ['2027-03-14T07:00:00Z', '2027-03-15T06:00:00Z'],
  },
  {
    says: 'an hourly line goes on through gap and overlap, one real hour apart',
    line: '17 * * * *',
    timezone: 'America/New_York',
    from: '2027-11-07T05:00:00Z',
    fires: ['2027-11-07T05:17:00Z', '2027-11-07T06:17:00Z', '2027-11-07T07:17:00Z'],
  },
  {
    says: 'half an hour’s gap (Lord Howe, 02:00 becomes 02:30)',
    line: '15 2 * * *',
    timezone: 'Australia/Lord_Howe',
    from: '2027-10-02T00:00:00Z',
    fires: ['2027-10-02T15:30:00Z', '2027-10-03T15:15:00Z'],
  },
  {
    says: 'half an hour repeated (Lord Howe, 02:00 becomes 01:30)',
    line: '45 1 * * *',
    timezone: 'Australia/Lord_Howe',
    from: '2027-04-03T00:00:00Z',
    fires: ['2027-04-03T14:45:00Z', '2027-04-04T15:15:00Z'],
  },
  {
    says: 'midnight in the gap (São Paulo, 2018-11-04)',
    line: '0 0 * * *',
    timezone: 'America/Sao_Paulo',
    from: '2018-11-03T12:00:00Z',
    fires: ['2018-11-04T03:00:00Z', '2018-11-05T02:00:00Z'],
  },
  {
    says: 'midnight repeated fires on its own day (São Paulo, 2019-02-17)',
    line: '30 23 * * 6',
    timezone: 'America/Sao_Paulo',
    from: '2019-02-16T12:00:00Z',
    fires: ['2019-02-17T01:30:00Z', '2019-02-24T02:30:00Z'],
  },
  {
    says: 'a day that did not exist fires when the next one begins (Apia, 2011-12-30)',
    line: '0 9 30 12 *',
    timezone: 'Pacific/Apia',
    from: '2011-01-01T00:00:00Z',
    fires: ['2011-12-30T10:00:00Z', '2012-12-29T19:00:00Z'],
  },
  {
    says: 'a leap day on a Sunday, across the century that skips one: forty years, the longest wait there is',
    line: '0 0 29 2 */7',
    timezone: 'Europe/Berlin',
    from: '2088-03-01T00:00:00Z',
    fires: ['2128-02-28T23:00:00Z'],
  },
];

describe('when clocks are set', () => {
  for (const { says, line, timezone, from, fires } of CASES) {
    test(`${says}: ${line}`, () =>
      assert.deepEqual(firesOf(scheduleOf(line, timezone, from), from, fires.length), fires));
  }
});
