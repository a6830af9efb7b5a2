import type { DaySets } from './compiled-line.ts';
import { daysInLongest } from './gregorian.ts';
import { evenStepOf, listInWords, ordinalInWords, rangesInWords, runsOf, strideOf } from './words.ts';

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const;
const MONTHS = ' January February March April May June July August September October November December'.split(' ');

/** Empty when every day is meant. */
export function daysInWords(days: DaySets, months: readonly number[]): string {
  const inMonths = months.length === 12 ? '' : ` in ${monthsInWords(months)}`;
  // cron-parser drops the dates that a single month does not have.
  const everyDate = days.dates.length >= Math.max(...months.map((month) => daysInLongest(month)));
  const everyWeekday = days.weekdays.length === 7 && days.ordinal === 0;
  // Two restrictions widen each other (crontab(5)), so every day in one of them is every day.
  const everyDay = days.bothMustMatch ? everyDate && everyWeekday : everyDate || everyWeekday;
  if (everyDay) return inMonths.trimStart();
  if (days.bothMustMatch && everyDate) return `on ${weekdaysInWords(days)}${inMonths}`;
  if (days.bothMustMatch && everyWeekday) return `on ${datesInWords(days, months)}`;
  const dates = datesInWords(days, null);
  return `on ${dates} ${days.bothMustMatch ? 'if it is' : 'or on'} ${weekdaysInWords(days)}${inMonths}`;
}

function datesInWords({ dates, lastDay }: DaySets, months: readonly number[] | null): string {
  const [date, ...others] = dates;
  const [month, ...otherMonths] = months ?? [];
  const oneDate = date !== undefined && others.length === 0 && !lastDay;
  if (oneDate && month !== undefined && otherMonths.length === 0) return `${date} ${MONTHS[month]}`;
  const ofMonths = months === null || months.length === 12 ? 'of the month' : `of ${monthsInWords(months)}`;
  if (date === undefined) return `the last day ${ofMonths}`;
  const stride = lastDay ? null : strideOf(dates);
  if (stride !== null)
    return `every ${ordinalInWords(stride.step)} day from ${stride.first} to ${stride.last} ${ofMonths}`;
  const listed = rangesInWords(dates);
  if (!lastDay) return `${oneDate ? 'day' : 'days'} ${listed} ${ofMonths}`;
  return `${others.length === 0 ? 'day' : 'days'} ${listed} and the last day ${ofMonths}`;
}

function monthsInWords(months: readonly number[]): string {
  const step = evenStepOf(
    months.map((month) => month - 1),
    12,
  );
  if (step !== null && months.length > 2) return `every ${ordinalInWords(step)} month from January`;
  return rangesInWords(months, (month) => MONTHS[month] ?? '');
}

function weekdaysInWords({ weekdays, lastWeekdays, ordinal }: DaySets): string {
  const named = (weekday: number): string => WEEKDAYS[weekday] ?? '';
  if (ordinal !== 0) return `the ${ordinalInWords(ordinal)} ${weekdays.map(named).join('')} of the month`;
  const last = lastWeekdays.map((weekday) => `the last ${named(weekday)} of the month`);
  if (weekdays.length === 0) return listInWords(last);
  // The week begins where that joins more days: Saturday and Sunday, but Sunday to Thursday.
  const fromMonday = weekdays.map((weekday) => weekday || 7).sort((one, other) => one - other);
  const shorter = runsOf(fromMonday).length < runsOf(weekdays).length || fromMonday.join() === '6,7';
  return listInWords([rangesInWords(shorter ? fromMonday : weekdays, named), ...last]);
}
