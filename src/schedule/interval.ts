import { ok } from '../result.ts';
import { EVERY_MAX_MS, EVERY_MIN_MS } from './bounds.ts';
import type { Word } from './line.ts';
import { quoted, refuseSchedule, type Understood } from './refusal.ts';

/** Largest first: the order in which the units of one duration must stand. */
const UNITS_MS: readonly (readonly [string, number])[] = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];
const ALLOWED =
  'a duration is written as 90s, 5m, 2h or 1h30m (whole numbers, units h m s ms in this order), from 1s to 8784h';

/** The duration after `@every`. */
export function parseDuration(word: Word): Understood<number> {
  const { text, start } = word;
  let totalMs = 0;
  let unitsFrom = 0;
  let at = 0;
  while (at < text.length) {
    const [whole, digits, unit] = /^([0-9]+)(ms|h|m|s)/.exec(text.slice(at)) ?? [];
    const index = UNITS_MS.findIndex(([name]) => name === unit);
    const unitMs = UNITS_MS[index]?.[1];
    if (whole === undefined || unitMs === undefined || index < unitsFrom) {
      return refuse(start + at, `${quoted(text.slice(at))} is not understood; ${ALLOWED}`);
    }
    totalMs += Number(digits) * unitMs;
    unitsFrom = index + 1;
    at += whole.length;
  }
  if (totalMs < EVERY_MIN_MS) return refuse(start, `${quoted(text)} is too short; ${ALLOWED}`);
  if (totalMs > EVERY_MAX_MS) return refuse(start, `${quoted(text)} is too long; ${ALLOWED}`);
  return ok(totalMs);
}

export function refuseMissingDuration(position: number): Understood<never> {
  return refuse(position, `the duration after @every is missing; ${ALLOWED}`);
}

function refuse(position: number, what: string): Understood<never> {
  return refuseSchedule('schedule_every', position, `At position ${position}: ${what}.`);
}
