import { CronExpressionParser } from 'cron-parser';
import { daysInLongest } from './gregorian.ts';

/**
 * A line as sets that are cheap to search. cron-parser expands the fields into values; the day rule, the clock changes and
 * the search are ours, since it counts a star step as a restriction and shifts by the gap (facts measured on 5.10).
 */
export interface CompiledLine {
  /** Sorted. */
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** Bit m stands for month m. */
  readonly months: number;
  readonly monthNumbers: readonly number[];
  readonly days: DaySets;
  /** True for a wildcard or step line, false for one with fixed times. See `followsRealTime`. */
  readonly realTime: boolean;
  /** Bit d stands for day d of a month that begins on that weekday (0 Sunday) and has that many days. */
  daysOf(firstWeekday: number, dayCount: number): number;
}

/** Throws only for fields that `parseSchedule` cannot have made. */
export function compileLine(fields: string): CompiledLine {
  const [second = '', minute = '', hour = '', dayOfMonth = '', , dayOfWeek = ''] = fields.split(' ');
  // tz and date are given because cron-parser else reads the process's own zone and clock; only its sets are used.
  const parsed = CronExpressionParser.parse(fields, { tz: 'UTC', currentDate: new Date(0) }).fields;
  // cron-parser leaves a 7 beside the 0 for Sunday.
  const days: DaySets = {
    dates: numbersOf(parsed.dayOfMonth.values),
    lastDay: parsed.dayOfMonth.values.includes('L'),
    weekdays: numbersOf(parsed.dayOfWeek.values).filter((weekday) => weekday < 7),
    lastWeekdays: lastWeekdaysOf(parsed.dayOfWeek.values),
    ordinal: parsed.dayOfWeek.nthDay,
    bothMustMatch: isStar(dayOfMonth) || isStar(dayOfWeek),
  };
  const daysByMonthShape = new Map<number, number>();
  return {
    seconds: numbersOf(parsed.second.values),
    minutes: numbersOf(parsed.minute.values),
    hours: numbersOf(parsed.hour.values),
    months: bitsOf(numbersOf(parsed.month.values)),
    monthNumbers: numbersOf(parsed.month.values),
    days,
    realTime: followsRealTime(second, minute, hour),
    daysOf(firstWeekday, dayCount) {
      const shape = firstWeekday * 32 + dayCount;
      const known = daysByMonthShape.get(shape);
      if (known !== undefined) return known;
      const bits = daysOfMonth(days, firstWeekday, dayCount);
      daysByMonthShape.set(shape, bits);
      return bits;
    },
  };
}

/** crontab(5): a field that starts with a star is not a restriction, even with a step. */
function isStar(field: string): boolean {
  return field.startsWith('*');
}

/**
 * As in cronie, a line with a star in hour or minute goes with the clock on the wall: what the clock does not show does not
 * fire, what it shows twice fires twice. We ask the same of the second field, and take an open step (`0/15`, `H/15`) for
 * the star step that it is. Every other line names fixed times, each of which fires once.
 */
function followsRealTime(...timeFields: readonly string[]): boolean {
  return timeFields.some((field) => isStar(field) || /^\d+\//.test(field));
}

export interface DaySets {
  readonly dates: readonly number[];
  readonly lastDay: boolean;
  readonly weekdays: readonly number[];
  /** `5L`: the last Friday of the month. */
  readonly lastWeekdays: readonly number[];
  /** `5#2`: the second; 0 for every week. */
  readonly ordinal: number;
  /** A day must be in both fields when one of them starts with a star, in either when both are restricted (crontab(5)). */
  readonly bothMustMatch: boolean;
}

function daysOfMonth(days: DaySets, firstWeekday: number, dayCount: number): number {
  let bits = 0;
  for (let day = 1; day <= dayCount; day += 1) {
    const weekday = (firstWeekday + day - 1) % 7;
    const byDate = days.dates.includes(day) || (days.lastDay && day === dayCount);
    const inWeek = days.ordinal === 0 || Math.ceil(day / 7) === days.ordinal;
    const byWeekday =
      (inWeek && days.weekdays.includes(weekday)) || (day > dayCount - 7 && days.lastWeekdays.includes(weekday));
    if (days.bothMustMatch ? byDate && byWeekday : byDate || byWeekday) bits |= 1 << day;
  }
  return bits;
}

/** Whether any month of the Gregorian calendar holds a day of this line: every weekday begins every kind of month some year. */
export function hasAnyDay(line: CompiledLine): boolean {
  for (let month = 1; month <= 12; month += 1) {
    if ((line.months & (1 << month)) === 0) continue;
    // L and 5L fall on some day of any month, so the longest decides.
    const dayCount = daysInLongest(month);
    for (let weekday = 0; weekday < 7; weekday += 1) {
      if (line.daysOf(weekday, dayCount) !== 0) return true;
    }
  }
  return false;
}

function numbersOf(values: readonly (number | string)[]): readonly number[] {
  return values.filter((value) => typeof value === 'number');
}

function lastWeekdaysOf(values: readonly (number | string)[]): readonly number[] {
  return values.filter((value) => typeof value === 'string').map((value) => Number.parseInt(value, 10) % 7);
}

function bitsOf(values: readonly number[]): number {
  return values.reduce((bits, value) => bits | (1 << value), 0);
}
