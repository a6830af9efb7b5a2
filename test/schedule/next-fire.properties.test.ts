import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { latestFireMs } from '../../src/schedule/latest-fire.ts';
import { computeNextMs, nextFireMs, openZonedLine } from '../../src/schedule/next-fire.ts';
import type { CronSchedule } from '../../src/schedule/types.ts';
import { clockChangeDays, type PlainField, type PlainLine, textOf, walkedFires } from './local-clock.ts';
import { scheduleOf } from './schedule-cases.ts';

const SEED = 20270314;
const DAY_MS = 86_400_000;

/** Half-hour changes, a day that did not exist, Ramadan, changes at midnight, a zone that gave its changes up, and none. */
const ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Tehran',
  'Africa/Cairo',
  'Pacific/Apia',
  'America/Sao_Paulo',
  'Africa/Casablanca',
  'Asia/Kolkata',
  'UTC',
];

function field(min: number, max: number): fc.Arbitrary<PlainField> {
  const every = star(min, max);
  const steps = fc.integer({ min: 1, max: max - min + 1 }).map((step) => ({
    text: `*/${step}`,
    values: every.values.filter((value) => (value - min) % step === 0),
    star: true,
  }));
  return fc.oneof(fc.constant(every), steps, named(min, max));
}

function named(min: number, max: number): fc.Arbitrary<PlainField> {
  const value = fc.integer({ min, max });
  const step = fc.integer({ min: 1, max: max - min + 1 });
  const ranges = fc.tuple(value, value, step).map(([one, other, n]) => {
    const [first, last] = [Math.min(one, other), Math.max(one, other)];
    const values = star(first, last).values.filter((each) => (each - first) % n === 0);
    return { text: `${first}-${last}/${n}`, values, star: false };
  });
  const lists = fc.array(value, { minLength: 1, maxLength: 4 });
  return fc.oneof(
    ranges,
    lists.map((values) => ({ text: values.join(','), values, star: false })),
  );
}

/** Hours and dates near where clocks are set, so that most lines meet the change. */
const lines: fc.Arbitrary<PlainLine> = fc.record({
  minute: field(0, 59),
  hour: fc.oneof(field(0, 23), named(0, 3)),
  dayOfMonth: fc.oneof({ weight: 3, arbitrary: fc.constant(star(1, 31)) }, { weight: 1, arbitrary: field(1, 31) }),
  month: fc.constant(star(1, 12)),
  dayOfWeek: fc.oneof({ weight: 3, arbitrary: fc.constant(star(0, 6)) }, { weight: 1, arbitrary: field(0, 6) }),
});

/** Days that come once or a few times a month. */
const sparse = {
  dayOfMonth: fc.integer({ min: 1, max: 31 }).map((day) => ({ text: `${day}`, values: [day], star: false })),
  month: fc.constant(star(1, 12)),
  dayOfWeek: fc.constant(star(0, 6)),
};

function star(min: number, max: number): PlainField {
  return { text: '*', values: Array.from({ length: max - min + 1 }, (_, index) => min + index), star: true };
}

const changes = new Map(ZONES.map((timezone) => [timezone, clockChangeDays(timezone, 2005, 2030)]));
const zones = fc.constantFrom(...ZONES);
/** A midnight within a day of a clock change, where the zone has one. */
const moments = zones.chain((timezone) => {
  const days = changes.get(timezone) ?? [];
  const anyDay = fc.integer({ min: 12_800, max: 22_000 }).map((day) => day * DAY_MS);
  const nearChange = fc.tuple(fc.constantFrom(...(days.length > 0 ? days : [0])), fc.integer({ min: -1, max: 1 }));
  const day = days.length > 0 ? nearChange.map(([changeMs, shift]) => changeMs + shift * DAY_MS) : anyDay;
  return fc.tuple(fc.constant(timezone), day);
});

/** Field texts that can never fire are another test's subject. */
function cronOf(format: string, timezone: string): CronSchedule | null {
  const years = { from: '2005-01-01T00:00:00Z' };
  try {
    const schedule = scheduleOf(format, timezone, years.from);
    return schedule.kind === 'cron' ? schedule : null;
  } catch {
    return null;
  }
}

/** Computed anew each time, with nothing remembered. */
function freshNext(schedule: CronSchedule): (afterMs: number) => number | null {
  const opened = openZonedLine(schedule);
  assert.ok(opened !== null);
  return (afterMs) => computeNextMs(opened.line, opened.zone, afterMs);
}

