import { boundedMap } from './bounded-map.ts';
import { ANSWERS_PER_LINE_MAX, COMPILED_LINES_MAX, FIRES_FROM_MS, FIRES_THROUGH_MS } from './bounds.ts';
import { type CompiledLine, compileLine } from './compiled-line.ts';
import { nextFireSec } from './line-fires.ts';
import { type Zone, zoneNamed } from './time-zone.ts';
import type { CronSchedule, EverySchedule, Schedule } from './types.ts';

/**
 * The first fire strictly after `afterMs`. Total: null when there is none, which for a crontab line that was accepted means
 * that it lies beyond the year 9999, or that this process's tz data does not know the zone (nodes may differ, I3).
 */
export function nextFireMs(schedule: Schedule, afterMs: number): number | null {
  if (Number.isNaN(afterMs)) return null;
  switch (schedule.kind) {
    case 'once':
      return schedule.atMs > afterMs ? schedule.atMs : null;
    case 'every':
      return nextIntervalMs(schedule, afterMs);
    case 'cron': {
      const line = zonedLine(schedule);
      return line === null ? null : line.nextFireMs(afterMs);
    }
  }
}

function nextIntervalMs({ anchorMs, everyMs }: EverySchedule, afterMs: number): number | null {
  const count = Math.max(1, Math.floor((afterMs - anchorMs) / everyMs) + 1);
  const atMs = anchorMs + count * everyMs;
  return atMs <= FIRES_THROUGH_MS ? atMs : null;
}

/** A line in its zone, compiled once for all tasks that share it. */
export interface ZonedLine {
  readonly line: CompiledLine;
  readonly zone: Zone;
  nextFireMs(afterMs: number): number | null;
}

const zonedLines = boundedMap<string, ZonedLine>(COMPILED_LINES_MAX);

export function zonedLine(schedule: CronSchedule): ZonedLine | null {
  const key = `${schedule.fields} ${schedule.timezone}`;
  const known = zonedLines.get(key);
  if (known !== undefined) return known;
  const opened = openZonedLine(schedule);
  if (opened !== null) zonedLines.set(key, opened);
  return opened;
}

/** Not memoised: for the cache above, and for measuring. */
export function openZonedLine({ fields, timezone }: CronSchedule): ZonedLine | null {
  const zone = zoneNamed(timezone);
  if (zone === null) return null;
  const line = compiled(fields);
  return line === null ? null : { line, zone, nextFireMs: rememberingNext(line, zone) };
}

function compiled(fields: string): CompiledLine | null {
  try {
    return compileLine(fields);
  } catch {
    return null;
  }
}

/** What was computed from `fromMs` holds for every instant up to the fire: between the two there is none. */
interface Answer {
  readonly fromMs: number;
  readonly fireMs: number;
}

function rememberingNext(line: CompiledLine, zone: Zone): (afterMs: number) => number | null {
  const answers: Answer[] = [];
  let oldest = 0;
  return (afterMs) => {
    const known = answers.find((answer) => answer.fromMs <= afterMs && afterMs < answer.fireMs);
    if (known !== undefined) return known.fireMs;
    const fireMs = computeNextMs(line, zone, afterMs);
    if (fireMs === null) return null;
    answers[oldest] = { fromMs: afterMs, fireMs };
    oldest = (oldest + 1) % ANSWERS_PER_LINE_MAX;
    return fireMs;
  };
}

export function computeNextMs(line: CompiledLine, zone: Zone, afterMs: number): number | null {
  if (afterMs >= FIRES_THROUGH_MS) return null;
  const fromMs = Math.max(afterMs, FIRES_FROM_MS - 1);
  const fireSec = nextFireSec(line, zone, Math.floor(fromMs / 1_000));
  return fireSec === null || fireSec * 1_000 > FIRES_THROUGH_MS ? null : fireSec * 1_000;
}
