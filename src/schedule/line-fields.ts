/** The six fields of a crontab line. A line of five starts at the minute and fires at second 0. */
export interface FieldRule {
  readonly name: 'second' | 'minute' | 'hour' | 'day-of-month' | 'month' | 'day-of-week';
  readonly min: number;
  readonly max: number;
  /** Where an open step (`*\/n`, `a/n`, `H/n`) ends: 6 for the day of the week, since 7 is Sunday once more. */
  readonly cycleMax: number;
  /** Where a bare `H` ends: 28 for the day of the month, so that it comes in every month. */
  readonly hashMax: number;
  /** Three letters each, the first standing for `namesFrom`. */
  readonly names: readonly string[];
  readonly namesFrom: number;
  readonly allowed: string;
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'] as const;
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const;

function plainRule(name: FieldRule['name'], min: number, max: number): FieldRule {
  const allowed = `${min}-${max}, *, ?, H, lists a,b, ranges a-b and steps */n`;
  return { name, min, max, cycleMax: max, hashMax: max, names: [], namesFrom: 0, allowed };
}

const SECOND = plainRule('second', 0, 59);
const MINUTE = plainRule('minute', 0, 59);
const HOUR = plainRule('hour', 0, 23);
export const DAY_OF_MONTH: FieldRule = {
  ...plainRule('day-of-month', 1, 31),
  hashMax: 28,
  allowed: '1-31, L (the last day), *, ?, H, lists a,b, ranges a-b and steps */n',
};
const MONTH: FieldRule = {
  ...plainRule('month', 1, 12),
  names: MONTHS,
  namesFrom: 1,
  allowed: '1-12, JAN-DEC, *, ?, H, lists a,b, ranges a-b and steps */n',
};
export const DAY_OF_WEEK: FieldRule = {
  ...plainRule('day-of-week', 0, 7),
  cycleMax: 6,
  hashMax: 6,
  names: DAYS,
  namesFrom: 0,
  allowed:
    '0-7 (0 and 7 are Sunday), SUN-SAT, 5L (the last Friday), 5#2 (the second), *, ?, H, lists, ranges and steps',
};

export const FIELD_RULES: readonly FieldRule[] = [SECOND, MINUTE, HOUR, DAY_OF_MONTH, MONTH, DAY_OF_WEEK];
