import type { ControlErrorCode } from '../control/verb.ts';
import type { UnavailableReason } from '../node/api.ts';
import type { RefusalCode } from '../tasks/command.ts';
import { type CatalogueEntry, OPERATION_ERRORS } from './operation-errors.ts';

/**
 * Every error that the HTTP API answers with: the one place where codes, statuses and words are settled. Scripts rely on
 * `code` (full API) and `number` (original API); both are stable. `docs/errors.md` is made from it.
 */

export type ErrorCode = RefusalCode | UnavailableReason | ControlErrorCode | RequestErrorCode;

type RequestErrorCode =
  | 'json_malformed'
  | 'json_not_utf8'
  | 'json_too_deep'
  | 'body_missing'
  | 'body_too_large'
  | 'content_type_refused'
  | 'content_encoding_refused'
  | 'validation_failed'
  | 'type_refused'
  | 'callback_url_refused'
  | 'callback_headers_refused'
  | 'callback_body_too_large'
  | 'idempotency_key_refused'
  | 'if_match_refused'
  | 'cursor_refused'
  | 'event_id_refused'
  | 'too_many_subscribers'
  | 'update_contended'
  | 'outcome_unknown'
  | 'execution_not_found'
  | 'route_not_found'
  | 'method_not_allowed'
  | 'unauthorized'
  | 'host_refused'
  | 'origin_refused'
  | 'http_malformed'
  | 'request_timeout'
  | 'head_too_large'
  | 'url_too_long'
  | 'too_many_connections'
  | 'internal_error';

const COULD_NOT_COMMIT = 1004;
const BODY_NOT_UNDERSTOOD = 1000;

