import { ok, refused } from '../result.ts';
import { SCHEDULE_CHARS_MAX } from './bounds.ts';
import { hasAnyDay } from './compiled-line.ts';
import { looksLikeInstant, parseInstant } from './instant.ts';
import { parseDuration, refuseMissingDuration } from './interval.ts';
import { checkLine, refuseNoDay, splitWords, type Word } from './line.ts';
import { expandMacro } from './macro.ts';
import { nextFireMs, zonedLine } from './next-fire.ts';
import { quoted, refuseSchedule, type Understood } from './refusal.ts';
import { zoneNamed } from './time-zone.ts';
import { type CronSchedule, DST_POLICIES, type DstPolicy, type Schedule, type ScheduleContext } from './types.ts';

/**
 * The only way to a schedule. What comes out is understood in full and fires at least once more, or says why not.
 * An instant in the past comes out like any other: how late is too late, the caller decides.
 */
export function parseSchedule(format: string, context: ScheduleContext): Understood<Schedule> {
  const dst = checkDstPolicy(context.dst);
  if (!dst.ok) return dst;
  const timezone = checkTimezone(context.timezone);
  if (!timezone.ok) return timezone;
  if (format.length > SCHEDULE_CHARS_MAX) {
    const message = `A schedule has ${SCHEDULE_CHARS_MAX} characters at most, and this one has ${format.length}.`;
    return refuseSchedule('schedule_too_long', SCHEDULE_CHARS_MAX, message);
  }
  const prefix = cutZonePrefix(splitWords(format, 0), timezone.value);
  if (!prefix.ok) return prefix;
  const { words, zoned } = prefix.value;
  const input: Input = { format, words, context: { ...context, timezone: prefix.value.timezone }, dst: dst.value };
  const [first] = words;
  if (first === undefined) {
    return refuseSchedule('schedule_empty', format.length, `The schedule is empty; allowed are ${ALLOWED_FORMS}.`);
  }
  if (first.text.startsWith('@')) return /^@every$/i.test(first.text) ? parseEvery(input, first) : parseMacro(input);
  if (!looksLikeInstant(first, words.length)) return parseLine(input, words);
  if (zoned !== null) {
    const message = `${quoted(zoned.text)} at position ${zoned.start} does not go with an instant, which says its own offset.`;
    return refuseSchedule('schedule_instant', zoned.start, message);
  }
  const atMs = parseInstant(words);
  return atMs.ok ? ok({ kind: 'once', format, atMs: atMs.value }) : atMs;
}

const ALLOWED_FORMS =
  'a crontab line of 5 or 6 fields, a macro such as @daily, @every 90s, or an instant as unix seconds, milliseconds or ISO 8601';

interface Input {
  readonly format: string;
  readonly words: readonly Word[];
  readonly context: ScheduleContext;
  readonly dst: DstPolicy;
}

function checkDstPolicy(dst: string): Understood<DstPolicy> {
  const policy = DST_POLICIES.find((name) => name === dst);
  if (policy !== undefined) return ok(policy);
  const message = `${quoted(dst)} is not a DST policy; allowed: ${DST_POLICIES.join(', ')}.`;
  return refused({ code: 'dst_policy_unknown', message, position: null, part: 'dst' });
}

function zoneMessage(name: string): string {
  return `${quoted(name)} is not a known time zone; allowed are IANA names such as Europe/Berlin or UTC`;
}

function checkTimezone(name: string): Understood<string> {
  const zone = zoneNamed(name);
  if (zone !== null) return ok(zone.name);
  return refused({ code: 'timezone_unknown', message: `${zoneMessage(name)}.`, position: null, part: 'timezone' });
}

interface Prefixed {
  readonly words: readonly Word[];
  readonly timezone: string;
  /** The prefix itself, when there is one. */
  readonly zoned: Word | null;
}

/** `CRON_TZ=Zone` or `TZ=Zone` before the line wins over the task's own zone. */
function cutZonePrefix(words: readonly Word[], timezone: string): Understood<Prefixed> {
  const [first, ...rest] = words;
  const [whole, prefix = ''] = /^((?:CRON_)?TZ=)/.exec(first?.text ?? '') ?? [];
  if (first === undefined || whole === undefined) return ok({ words, timezone, zoned: null });
  const name = first.text.slice(prefix.length);
  const zone = zoneNamed(name);
  if (zone !== null) return ok({ words: rest, timezone: zone.name, zoned: first });
  const at = first.start + prefix.length;
  return refuseSchedule('timezone_unknown', at, `At position ${at}: ${zoneMessage(name)}.`);
}

function parseEvery({ format, words, context }: Input, every: Word): Understood<Schedule> {
  const [, duration, extra] = words;
  if (duration === undefined) return refuseMissingDuration(every.start + every.text.length);
  const everyMs = parseDuration(duration);
  if (!everyMs.ok) return everyMs;
  if (extra !== undefined) {
    const message = `At position ${extra.start}: ${quoted(extra.text)} stands after the duration; write 1h30m in one word.`;
    return refuseSchedule('schedule_every', extra.start, message);
  }
  return ok({ kind: 'every', format, everyMs: everyMs.value, anchorMs: context.nowMs });
}

function parseMacro(input: Input): Understood<Schedule> {
  const line = expandMacro(input.words);
  return line.ok ? parseLine(input, splitWords(line.value, 0)) : line;
}

function parseLine({ format, context, dst }: Input, words: readonly Word[]): Understood<Schedule> {
  const checked = checkLine(words, format.length, context.seed);
  if (!checked.ok) return checked;
  const { fields, dayOfMonthAt, hourAt } = checked.value;
  const schedule: CronSchedule = { kind: 'cron', format, fields, timezone: context.timezone, dst };
  const opened = zonedLine(schedule);
  if (opened === null) {
    return refuseSchedule('schedule_field', words[0]?.start ?? 0, `The line ${quoted(format)} is not understood.`);
  }
  if (!hasAnyDay(opened.line)) return refuseNoDay(dayOfMonthAt);
  if (nextFireMs(schedule, context.nowMs) === null) {
    const message =
      `This never fires: the clock in ${context.timezone} skips the times that the hour (position ${hourAt}) names on those days; ` +
      'allowed are times that the clock shows, or fixed ones, which fire right after the gap.';
    return refuseSchedule('schedule_never_fires', hourAt, message);
  }
  return ok(schedule);
}
