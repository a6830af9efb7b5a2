import { JSON_MEMBERS_MAX } from './limits.ts';
import { pointerToken } from './validation-errors.ts';

/** As deep as schemas look: /callback/headers. What is below, and callback.body, nobody walks through. */
const LEVELS = 3;

/**
 * Where an array or object that a schema will look into has more members than any may have; null when none has. Asked before
 * validation, because telling each of 80,000 wrong items takes longer than the event loop may be held (I10).
 */
export function tooBroadAt(value: unknown, path = '', level = 1): string | null {
  if (typeof value !== 'object' || value === null) return null;
  let members = 0;
  for (const key in value) {
    members += 1;
    if (members > JSON_MEMBERS_MAX) return path;
    if (level === LEVELS || (path === '/callback' && key === 'body')) continue;
    const inner: unknown = (value as Readonly<Record<string, unknown>>)[key];
    if (typeof inner !== 'object' || inner === null) continue;
    const found = tooBroadAt(inner, `${path}/${pointerToken(key)}`, level + 1);
    if (found !== null) return found;
  }
  return null;
}
