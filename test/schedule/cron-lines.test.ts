import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Cron } from 'croner';
import { nextFireMs } from '../../src/schedule/next-fire.ts';
import { parseSchedule } from '../../src/schedule/parse.ts';
import type { CronSchedule } from '../../src/schedule/types.ts';
import { contextIn, firesOf, isoOf, NEW_YEAR_2027 } from './schedule-cases.ts';

/**
 * 300 lines found in the sources, tests and documents of public schedulers, none of them labelled: each is either refused
 * as the reviewed table says, or fires when croner, which shares no code with cron-parser, says so too.
 */

const FIRES_COMPARED = 25;
/** Hours around a clock change. */
const CHANGE_MS = 5 * 3_600_000;

interface Refused {
  readonly code: string;
  readonly position: number;
  readonly message: string;
}

function fixture(name: string): string {
  return readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');
}

const lines = fixture('cron-lines.txt').split('\n').filter(Boolean);
const refusedLines: Readonly<Record<string, Refused>> = JSON.parse(fixture('cron-lines.refused.json'));
/** By start of the compared hours: where croner means something else, what we mean and why. */
const clockChanges: Readonly<
  Record<string, Readonly<Record<string, { readonly why: string; readonly fires: readonly string[] }>>>
> = JSON.parse(fixture('cron-lines.clock-changes.json'));

/** `H` and the zone prefix are not in croner's language; the rest it gets as written. */
function cronerOf(schedule: CronSchedule): Cron {
  const line = schedule.format.replace(/^(?:CRON_)?TZ=\S+ /, '');
  const options = { timezone: schedule.timezone, sloppyRanges: true, paused: true };
  return new Cron(/H/.test(line) ? schedule.fields : line, options);
}

function cronerFires(schedule: CronSchedule): readonly string[] {
  const dates = cronerOf(schedule).nextRuns(FIRES_COMPARED, new Date(NEW_YEAR_2027));
  return dates.map((date) => isoOf(date.getTime()));
}

function firesThrough(fromMs: number, throughMs: number, next: (afterMs: number) => number | null): readonly string[] {
  const fires: string[] = [];
  for (let atMs = next(fromMs); atMs !== null && atMs <= throughMs; atMs = next(atMs)) fires.push(isoOf(atMs));
  return fires;
}

describe('300 lines of other schedulers', () => {
  test('are all here', () => assert.equal(lines.length, 300));

  for (const line of lines) {
    test(line, () => {
      const parsed = parseSchedule(line, contextIn('UTC'));
      const expected = refusedLines[line];
      if (!parsed.ok) {
        const { code, position, message } = parsed.error;
        assert.deepEqual({ code, position, message }, expected);
        return;
      }
      assert.equal(expected, undefined, 'the table has it refused');
      assert.ok(parsed.value.kind === 'cron');
      assert.deepEqual(firesOf(parsed.value, NEW_YEAR_2027, FIRES_COMPARED), cronerFires(parsed.value));
    });
  }

  test('the table of refusals names no line that is not there', () => {
    for (const line of Object.keys(refusedLines)) assert.ok(lines.includes(line), line);
  });
});

describe('the same lines in New York, while clocks are set', () => {
  const accepted = lines.filter((line) => refusedLines[line] === undefined);
  for (const [from, own] of Object.entries(clockChanges)) {
    test(`from ${from}`, () => {
      const fromMs = Date.parse(from);
      for (const line of accepted) {
        const parsed = parseSchedule(line, contextIn('America/New_York'));
        assert.ok(parsed.ok && parsed.value.kind === 'cron');
        const schedule = parsed.value;
        // Several seconds a minute cost croner seconds here, and say nothing that one does not.
        if (!/^\d+ /.test(schedule.fields)) continue;
        const fires = firesThrough(fromMs, fromMs + CHANGE_MS, (afterMs) => nextFireMs(schedule, afterMs));
        const expected = own[line];
        if (expected !== undefined) {
          assert.deepEqual(fires, expected.fires, expected.why);
          continue;
        }
        const cron = cronerOf(schedule);
        const nextOf = (afterMs: number): number | null => cron.nextRun(new Date(afterMs))?.getTime() ?? null;
        assert.deepEqual(fires, firesThrough(fromMs, fromMs + CHANGE_MS, nextOf), line);
      }
    });
  }
});
