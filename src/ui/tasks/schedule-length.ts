import { SCHEDULE_CHARS_MAX } from '../../schedule/bounds.ts';

/** Of a line that no node takes; a longer one would not even reach it, as an address has a bound too. */
export function tooLong(schedule: string): string | null {
  const { length } = schedule.trim();
  if (length <= SCHEDULE_CHARS_MAX) return null;
  return `A schedule has ${SCHEDULE_CHARS_MAX} characters at most, and this one has ${length}.`;
}
