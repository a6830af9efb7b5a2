import type { Result } from '../result.ts';
import { ok, refused } from '../result.ts';
import { type ApiError, fieldError } from './api-error.ts';

/** A whole number from a query, where all values are text. */
export function readCount(
  query: Readonly<Record<string, string>>,
  name: string,
  bounds: { readonly standard: number; readonly max: number },
): Result<number, ApiError> {
  const text = query[name];
  if (text === undefined) return ok(bounds.standard);
  const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= bounds.max) return ok(value);
  return refused(fieldError('validation_failed', `/${name}`, `must be a whole number from 1 to ${bounds.max}`));
}
