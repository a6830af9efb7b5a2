import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { latestFireMs } from '../../src/schedule/latest-fire.ts';
import { isoOf, scheduleOf } from './schedule-cases.ts';

const BISECTED_WITHIN_MS = 5;
const HOUR_MS = 3_600_000;

function latestOf(format: string, timezone: string, known: string, through: string): string {
  return isoOf(latestFireMs(scheduleOf(format, timezone), Date.parse(known), Date.parse(through)));
}

describe('the latest fire of an outage', () => {
  test('two hours down, `* * * * *`, back at :30: the last full minute', () => {
    assert.equal(latestOf('* * * * *', 'UTC', '2027-01-01T10:00:00Z', '2027-01-01T12:00:30Z'), '2027-01-01T12:00:00Z');
  });

  test('is the known one while no other is due, and counts both ends', () => {
    const known = '2027-01-01T00:00:00Z';
    assert.equal(latestOf('@daily', 'UTC', known, known), known);
    assert.equal(latestOf('@daily', 'UTC', known, '2027-01-01T23:59:59.999Z'), known);
    assert.equal(latestOf('@daily', 'UTC', known, '2027-01-02T00:00:00Z'), '2027-01-02T00:00:00Z');
    assert.equal(latestOf('@daily', 'UTC', known, '2026-12-31T00:00:00Z'), known);
  });

  test('in the night clocks are set, a swallowed time is found right after the gap', () => {
    const latest = latestOf('30 2 * * *', 'America/New_York', '2027-03-13T07:30:00Z', '2027-03-14T12:00:00Z');
    assert.equal(latest, '2027-03-14T07:00:00Z');
  });

  test('of an interval and of an instant', () => {
    assert.equal(latestOf('@every 90s', 'UTC', '2027-01-01T00:01:30Z', '2027-01-01T01:00:00Z'), '2027-01-01T01:00:00Z');
    assert.equal(latestOf('@every 90s', 'UTC', '2027-01-01T00:01:30Z', '2027-01-01T00:02:59Z'), '2027-01-01T00:01:30Z');
    const instant = '2027-01-01T00:00:00Z';
    assert.equal(latestOf(instant, 'UTC', instant, '2029-01-01T00:00:00Z'), instant);
  });

  for (const outageHours of [2, 2 * 365 * 24]) {
    for (const timezone of ['UTC', 'America/New_York']) {
      test(`${outageHours} hours of every second in ${timezone} take less than ${BISECTED_WITHIN_MS} ms`, () => {
        const schedule = scheduleOf('* * * * * *', timezone);
        const knownMs = Date.parse('2027-01-01T00:00:00Z');
        const throughMs = knownMs + outageHours * HOUR_MS + 500;
        const elapsed = [1, 2, 3].map(() => {
          // Processor time, so that a machine busy with other things does not fail the test.
          const before = process.cpuUsage();
          assert.equal(latestFireMs(schedule, knownMs, throughMs), throughMs - 500);
          const { user, system } = process.cpuUsage(before);
          return (user + system) / 1_000;
        });
        assert.ok(Math.min(...elapsed) < BISECTED_WITHIN_MS, `${elapsed} ms`);
      });
    }
  }
});