describe('next fires', () => {
  test('are those that a clock walked through minute by minute shows, round every kind of clock change', () => {
    let compared = 0;
    fc.assert(
      fc.property(lines, moments, (line, [timezone, fromMs]) => {
        const schedule = cronOf(textOf(line), timezone);
        if (schedule === null) return;
        const freshNextMs = freshNext(schedule);
        const throughMs = fromMs + 2 * DAY_MS;
        const expected = walkedFires(line, timezone, fromMs, throughMs);
        const found: number[] = [];
        for (
          let atMs = nextFireMs(schedule, fromMs);
          atMs !== null && atMs <= throughMs;
          atMs = nextFireMs(schedule, atMs)
        ) {
          found.push(atMs);
        }
        assert.deepEqual(found, expected, `${textOf(line)} ${timezone} from ${new Date(fromMs).toISOString()}`);
        compared += found.length;
        // From anywhere in these days, the hour that repeats included, and not only from fires.
        for (let afterMs = fromMs; afterMs < (expected.at(-1) ?? fromMs); afterMs += 13 * 60_000 + 7) {
          const next = expected.find((atMs) => atMs > afterMs);
          assert.equal(freshNextMs(afterMs), next, `${textOf(line)} ${timezone} after ${afterMs}`);
        }
      }),
      { seed: SEED, numRuns: 200 },
    );
    assert.ok(compared > 1_000, `${compared} fires were compared`);
  });

  test('are strictly later, and computing afresh at any instant agrees with iterating', () => {
    fc.assert(
      fc.property(
        lines,
        moments,
        fc.array(fc.nat({ max: 999_999 }), { maxLength: 5 }),
        (line, [timezone, fromMs], parts) => {
          const schedule = cronOf(textOf(line), timezone);
          if (schedule === null) return;
          const freshNextMs = freshNext(schedule);
          const fires = [fromMs];
          for (let count = 0; count < 12; count += 1) {
            const previousMs = fires.at(-1) ?? 0;
            const nextMs = nextFireMs(schedule, previousMs);
            if (nextMs === null) break;
            assert.ok(nextMs > previousMs);
            assert.equal(nextMs % 1_000, 0);
            fires.push(nextMs);
          }
          const lastMs = fires.at(-1) ?? 0;
          const instants = [
            ...fires,
            ...parts.map((part) => fromMs + Math.floor(((lastMs - fromMs) * part) / 1_000_000)),
          ];
          for (const afterMs of instants) {
            const expected = fires.slice(1).find((atMs) => atMs > afterMs);
            if (expected !== undefined) assert.equal(freshNextMs(afterMs), expected);
          }
        },
      ),
      { seed: SEED, numRuns: 300 },
    );
  });

  test('are not passed over when the line waited for weeks', () => {
    fc.assert(
      fc.property(
        fc.record({ ...sparse, minute: field(0, 59), hour: field(0, 23) }),
        moments,
        fc.integer({ min: 1, max: 60 * DAY_MS }),
        (line, [timezone, fromMs], waitedMs) => {
          const schedule = cronOf(textOf(line), timezone);
          const [fireMs] = walkedFires(line, timezone, fromMs, fromMs + 2 * DAY_MS);
          if (schedule === null || fireMs === undefined) return;
          const freshNextMs = freshNext(schedule);
          let atMs = freshNextMs(fireMs - waitedMs);
          for (let count = 0; count < 10_000 && atMs !== null && atMs < fireMs; count += 1) atMs = freshNextMs(atMs);
          assert.equal(atMs, fireMs, `${textOf(line)} ${timezone} after ${fireMs - waitedMs}`);
        },
      ),
      { seed: SEED, numRuns: 150 },
    );
  });

  test('never go back when the instant goes on', () => {
    fc.assert(
      fc.property(
        lines,
        moments,
        fc.nat({ max: 3 * DAY_MS }),
        fc.nat({ max: DAY_MS }),
        (line, [timezone, dayMs], part, more) => {
          const schedule = cronOf(textOf(line), timezone);
          if (schedule === null) return;
          const freshNextMs = freshNext(schedule);
          const earlier = freshNextMs(dayMs + part);
          const later = freshNextMs(dayMs + part + more);
          assert.ok(earlier !== null && later !== null && earlier <= later);
        },
      ),
      { seed: SEED, numRuns: 300 },
    );
  });

  test('the latest fire is the last of those iterated', () => {
    fc.assert(
      fc.property(lines, moments, fc.nat({ max: 2 * DAY_MS }), (line, [timezone, fromMs], lengthMs) => {
        const schedule = cronOf(textOf(line), timezone);
        if (schedule === null) return;
        const knownMs = nextFireMs(schedule, fromMs);
        assert.ok(knownMs !== null);
        let expected = knownMs;
        for (
          let atMs = nextFireMs(schedule, knownMs);
          atMs !== null && atMs <= knownMs + lengthMs;
          atMs = nextFireMs(schedule, atMs)
        ) {
          expected = atMs;
        }
        assert.equal(latestFireMs(schedule, knownMs, knownMs + lengthMs), expected);
      }),
      { seed: SEED, numRuns: 150 },
    );
  });
});
