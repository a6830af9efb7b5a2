import { ok } from '../result.ts';
import type { Word } from './line.ts';
import { quoted, refuseSchedule, type Understood } from './refusal.ts';

const LINES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 0 1 1 *',
  '@annually': '0 0 0 1 1 *',
  '@monthly': '0 0 0 1 * *',
  '@weekly': '0 0 0 * * 0',
  '@daily': '0 0 0 * * *',
  '@midnight': '0 0 0 * * *',
  '@hourly': '0 0 * * * *',
  '@minutely': '0 * * * * *',
  '@secondly': '* * * * * *',
  '@weekdays': '0 0 0 * * 1-5',
  '@weekends': '0 0 0 * * 0,6',
};
const ALLOWED = `allowed are ${Object.keys(LINES).join(', ')} and @every with a duration`;

/** The six fields that a macro stands for. */
export function expandMacro(words: readonly Word[]): Understood<string> {
  const [macro, extra] = words;
  const { text, start } = macro ?? { text: '', start: 0 };
  const name = text.toLowerCase();
  if (name === '@reboot') {
    const message = `@reboot at position ${start} is not a time: it names an event of one machine, and a task needs times; ${ALLOWED}.`;
    return refuseSchedule('schedule_macro', start, message);
  }
  const line = Object.hasOwn(LINES, name) ? LINES[name] : undefined;
  if (line === undefined) {
    return refuseSchedule('schedule_macro', start, `At position ${start}: ${quoted(text)} is not a macro; ${ALLOWED}.`);
  }
  if (extra !== undefined) {
    const message = `At position ${extra.start}: ${quoted(extra.text)} stands after ${name}, which stands alone.`;
    return refuseSchedule('schedule_macro', extra.start, message);
  }
  return ok(line);
}
