import { ok } from '../result.ts';
import { hashSlot } from './hash-slot.ts';
import { DAY_OF_MONTH, DAY_OF_WEEK, type FieldRule } from './line-fields.ts';
import { quoted, type Refused, refuseSchedule, type Understood } from './refusal.ts';

/**
 * One item of a field's list, checked character by character: cron-parser must never be the one to refuse. What comes out
 * is the item in the plainest form that cron-parser reads: digits for names, `*` for `?`, a number for `H`.
 */
export interface LineItem {
  readonly text: string;
  /** What it stands for, once each, Sunday as 0: cron-parser throws when a list names a value twice. */
  readonly values: readonly LineValue[];
}

/** A number, `L`, `5L` or `5#2`. */
export type LineValue = number | string;

export interface FieldContext {
  readonly rule: FieldRule;
  readonly seed: string;
  /** `#` cannot stand in a list: cron-parser keeps one ordinal a field. */
  readonly inList: boolean;
}

export function parseItem(field: FieldContext, item: string, start: number): Understood<LineItem> {
  const { rule } = field;
  if (item === '') return refuseAt(rule, start, 'a list item is missing (a comma with nothing beside it)');
  const slash = item.indexOf('/');
  if (slash < 0) return parseBase(field, item, start);
  const step = parseStep(rule, item.slice(slash + 1), start + slash + 1);
  if (!step.ok) return step;
  return parseStepped(field, item.slice(0, slash), start, step.value);
}

function parseStep(rule: FieldRule, text: string, start: number): Understood<number> {
  const stepMax = rule.cycleMax - rule.min + 1;
  const allowed = `a step is a whole number from 1 to ${stepMax}`;
  if (text === '') return refuseAt(rule, start, `the step after "/" is missing; ${allowed}`);
  const stray = text.search(/[^0-9]/);
  if (stray >= 0) return refuseAt(rule, start + stray, `${quoted(text)} is not a step; ${allowed}`);
  const step = Number(text);
  if (step < 1 || step > stepMax) return refuseAt(rule, start, `step ${quoted(text)} is out of range; ${allowed}`);
  return ok(step);
}

/** The part before `/n`. An open step runs to the end of the field, a range step to the end of the range. */
function parseStepped(field: FieldContext, base: string, start: number, step: number): Understood<LineItem> {
  const { rule } = field;
  if (base === '') {
    return refuseAt(rule, start, 'nothing stands before the step; write */n, a/n, a-b/n or H/n');
  }
  if (base === '*' || base === '?') return ok(stepped(rule, '*', rule.min, rule.cycleMax, step));
  const hash = parseHashRange(rule, base, start);
  if (hash !== null) {
    if (!hash.ok) return hash;
    const { first, last, explicit } = hash.value;
    const end = explicit ? last : rule.cycleMax;
    const from = first + hashSlot(field.seed, rule.name, Math.min(step, end - first + 1));
    return ok(explicit ? stepped(rule, `${from}-${end}`, from, end, step) : openStep(rule, from, step));
  }
  if (base.includes('-')) {
    const range = parseRange(rule, base, start);
    if (!range.ok) return range;
    return ok(stepped(rule, `${range.value.first}-${range.value.last}`, range.value.first, range.value.last, step));
  }
  const from = parseValue(rule, base, start);
  if (!from.ok) return from;
  return ok(openStep(rule, from.value, step));
}

/** Days of the week get an explicit end, where cron-parser would run on to 7 and count Sunday. */
function openStep(rule: FieldRule, from: number, step: number): LineItem {
  const last = Math.max(from, rule.cycleMax);
  return stepped(rule, rule === DAY_OF_WEEK ? `${from}-${last}` : `${from}`, from, last, step);
}

function stepped(rule: FieldRule, base: string, first: number, last: number, step: number): LineItem {
  const values = new Set<number>();
  for (let value = first; value <= last; value += step) values.add(rule === DAY_OF_WEEK ? value % 7 : value);
  return { text: step === 1 && base !== '*' && base.includes('-') ? base : `${base}/${step}`, values: [...values] };
}

/** An item without a step. */
function parseBase(field: FieldContext, base: string, start: number): Understood<LineItem> {
  const { rule } = field;
  if (base === '*' || base === '?') return ok({ ...stepped(rule, '*', rule.min, rule.cycleMax, 1), text: '*' });
  const mark = base.indexOf('#');
  if (mark >= 0) return parseOrdinal(field, base, start, mark);
  const hash = parseHashRange(rule, base, start);
  if (hash !== null) return hash.ok ? single(rule, hashValue(field, hash.value)) : hash;
  if (rule === DAY_OF_MONTH && base.toUpperCase() === 'L') return special('L');
  if (rule === DAY_OF_WEEK && /^.+L$/i.test(base) && !base.includes('-')) {
    const day = parseValue(rule, base.slice(0, -1), start);
    return day.ok ? special(`${day.value % 7}L`) : day;
  }
  if (base.includes('-')) {
    const range = parseRange(rule, base, start);
    if (!range.ok) return range;
    const { first, last } = range.value;
    return ok(stepped(rule, `${first}-${last}`, first, last, 1));
  }
  const value = parseValue(rule, base, start);
  return value.ok ? single(rule, value.value) : value;
}

