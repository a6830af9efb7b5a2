import { type Result, refused } from '../result.ts';
import { QUOTED_CHARS_MAX } from './bounds.ts';
import type { ScheduleRefusal, ScheduleRefusalCode } from './types.ts';

export type Refused = { readonly ok: false; readonly error: ScheduleRefusal };
export type Understood<T> = Result<T, ScheduleRefusal>;

export function refuseSchedule(code: ScheduleRefusalCode, position: number | null, message: string): Refused {
  return refused({ code, message, position, part: 'schedule' });
}

/** Part of the input, made safe to repeat: short, and what cannot be read is named by its code point. */
export function quoted(text: string): string {
  const characters = [...text.slice(0, QUOTED_CHARS_MAX + 1)];
  const shown = characters.slice(0, QUOTED_CHARS_MAX).map(readable).join('');
  return characters.length > QUOTED_CHARS_MAX ? `"${shown}…"` : `"${shown}"`;
}

function readable(character: string): string {
  if (character >= ' ' && character <= '~') return character;
  const codePoint = character.codePointAt(0) ?? 0;
  return `\\u{${codePoint.toString(16)}}`;
}
