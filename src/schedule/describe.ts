import { daysInWords } from './describe-days.ts';
import { timesInWords } from './describe-times.ts';
import { zonedLine } from './next-fire.ts';
import type { CronSchedule, Schedule } from './types.ts';

/** The schedule in words, as a preview shows it under the line. */
export function describeSchedule(schedule: Schedule): string {
  switch (schedule.kind) {
    case 'once':
      return `Once, at ${new Date(schedule.atMs).toISOString().replace('.000Z', 'Z')}`;
    case 'every':
      return `Every ${durationInWords(schedule.everyMs)}`;
    case 'cron':
      return `${lineInWords(schedule)} (${schedule.timezone})`;
  }
}

function lineInWords(schedule: CronSchedule): string {
  const opened = zonedLine(schedule);
  if (opened === null) return schedule.fields;
  const times = timesInWords(opened.line);
  const days = daysInWords(opened.line.days, opened.line.monthNumbers);
  // "Every 5 minutes" needs no day beside it, "At 02:30" does.
  if (/^At \d/.test(times) && !days.startsWith('on ')) return `${times} every day${days === '' ? '' : ` ${days}`}`;
  return days === '' ? times : `${times} ${days}`;
}

const UNITS: readonly (readonly [number, string])[] = [
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1_000, 'second'],
  [1, 'millisecond'],
];

function durationInWords(durationMs: number): string {
  let restMs = durationMs;
  const parts: string[] = [];
  for (const [unitMs, unit] of UNITS) {
    const count = Math.floor(restMs / unitMs);
    restMs -= count * unitMs;
    if (count > 0) parts.push(`${count} ${unit}${count === 1 ? '' : 's'}`);
  }
  return parts.join(' ').replace(/^1 (?=\w+$)/, '');
}
