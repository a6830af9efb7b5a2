import { isUtf8 } from 'node:buffer';
import type { Result } from '../result.ts';
import { ok, refused } from '../result.ts';
import { type ApiError, apiError, fieldError } from './api-error.ts';
import { tooBroadAt } from './json-breadth.ts';
import { tooDeepAt } from './json-span.ts';
import { JSON_MEMBERS_MAX, JSON_NESTING_MAX } from './limits.ts';

/** A request's JSON, with the text it stood in: exact bytes are cut from there. */
export interface JsonBody {
  readonly text: string;
  readonly value: unknown;
}

const BYTE_ORDER_MARK = 0xfeff;

/** Strict: what is not UTF-8 is refused, not mended, since the callback's body is to be the client's bytes. */
export function parseJsonBody(bytes: Buffer): Result<JsonBody, ApiError> {
  if (bytes.length === 0) return refused(apiError('body_missing', 'a JSON object is needed as the body'));
  if (!isUtf8(bytes)) return refused(apiError('json_not_utf8', 'the body holds bytes that are not UTF-8'));
  const text = bytes.toString('utf8');
  if (text.charCodeAt(0) === BYTE_ORDER_MARK) {
    return refused(apiError('json_not_utf8', 'the body begins with a byte order mark, which JSON does not have'));
  }
  const deepAt = tooDeepAt(text, JSON_NESTING_MAX);
  if (deepAt !== null) {
    const detail = `at position ${deepAt} the nesting goes beyond ${JSON_NESTING_MAX} levels, which are allowed`;
    return refused(apiError('json_too_deep', detail));
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refused(apiError('json_malformed', malformedDetail(text, error)));
  }
  const broadAt = tooBroadAt(value);
  if (broadAt !== null) {
    const message = `must have at most ${JSON_MEMBERS_MAX} members`;
    return refused(fieldError('validation_failed', broadAt, message));
  }
  return ok({ text, value });
}

/** V8's message quotes the body, which may hold a secret (I11): only the place is told on. */
function malformedDetail(text: string, error: unknown): string {
  const [, position] = /at position (\d+)/.exec(String(error)) ?? [];
  if (position === undefined || Number(position) >= text.length)
    return `the JSON ends too early, after ${text.length} characters`;
  const before = text.slice(0, Number(position)).split('\n');
  const column = (before.at(-1)?.length ?? 0) + 1;
  return `not JSON at position ${position} (line ${before.length}, column ${column})`;
}
