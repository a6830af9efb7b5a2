import { ok } from '../result.ts';
import type { Word } from './line.ts';
import { quoted, refuseSchedule, type Understood } from './refusal.ts';

const ALLOWED =
  'an instant is 10 digits (unix seconds), 13 digits (milliseconds) or ISO 8601 with offset, as 2027-03-14T07:00:00Z';

/** Whether a word can only have been meant as an instant: a crontab line has more than one word, and no such first one. */
export function looksLikeInstant(word: Word, wordCount: number): boolean {
  if (/^[0-9]{4}-[0-9]{2}-/.test(word.text)) return true;
  return wordCount === 1 && /^[+-]?[0-9][0-9.:TZ+-]*$/i.test(word.text);
}

export function parseInstant(words: readonly Word[]): Understood<number> {
  const [word, extra] = words;
  if (word === undefined) return refuse(0, ALLOWED);
  if (extra !== undefined) return refuse(extra.start, `${quoted(extra.text)} stands after an instant; ${ALLOWED}`);
  const { text, start } = word;
  if (/^[0-9]{10}$/.test(text)) return ok(Number(text) * 1_000);
  if (/^[0-9]{13}$/.test(text)) return ok(Number(text));
  if (/^[0-9]+$/.test(text)) return refuse(start, `${text.length} digits are no instant; ${ALLOWED}`);
  return parseIso(text, start);
}

/** The parts in the order they are written, so that a refusal can point at the first wrong one. */
const ISO_PARTS: readonly { readonly name: string; readonly pattern: RegExp; readonly allowed: string }[] = [
  { name: 'year', pattern: /^[0-9]{4}/, allowed: 'four digits' },
  { name: 'month', pattern: /^-(0[1-9]|1[0-2])/, allowed: '-01 to -12' },
  { name: 'day', pattern: /^-(0[1-9]|[12][0-9]|3[01])/, allowed: '-01 to -31' },
  { name: 'hour', pattern: /^[Tt]([01][0-9]|2[0-3])/, allowed: 'T00 to T23' },
  { name: 'minute', pattern: /^:[0-5][0-9]/, allowed: ':00 to :59' },
  { name: 'second', pattern: /^(?::[0-5][0-9](?:\.[0-9]{1,9})?)?/, allowed: ':00 to :59, with up to nine decimals' },
  { name: 'offset', pattern: /^([Zz]|[+-](?:0[0-9]|1[0-9]|2[0-3]):[0-5][0-9])$/, allowed: 'Z, or as +02:00' },
];

/** Decimals beyond the millisecond are cut: a fire is due at a millisecond. */
function parseIso(text: string, start: number): Understood<number> {
  const found: string[] = [];
  let at = 0;
  for (const part of ISO_PARTS) {
    const match = part.pattern.exec(text.slice(at));
    if (match === null) {
      const what =
        at === text.length ? `the ${part.name} is missing` : `${quoted(text.slice(at))} is not the ${part.name}`;
      return refuse(start + at, `${what} (${part.allowed}); ${ALLOWED}`);
    }
    found.push(match[0]);
    at += match[0].length;
  }
  const [year = '', month = '', day = '', hour = '', minute = '', second = '', offset = ''] = found;
  const dayOfMonth = Number(day.slice(1));
  const [secondText, decimals = ''] = second.slice(1).split('.');
  // Year through setUTCFullYear: Date.UTC takes 0-99 for 19xx.
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month.slice(1)) - 1, dayOfMonth);
  if (date.getUTCDate() !== dayOfMonth) {
    const dayAt = start + year.length + month.length + 1;
    return refuse(dayAt, `${year}${month} has no day ${dayOfMonth}`);
  }
  date.setUTCHours(
    Number(hour.slice(1)),
    Number(minute.slice(1)),
    Number(secondText),
    Number(decimals.slice(0, 3).padEnd(3, '0')),
  );
  return ok(date.getTime() - offsetMs(offset));
}

function offsetMs(offset: string): number {
  if (offset.length === 1) return 0;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6));
  return (offset.startsWith('-') ? -1 : 1) * minutes * 60_000;
}

function refuse(position: number, what: string): Understood<never> {
  return refuseSchedule('schedule_instant', position, `At position ${position}: ${what}.`);
}