/** `5#2`: the second Friday. */
function parseOrdinal(field: FieldContext, base: string, start: number, mark: number): Understood<LineItem> {
  const { rule } = field;
  if (rule !== DAY_OF_WEEK) return refuseAt(rule, start + mark, '"#" belongs to the day-of-week field');
  if (field.inList) {
    return refuseAt(rule, start + mark, '"#" cannot stand in a list; write one schedule for each such day');
  }
  const dayText = base.slice(0, mark);
  const hash = parseHashRange(rule, dayText, start);
  if (hash !== null && !hash.ok) return hash;
  const day = hash === null ? parseValue(rule, dayText, start) : ok(hashValue(field, hash.value));
  if (!day.ok) return day;
  const ordinal = base.slice(mark + 1);
  if (!/^[1-5]$/.test(ordinal)) {
    const found = ordinal === '' ? 'nothing' : quoted(ordinal);
    return refuseAt(rule, start + mark + 1, `${found} stands after "#", where a number from 1 to 5 is expected`);
  }
  return special(`${day.value % 7}#${ordinal}`);
}

interface HashRange {
  readonly first: number;
  readonly last: number;
  readonly explicit: boolean;
}

/** `H` or `H(a-b)`; null when the item is something else. */
function parseHashRange(rule: FieldRule, text: string, start: number): Understood<HashRange> | null {
  if (!/^H(?![A-Z])/i.test(text)) return null;
  if (text.length === 1) return ok({ first: rule.min, last: rule.hashMax, explicit: false });
  const inner = /^H\(([^()]*)\)$/i.exec(text)?.[1];
  if (inner?.includes('-') !== true) {
    return refuseAt(rule, start + 1, `${quoted(text)} is not understood; write H or H(a-b)`);
  }
  const range = parseRange(rule, inner, start + 2);
  return range.ok ? ok({ ...range.value, explicit: true }) : range;
}

function hashValue(field: FieldContext, range: HashRange): number {
  return range.first + hashSlot(field.seed, field.rule.name, range.last - range.first + 1);
}

function single(rule: FieldRule, value: number): Understood<LineItem> {
  return ok({ text: `${value}`, values: [rule === DAY_OF_WEEK ? value % 7 : value] });
}

function special(text: string): Understood<LineItem> {
  return ok({ text, values: [text] });
}

function parseRange(rule: FieldRule, text: string, start: number): Understood<{ first: number; last: number }> {
  const dash = text.indexOf('-');
  const first = parseValue(rule, text.slice(0, dash), start);
  if (!first.ok) return first;
  const last = parseValue(rule, text.slice(dash + 1), start + dash + 1);
  if (!last.ok) return last;
  // FRI-SUN: a range that ends on Sunday by name ends the week.
  const ends = rule === DAY_OF_WEEK && last.value === 0 && /^sun$/i.test(text.slice(dash + 1)) && first.value > 0;
  const lastValue = ends ? 7 : last.value;
  if (first.value > lastValue) {
    const wrapped = [rangeText(first.value, rule.cycleMax), rangeText(rule.min, lastValue)].filter(
      (part) => part !== '',
    );
    return refuseAt(rule, start, `range ${quoted(text)} runs backwards; to wrap around write ${wrapped.join(',')}`);
  }
  return ok({ first: first.value, last: lastValue });
}

function rangeText(first: number, last: number): string {
  if (first > last) return '';
  return first === last ? `${first}` : `${first}-${last}`;
}

function parseValue(rule: FieldRule, text: string, start: number): Understood<number> {
  if (text === '') return refuseAt(rule, start, `a value is missing; allowed are ${rule.allowed}`);
  if (/^[0-9]+$/.test(text)) {
    const value = Number(text);
    if (value >= rule.min && value <= rule.max) return ok(value);
    return refuseAt(rule, start, `${quoted(text)} is out of range; allowed are ${rule.allowed}`);
  }
  const name = rule.names.indexOf(text.toUpperCase());
  if (name >= 0) return ok(name + rule.namesFrom);
  return refuseAt(rule, start + strayAt(rule, text), notUnderstood(rule, text));
}

/** The first character that no value of the field has there. */
function strayAt(rule: FieldRule, text: string): number {
  const stray = rule.names.length > 0 && /^[a-z]/i.test(text) ? text.search(/[^a-z]/i) : text.search(/[^0-9]/);
  return Math.max(stray, 0);
}

function notUnderstood(rule: FieldRule, text: string): string {
  if (/^\d*L?W$/i.test(text)) return `W (the nearest workday) is not supported; allowed are ${rule.allowed}`;
  if (rule === DAY_OF_WEEK && /^L$/i.test(text))
    return 'L alone says no day; write 6L for the last Saturday, 6 for Saturday';
  if (/L/i.test(text) && rule === DAY_OF_MONTH) {
    return `${quoted(text)} is not understood; L stands alone and means the last day of the month`;
  }
  return `${quoted(text)} is not understood; allowed are ${rule.allowed}`;
}

function refuseAt(rule: FieldRule, position: number, what: string): Refused {
  return refuseSchedule('schedule_field', position, `In the ${rule.name} field, at position ${position}: ${what}.`);
}
