import { errors } from 'undici';
import type { CallbackErrorCode } from './callback.ts';
import { ConnectFailure } from './connect-failure.ts';

/** An error's own text, bounded: it goes into the log. */
const ERROR_DETAIL_CHARS_MAX = 256;

export function errorDetail(error: Error): string {
  return (error.message === '' ? String(codeOf(error) ?? error.name) : error.message).slice(0, ERROR_DETAIL_CHARS_MAX);
}

const codeOf = (error: Error): string | null => {
  const code = 'code' in error ? error.code : null;
  return typeof code === 'string' ? code : null;
};

export function errorCodeOf(error: Error, sent: boolean): CallbackErrorCode {
  if (error instanceof ConnectFailure) return error.code;
  const code = codeOf(error);
  if (!sent) {
    return code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED' ? 'request_invalid' : 'connect_failed';
  }
  if (error instanceof errors.HTTPParserError || error instanceof errors.HeadersOverflowError)
    return 'response_invalid';
  // undici's words for a 1xx it does not want (100 unasked, 101) and for bytes that are no answer to this request.
  if (error.message === 'bad response' || error.message === 'bad upgrade') return 'response_invalid';
  // Resets, closes, and a body shorter than its Content-Length.
  return 'connection_closed';
}