export const CATALOGUE: Readonly<Record<ErrorCode, CatalogueEntry>> = {
  json_malformed: {
    number: BODY_NOT_UNDERSTOOD,
    status: 400,
    title: 'The body is not JSON',
    meaning: 'The request body could not be parsed. The detail names the position.',
    remedy: 'Send one JSON value as RFC 8259 has it: double quotes, no comments, no trailing commas.',
  },
  json_not_utf8: {
    number: BODY_NOT_UNDERSTOOD,
    status: 400,
    title: 'The body is not UTF-8',
    meaning: 'The body holds bytes that are not UTF-8, or begins with a byte order mark.',
    remedy: 'Encode the JSON as UTF-8 without a byte order mark (RFC 8259 §8.1).',
  },
  json_too_deep: {
    number: BODY_NOT_UNDERSTOOD,
    status: 400,
    title: 'The JSON is nested too deep',
    meaning: 'Arrays and objects stand inside each other deeper than is allowed; many targets could not read it.',
    remedy: 'Send flatter JSON, or put the deep part into a string.',
  },
  body_missing: {
    number: BODY_NOT_UNDERSTOOD,
    status: 400,
    title: 'The body is missing',
    meaning: 'This operation needs a JSON object as its body, and the request has none.',
    remedy: 'Send the object with `content-type: application/json`.',
  },
  body_too_large: {
    number: 1030,
    status: 413,
    title: 'The body is too large',
    meaning: 'The request body has more bytes than are allowed.',
    remedy: 'Send less; let the callback fetch large data by a reference in its body.',
  },
  content_type_refused: {
    number: 1031,
    status: 415,
    title: 'The content type is not understood',
    meaning: 'Bodies are JSON in UTF-8. Another type is refused, also because a foreign web page could send it.',
    remedy: 'Send `content-type: application/json` (for PATCH also `application/merge-patch+json`).',
  },
  content_encoding_refused: {
    number: 1031,
    status: 415,
    title: 'The content encoding is not understood',
    meaning: 'The body is compressed; bodies are taken as they are.',
    remedy: 'Send the body without `content-encoding`.',
  },
  validation_failed: {
    number: BODY_NOT_UNDERSTOOD,
    status: 400,
    title: 'The request does not have the expected form',
    meaning: 'A field is missing, unknown, of the wrong type or out of bounds. `errors` names each by a JSON Pointer.',
    remedy: 'Mend what `errors` names.',
  },
  type_refused: {
    number: 1020,
    status: 400,
    title: 'The type is not understood',
    meaning: 'In the original API `type` is the number 1 (periodic) or 2 (once).',
    remedy: 'Send 1 or 2, as a number.',
  },
  schedule_refused: {
    number: 1001,
    status: 422,
    title: 'The schedule is not understood',
    meaning: 'The schedule cannot be read, or would never fire. The detail names position and reason.',
    remedy: 'Try it with `GET /v1/schedule/preview`.',
  },
  instant_past: {
    number: 1002,
    status: 422,
    title: 'The instant has passed',
    meaning: 'The one instant of the schedule is more than 60 seconds in the past.',
    remedy: 'Name a later instant; up to 60 seconds late is fired at once.',
  },
  timezone_refused: {
    number: 1001,
    status: 422,
    title: 'The time zone is not known',
    meaning: 'The time zone is not a name of the IANA database that this node knows.',
    remedy: 'Use a name such as `Europe/Berlin` or `UTC`.',
  },
  callback_url_refused: {
    number: 1003,
    status: 422,
    title: 'The callback URL is refused',
    meaning: 'The URL is missing or malformed, or leads to an address that callbacks may not reach.',
    remedy: 'Use an absolute http or https URL; an operator may widen `callback_allow`.',
  },
  callback_headers_refused: {
    number: 1003,
    status: 422,
    title: 'A callback header is refused',
    meaning: 'A header has a malformed name or value, is too large, or is one that xcron sets by itself.',
    remedy: 'Mend the headers that `errors` names.',
  },
  callback_body_too_large: {
    number: 1030,
    status: 413,
    title: 'The callback body is too large',
    meaning: 'The member callback.body has more bytes than a task may carry.',
    remedy: 'Let the callback fetch large data by a reference in its body.',
  },
  idempotency_key_refused: {
    number: 1032,
    status: 400,
    title: 'The Idempotency-Key is refused',
    meaning: 'The key is empty, too long, holds other than visible ASCII, or the operation does not take one.',
    remedy:
      'Send a random key of up to 255 visible ASCII characters, such as a UUID, with creations and with operations of the cluster.',
  },
  idempotency_key_reused: {
    number: 1033,
    status: 422,
    title: 'The Idempotency-Key was used for another request',
    meaning: 'In the last 24 hours a creation with this key had another path or another body.',
    remedy: 'Use a new key for a new task; repeat a request byte for byte.',
  },
  if_match_refused: {
    number: BODY_NOT_UNDERSTOOD,
    status: 400,
    title: 'If-Match is not understood',
    meaning: 'If-Match is neither `*` nor one ETag as this API gives them.',
    remedy: 'Send the ETag of the task as it was read, such as `"3"`.',
  },
  cursor_refused: {
    number: BODY_NOT_UNDERSTOOD,
    status: 400,
    title: 'The cursor is not understood',
    meaning: 'The cursor is not one that this list gave.',
    remedy: 'Send `next_cursor` of the page before, unchanged, or none for the first page.',
  },
  event_id_refused: {
    number: BODY_NOT_UNDERSTOOD,
    status: 400,
    title: 'The event id is not understood',
    meaning: 'The id is not one that this cluster gave. Ids go on at every node of it, and at no other.',
    remedy: 'Send the last id that came, unchanged; or `oldest`; or none, to be told from now on.',
  },
  too_many_subscribers: {
    number: 1038,
    status: 503,
    title: 'Too many readers follow this node',
    meaning: 'As many readers of events as the node tells are connected already.',
    remedy: 'Follow another node, which tells the same; or end readers that are no longer needed.',
  },
  task_not_found: {
    number: 1006,
    status: 404,
    title: 'There is no such task',
    meaning: 'No task has this id: it never existed, or it finished and its time of keeping is over.',
    remedy: 'Look for it with `GET /v1/tasks`.',
  },
  execution_not_found: {
    number: 1006,
    status: 404,
    title: 'There is no such execution',
    meaning: 'The task has no execution with this run number, or it is no longer kept.',
    remedy: 'List those kept with `GET /v1/tasks/{task_id}/executions`.',
  },
  version_mismatch: {
    number: 1007,
    status: 412,
    title: 'The task has changed',
    meaning: 'The task is at another version than the one that If-Match names.',
    remedy: 'Read the task again and decide anew.',
  },
  update_contended: {
    number: 1007,
    status: 409,
    title: 'The task keeps changing',
    meaning: 'Others changed the task each time the update was about to be made. Nothing was changed by it.',
    remedy: 'Try again.',
  },
  task_paused: {
    number: 1007,
    status: 409,
    title: 'The task is paused',
    meaning: 'A paused task can be neither paused again nor run.',
    remedy: 'Resume it first.',
  },
  task_not_paused: {
    number: 1007,
    status: 409,
    title: 'The task is not paused',
    meaning: 'Only a paused task can be resumed.',
    remedy: 'Nothing is left to do.',
  },
  task_finished: {
    number: 1007,
    status: 409,
    title: 'The task has finished',
    meaning: 'The task is completed or cancelled, and does not change any more.',
    remedy: 'Create a new task.',
  },
  task_busy: {
    number: 1007,
    status: 409,
    title: 'Too many executions of the task are open',
    meaning: 'As many executions as one task may have at once have not ended yet.',
    remedy: 'Wait until some have ended.',
  },
  task_too_large: {
    number: 1000,
    status: 413,
    title: 'The task is too large',
    meaning: 'With all that it says, the task does not fit a message between the nodes.',
    remedy: 'Make the body or the headers of the callback smaller.',
  },
  schedule_exhausted: {
    number: 1007,
    status: 409,
    title: 'The schedule has no due time left',
    meaning: 'The last due time passed while the task was paused.',
    remedy: 'Give the task a new schedule, or delete it.',
  },
  starting: {
    number: COULD_NOT_COMMIT,
    status: 503,
    title: 'The node is starting',
    meaning: 'The node has not caught up with its log yet. Nothing was done.',
    remedy: 'Try again after Retry-After.',
  },
  no_leader: {
    number: COULD_NOT_COMMIT,
    status: 503,
    title: 'There is no leader',
    meaning: 'No majority of the voters could be reached. Nothing was done.',
    remedy: 'Try again after Retry-After; if it stays, look at `GET /v1/cluster`.',
  },
  stopping: {
    number: COULD_NOT_COMMIT,
    status: 503,
    title: 'The node is stopping',
    meaning: 'The node takes no more work. Nothing was done.',
    remedy: 'Ask another node, or this one after its restart.',
  },
  storage_failed: {
    number: COULD_NOT_COMMIT,
    status: 503,
    title: 'The node cannot write to its disk',
    meaning: 'A write failed, so the node takes no more of them. What it acknowledged is kept. Nothing was done.',
    remedy: 'Free or mend the disk and restart the node; `/readyz` says what failed.',
  },
  overloaded: {
    number: COULD_NOT_COMMIT,
    status: 503,
    title: 'Too many writes wait',
    meaning: 'As many writes as may wait do so already. Nothing was done.',
    remedy: 'Try again after Retry-After, with fewer requests at once.',
  },
  outcome_unknown: {
    number: 1005,
    status: 504,
    title: 'Whether it was done is not known',
    meaning:
      'The answer did not come in time, or whoever led was lost with the request and nobody leads since. The change may have been made, or may be made yet.',
    remedy: 'Read the task that `task_id` names, or repeat the request with the same Idempotency-Key.',
  },
  ...OPERATION_ERRORS,
  route_not_found: {
    number: 1034,
    status: 404,
    title: 'There is nothing at this path',
    meaning: 'The path is none of this API.',
    remedy: 'Look at `/openapi.json`.',
  },
  method_not_allowed: {
    number: 1034,
    status: 405,
    title: 'The method is not allowed here',
    meaning: 'The path exists, with other methods. The Allow header names them.',
    remedy: 'Use one of them.',
  },
  unauthorized: {
    number: 1035,
    status: 401,
    title: 'A token is needed',
    meaning: 'The request has no bearer token, or not the right one.',
    remedy: 'Send `authorization: Bearer TOKEN` with the token that the node was started with.',
    wholeServer: true,
  },
  host_refused: {
    number: 1036,
    status: 403,
    title: 'The Host is not one of this node',
    meaning: 'Without a token only requests to a loopback name or to the bound address are taken (DNS rebinding).',
    remedy: 'Use 127.0.0.1 or localhost in the URL, or start the node with a token.',
    wholeServer: true,
  },
  origin_refused: {
    number: 1036,
    status: 403,
    title: 'The Origin is another site',
    meaning: 'Without a token a web page of another site may not use this API from a browser.',
    remedy: 'Call from the node’s own page or from outside a browser, or start the node with a token.',
    wholeServer: true,
  },
  http_malformed: {
    number: 1037,
    status: 400,
    title: 'The request is not HTTP/1.1',
    meaning: 'The request could not be read, so the connection is closed.',
    remedy: 'Send HTTP/1.1 without TLS, with a Host header and a percent-encoded path.',
    wholeServer: true,
  },
  request_timeout: {
    number: 1037,
    status: 408,
    title: 'The request came too slowly',
    meaning: 'The request was not complete in time, so the connection is closed.',
    remedy: 'Send the request in one go.',
    wholeServer: true,
  },
  head_too_large: {
    number: 1037,
    status: 431,
    title: 'The headers are too large',
    meaning: 'The request has too many headers, or they are too long together.',
    remedy: 'Send fewer and shorter headers.',
    wholeServer: true,
  },
  url_too_long: {
    number: 1037,
    status: 414,
    title: 'The URL is too long',
    meaning: 'Path and query have more characters than are allowed.',
    remedy: 'Send a shorter query.',
    wholeServer: true,
  },
  too_many_connections: {
    number: 1037,
    status: 503,
    title: 'Too many connections are open',
    meaning: 'As many connections as the node keeps are open already.',
    remedy: 'Reuse connections (keep-alive), and close those that are no longer needed.',
    wholeServer: true,
  },
  internal_error: {
    number: 1099,
    status: 500,
    title: 'Something is wrong in xcron itself',
    meaning: 'An error that should not happen; the node’s log has it.',
    remedy: 'Report it, with that line of the log.',
  },
};

export const ERROR_CODES = Object.keys(CATALOGUE) as readonly ErrorCode[];
