/**
 * A second, deliberately dumb implementation of the promises, to hold the real one against: it walks through real time minute
 * by minute and reads the clock on the wall from Intl. It shares no code with src/schedule.
 */

const MINUTE_MS = 60_000;
const clocks = new Map<string, Intl.DateTimeFormat>();

/** Local time as milliseconds as if it were UTC. */
function wallClockMs(timezone: string, atMs: number): number {
  let clock = clocks.get(timezone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, dateStyle: 'short', timeStyle: 'medium' });
    clocks.set(timezone, clock);
  }
  return Date.parse(`${clock.format(atMs).replace(' ', 'T')}Z`);
}

/** A five-field line taken apart: which values each field has, and whether it starts with a star. */
export interface PlainField {
  readonly text: string;
  readonly values: readonly number[];
  readonly star: boolean;
}

export interface PlainLine {
  readonly minute: PlainField;
  readonly hour: PlainField;
  readonly dayOfMonth: PlainField;
  readonly month: PlainField;
  readonly dayOfWeek: PlainField;
}

export function textOf(line: PlainLine): string {
  return [line.minute, line.hour, line.dayOfMonth, line.month, line.dayOfWeek].map((field) => field.text).join(' ');
}

function names(line: PlainLine, localMs: number): boolean {
  const local = new Date(localMs);
  const byDate = line.dayOfMonth.values.includes(local.getUTCDate());
  const byWeekday = line.dayOfWeek.values.includes(local.getUTCDay());
  const day = line.dayOfMonth.star || line.dayOfWeek.star ? byDate && byWeekday : byDate || byWeekday;
  return (
    day &&
    line.minute.values.includes(local.getUTCMinutes()) &&
    line.hour.values.includes(local.getUTCHours()) &&
    line.month.values.includes(local.getUTCMonth() + 1)
  );
}

/** Every fire in (fromMs, throughMs], both whole minutes. */
export function walkedFires(line: PlainLine, timezone: string, fromMs: number, throughMs: number): readonly number[] {
  const realTime = line.minute.star || line.hour.star;
  const fires: number[] = [];
  // Two days ahead, to know what the clock has already shown: clocks were set back by up to a day.
  let reachedMs = Number.NEGATIVE_INFINITY;
  for (let atMs = fromMs - 2 * 86_400_000; atMs <= throughMs; atMs += MINUTE_MS) {
    const localMs = wallClockMs(timezone, atMs);
    const firstMs = reachedMs === Number.NEGATIVE_INFINITY ? localMs : reachedMs + MINUTE_MS;
    reachedMs = Math.max(reachedMs, localMs);
    if (atMs <= fromMs) continue;
    if (realTime ? names(line, localMs) : anyNamed(line, firstMs, localMs)) fires.push(atMs);
  }
  return fires;
}

function anyNamed(line: PlainLine, firstMs: number, throughMs: number): boolean {
  for (let localMs = firstMs; localMs <= throughMs; localMs += MINUTE_MS) if (names(line, localMs)) return true;
  return false;
}

/** The days (UTC midnights) in which the zone's clock is set, found by comparing noon with noon. */
export function clockChangeDays(timezone: string, fromYear: number, throughYear: number): readonly number[] {
  const days: number[] = [];
  let before: number | null = null;
  for (let dayMs = Date.UTC(fromYear, 0, 1); dayMs < Date.UTC(throughYear + 1, 0, 1); dayMs += 86_400_000) {
    const offsetMs = wallClockMs(timezone, dayMs) - dayMs;
    if (before !== null && offsetMs !== before) days.push(dayMs - 86_400_000);
    before = offsetMs;
  }
  return days;
}
