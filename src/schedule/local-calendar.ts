import { FIRES_THROUGH_MS } from './bounds.ts';
import type { CompiledLine } from './compiled-line.ts';
import { daysInMonth } from './gregorian.ts';
import { DAY_SEC } from './time-zone.ts';

/**
 * The calendar on the wall. A local time is a count of seconds as if it were UTC (`localSec`), so that it can be compared
 * and added to without knowing the zone.
 */

const LAST_LOCAL_YEAR = new Date(FIRES_THROUGH_MS).getUTCFullYear();

/** The first local time at or after `fromLocalSec` that the line names; null beyond the year 9999. */
export function nextLocalSec(line: CompiledLine, fromLocalSec: number): number | null {
  const fromDay = Math.floor(fromLocalSec / DAY_SEC);
  const date = new Date(fromDay * DAY_SEC * 1_000);
  let year = date.getUTCFullYear();
  let month = date.getUTCMonth() + 1;
  const dayOfMonth = date.getUTCDate();
  let firstDay = fromDay - dayOfMonth + 1;

  let days = daysIn(line, year, month, firstDay);
  if (((days >>> dayOfMonth) & 1) === 1) {
    const secondOfDay = nextSecondOfDay(line, fromLocalSec - fromDay * DAY_SEC);
    if (secondOfDay !== null) return fromDay * DAY_SEC + secondOfDay;
  }
  // Days after this one: a shift by 32 would be none at all.
  days = dayOfMonth === 31 ? 0 : days & (-1 << (dayOfMonth + 1));
  while (days === 0) {
    firstDay += daysInMonth(year, month);
    month += 1;
    if (month > 12) {
      month = 1;
      year += 1;
      if (year > LAST_LOCAL_YEAR) return null;
    }
    days = daysIn(line, year, month, firstDay);
  }
  const day = firstDay + lowestBit(days) - 1;
  return day * DAY_SEC + firstSecondOfDay(line);
}

/** Whether the line names exactly this local time. */
export function isNamed(line: CompiledLine, localSec: number): boolean {
  return nextLocalSec(line, localSec) === localSec;
}

function daysIn(line: CompiledLine, year: number, month: number, firstDay: number): number {
  if ((line.months & (1 << month)) === 0) return 0;
  return line.daysOf(weekdayOf(firstDay), daysInMonth(year, month));
}

/** 1970-01-01 was a Thursday. */
function weekdayOf(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

function firstSecondOfDay(line: CompiledLine): number {
  return timeOfDay(line.hours[0], line.minutes[0], line.seconds[0]);
}

function nextSecondOfDay(line: CompiledLine, fromSec: number): number | null {
  const hour = Math.floor(fromSec / 3_600);
  const minute = Math.floor(fromSec / 60) % 60;
  if (line.hours.includes(hour)) {
    if (line.minutes.includes(minute)) {
      const second = line.seconds.find((value) => value >= fromSec % 60);
      if (second !== undefined) return timeOfDay(hour, minute, second);
    }
    const laterMinute = line.minutes.find((value) => value > minute);
    if (laterMinute !== undefined) return timeOfDay(hour, laterMinute, line.seconds[0]);
  }
  const laterHour = line.hours.find((value) => value > hour);
  return laterHour === undefined ? null : timeOfDay(laterHour, line.minutes[0], line.seconds[0]);
}

function timeOfDay(hour = 0, minute = 0, second = 0): number {
  return hour * 3_600 + minute * 60 + second;
}
