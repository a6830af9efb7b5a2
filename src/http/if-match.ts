import type { Result } from '../result.ts';
import { ok, refused } from '../result.ts';
import { type ApiError, apiError } from './api-error.ts';

/** The ETag is the task's version: it changes with what its owner asked for, not with fires. */
export const etagOf = (version: number): string => `"${version}"`;

const ETAG = /^"([1-9][0-9]{0,14})"$/;

/** Null: whatever the version is. Optional, because a change says exactly what it changes. */
export function readIfMatch(header: string | undefined): Result<number | null, ApiError> {
  if (header === undefined || header === '*') return ok(null);
  const [, version] = ETAG.exec(header) ?? [];
  if (version === undefined) {
    return refused(apiError('if_match_refused', 'If-Match is * or one ETag of a task, such as "3" with its quotes'));
  }
  return ok(Number(version));
}
