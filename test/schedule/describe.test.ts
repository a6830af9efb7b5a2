import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { describeSchedule } from '../../src/schedule/describe.ts';
import { scheduleOf } from './schedule-cases.ts';

const WORDS: readonly (readonly [string, string])[] = [
  ['* * * * *', 'Every minute (UTC)'],
  ['* * * * * *', 'Every second (UTC)'],
  ['*/5 * * * *', 'Every 5 minutes (UTC)'],
  ['*/30 * * * *', 'Every 30 minutes (UTC)'],
  ['0/10 * * * * ?', 'Every 10 seconds (UTC)'],
  ['*/7 * * * *', 'Every 7 minutes from minute 0 to 56 of every hour (UTC)'],
  ['5,15,25 * * * *', 'At minutes 5, 15 and 25 of every hour (UTC)'],
  ['0 * * * *', 'Every hour (UTC)'],
  ['17 * * * *', 'Every hour at minute 17 (UTC)'],
  ['5 34 * * * *', 'Every hour at minute 34, second 5 (UTC)'],
  ['0 */2 * * *', 'Every 2 hours (UTC)'],
  ['0 */6 * * *', 'At 00:00, 06:00, 12:00 and 18:00 every day (UTC)'],
  ['0 9-17 * * *', 'Every hour from 09:00 to 17:00 (UTC)'],
  ['0 2/3 * * *', 'Every 3 hours from 02:00 to 23:00 (UTC)'],
  ['*/15 9-17 * * 1-5', 'Every 15 minutes from 09:00 to 17:45 on Monday to Friday (UTC)'],
  ['0 0/5 14,18 * * ?', 'Every 5 minutes, in hours 14 and 18 (UTC)'],
  ['* 34 15 * * *', 'Every second, in minute 34, in hour 15 (UTC)'],
  ['30 2 * * *', 'At 02:30 every day (UTC)'],
  ['59 59 23 * * *', 'At 23:59:59 every day (UTC)'],
  ['0 9,17 * * *', 'At 09:00 and 17:00 every day (UTC)'],
  ['0 9 * * 1-5', 'At 09:00 on Monday to Friday (UTC)'],
  ['0 9 * * 0,6', 'At 09:00 on Saturday and Sunday (UTC)'],
  ['0 21 * * 0-4', 'At 21:00 on Sunday to Thursday (UTC)'],
  ['0 9 * * 1,3', 'At 09:00 on Monday and Wednesday (UTC)'],
  ['0 9 * * 5#2', 'At 09:00 on the second Friday of the month (UTC)'],
  ['0 9 * * 5L', 'At 09:00 on the last Friday of the month (UTC)'],
  ['0 9 * * 1,3L', 'At 09:00 on Monday and the last Wednesday of the month (UTC)'],
  ['0 2 1 * *', 'At 02:00 on day 1 of the month (UTC)'],
  ['0 0 1,15 * *', 'At 00:00 on days 1 and 15 of the month (UTC)'],
  ['0 0 L * *', 'At 00:00 on the last day of the month (UTC)'],
  ['0 0 1,L * *', 'At 00:00 on day 1 and the last day of the month (UTC)'],
  ['0 0 */2 * *', 'At 00:00 on every second day from 1 to 31 of the month (UTC)'],
  ['0 3 1 1 *', 'At 03:00 on 1 January (UTC)'],
  ['0 0 29 2 *', 'At 00:00 on 29 February (UTC)'],
  ['0 0 1 */2 *', 'At 00:00 on day 1 of every second month from January (UTC)'],
  ['0 0 * 6-8 *', 'At 00:00 every day in June to August (UTC)'],
  ['0/15 * * Jul *', 'Every 15 minutes in July (UTC)'],
  ['0 0 13 * 5', 'At 00:00 on day 13 of the month or on Friday (UTC)'],
  ['0 0 */2 * 1', 'At 00:00 on every second day from 1 to 31 of the month if it is Monday (UTC)'],
  ['0 12 1-31 * 1', 'At 12:00 every day (UTC)'],
  ['@daily', 'At 00:00 every day (UTC)'],
  ['@hourly', 'Every hour (UTC)'],
  ['@every 90s', 'Every 1 minute 30 seconds'],
  ['@every 2h', 'Every 2 hours'],
  ['@every 1h', 'Every hour'],
  ['@every 1s500ms', 'Every 1 second 500 milliseconds'],
  ['1805007600', 'Once, at 2027-03-14T07:00:00Z'],
];

describe('a schedule in words', () => {
  for (const [format, words] of WORDS) {
    test(format, () => assert.equal(describeSchedule(scheduleOf(format)), words));
  }

  test('names its zone', () => {
    assert.equal(
      describeSchedule(scheduleOf('30 2 * * *', 'America/New_York')),
      'At 02:30 every day (America/New_York)',
    );
  });
});
