import { ok } from '../result.ts';
import { daysInLongest } from './gregorian.ts';
import { FIELD_RULES, type FieldRule } from './line-fields.ts';
import { type LineItem, type LineValue, parseItem } from './line-item.ts';
import { refuseSchedule, type Understood } from './refusal.ts';

/** A word of the schedule and where it stands in the text as given. */
export interface Word {
  readonly text: string;
  readonly start: number;
}

export function splitWords(text: string, from: number): readonly Word[] {
  const words: Word[] = [];
  for (const match of text.slice(from).matchAll(/[^ \t\r\n]+/g)) {
    words.push({ text: match[0], start: from + match.index });
  }
  return words;
}

export interface CheckedLine {
  /** Six fields in the form that cron-parser reads. */
  readonly fields: string;
  readonly dayOfMonthAt: number;
  readonly hourAt: number;
}

/** A crontab line of five or six fields, strictly. */
export function checkLine(words: readonly Word[], end: number, seed: string): Understood<CheckedLine> {
  if (words.length !== 5 && words.length !== 6) return refuseFieldCount(words, end);
  const rules = FIELD_RULES.slice(FIELD_RULES.length - words.length);
  const fields: LineItem[] = words.length === 5 ? [{ text: '0', values: [0] }] : [];
  for (const [index, rule] of rules.entries()) {
    const word = words[index];
    if (word === undefined) return refuseFieldCount(words, end);
    const field = checkField(rule, word, seed);
    if (!field.ok) return field;
    fields.push(field.value);
  }
  const hourIndex = words.length - 4;
  const [, , , days, months, weekdays] = fields;
  const dayOfMonthAt = words[hourIndex + 1]?.start ?? 0;
  if (days !== undefined && months !== undefined && weekdays?.text.startsWith('*') && namesNoDate(days, months)) {
    return refuseNoDay(dayOfMonthAt);
  }
  return ok({
    fields: fields.map((field) => field.text).join(' '),
    hourAt: words[hourIndex]?.start ?? 0,
    dayOfMonthAt,
  });
}

/** 30 February. cron-parser throws on some of these; here they are refused before it sees them. */
function namesNoDate(days: LineItem, months: LineItem): boolean {
  const longest = Math.max(...months.values.map((month) => daysInLongest(Number(month))));
  return days.values.every((day) => typeof day === 'number' && day > longest);
}

export function refuseNoDay(dayOfMonthAt: number): Understood<never> {
  const message =
    `This never fires: no day of the months named is allowed by the day fields (from position ${dayOfMonthAt}); ` +
    'allowed are days that some year has, up to 29 February.';
  return refuseSchedule('schedule_never_fires', dayOfMonthAt, message);
}

/** A list in the plainest form: an item that repeats earlier values keeps only its new ones. */
function checkField(rule: FieldRule, word: Word, seed: string): Understood<LineItem> {
  const parts = word.text.split(',');
  const seen = new Set<LineValue>();
  const texts: string[] = [];
  let at = word.start;
  for (const part of parts) {
    const item = parseItem({ rule, seed, inList: parts.length > 1 }, part, at);
    if (!item.ok) return item;
    const added = item.value.values.filter((value) => !seen.has(value));
    if (added.length === item.value.values.length) texts.push(item.value.text);
    else if (added.length > 0) texts.push(added.join(','));
    for (const value of added) seen.add(value);
    at += part.length + 1;
  }
  return ok({ text: texts.join(','), values: [...seen] });
}

function refuseFieldCount(words: readonly Word[], end: number): Understood<never> {
  const sixth = words[6];
  const position = sixth === undefined ? end : sixth.start;
  const count = words.length === 1 ? '1 field' : `${words.length} fields`;
  const year = words.length === 7 ? ' A year field is not supported.' : '';
  const message =
    `A crontab line has 5 fields (minute hour day-of-month month day-of-week) or 6 (second first), and this one has ${count}.` +
    `${year} Allowed besides: a macro such as @daily, @every 90s, or an instant as unix seconds, milliseconds or ISO 8601.`;
  return refuseSchedule('schedule_field_count', position, message);
}
