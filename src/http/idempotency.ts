import { hash } from 'node:crypto';
import type { Result } from '../result.ts';
import { ok, refused } from '../result.ts';
import type { CreateTask } from '../tasks/command.ts';
import { type ApiError, apiError } from './api-error.ts';
import { IDEMPOTENCY_KEY_CHARS_MAX } from './limits.ts';

const KEY = /^[\x21-\x7e]+$/;

/**
 * The key and what it stands for. The fingerprint covers method, path and the body's own bytes, so that a key that comes back
 * with another request is refused instead of answered with the wrong task.
 */
export function readIdempotency(
  header: string | readonly string[] | undefined,
  operation: string,
  bodyText: string,
): Result<CreateTask['idempotency'], ApiError> {
  if (header === undefined) return ok(null);
  if (typeof header !== 'string' || !KEY.test(header) || header.length > IDEMPOTENCY_KEY_CHARS_MAX) {
    const detail = `an Idempotency-Key has 1 to ${IDEMPOTENCY_KEY_CHARS_MAX} visible ASCII characters without blanks`;
    return refused(apiError('idempotency_key_refused', detail));
  }
  return ok({ key: header, fingerprint: hash('sha256', `${operation}\n${bodyText}`, 'base64url') });
}
