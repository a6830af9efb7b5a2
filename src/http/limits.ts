import { invariant } from '../invariant.ts';

/** Every bound of the HTTP room, in one place (I10). What happens at each stands in the error catalogue. */

/** At the bound: 413 `body_too_large`. */
export const REQUEST_BODY_BYTES_MAX = 256 * 1_024;
/** A task's body goes through the log to every node: small enough that a batch of them fits a message. */
export const CALLBACK_BODY_BYTES_MAX = 128 * 1_024;
/** Of arrays and objects inside each other. Common JSON parsers give up between 512 and 1,000. */
export const JSON_NESTING_MAX = 256;
/** Of an array or object outside callback.body: more than any of them may have by its own bound. */
export const JSON_MEMBERS_MAX = 64;

/** Of the request line and all headers together: 431, answered by node:http itself. */
export const HEAD_BYTES_MAX = 16 * 1_024;
export const HEADERS_MAX = 100;
/** A longer head is left to node:http (direct-connections.ts). */
export const PLAIN_HEAD_BYTES_MAX = 2_048;
export const URL_CHARS_MAX = 4_096;

export const NAME_CHARS_MAX = 200;
export const TAGS_MAX = 20;
export const TAG_CHARS_MAX = 64;
export const IDEMPOTENCY_KEY_CHARS_MAX = 255;
export const CURSOR_CHARS_MAX = 96;

export const PAGE_ITEMS_DEFAULT = 100;
export const PAGE_ITEMS_MAX = 1_000;
/** A page ends early, with a cursor, when its text is this long: a thousand tasks with the largest bodies would be 128 MB. */
export const PAGE_CHARS_MAX = 4 * 1_024 * 1_024;
/** Tasks asked of the node at once, for the same reason. */
export const PAGE_SLICE_ITEMS = 50;
/** Executions carry their attempts with up to 1 KB of a failed response each. */
export const EXECUTION_PAGE_ITEMS_DEFAULT = 20;
export const EXECUTION_PAGE_ITEMS_MAX = 100;
export const PREVIEW_COUNT_DEFAULT = 5;
export const PREVIEW_COUNT_MAX = 100;

/**
 * How often the event loop's lag is looked at, which stands in each figure of it: what holds the loop for longer is always seen, a shorter stall
 * by chance. prom-client's own 10 ms are more than half of all wakeups of a node at rest, and a sixth of what it costs.
 */
export const LOOP_LAG_SAMPLE_MS = 50;

/** The pages for the browser are held in memory. */
export const UI_FILES_MAX = 200;
export const UI_BYTES_MAX = 8 * 1_024 * 1_024;

/** A reader of events that hears nothing for three of these knows that the connection is gone. */
export const EVENT_HEARTBEAT_MS = 10_000;
/** How soon a browser is to connect again. */
export const EVENT_RETRY_MS = 1_000;
/** A reader that takes nothing for so long is cut off; what it has seen it knows, and can go on there. */
export const EVENTS_STUCK_MS = 30_000;
export const EVENTS_RETRY_AFTER_MS = 1_000;

/** Errors told about one request: the first few are what a person mends, the rest would be a way to make answers large. */
export const ERRORS_TOLD_MAX = 20;

/** How often an update without If-Match is decided anew when another one came in between. */
export const UPDATE_TRIES_MAX = 5;

export interface ConnectionLimits {
  /** One more is answered 503 and closed. */
  readonly openMax: number;
  /** A request's head must be complete by then, and all of it by `requestMs`: else 408, and the connection is closed. */
  readonly headMs: number;
  readonly requestMs: number;
  readonly keepAliveMs: number;
  /** How long an orderly close waits for requests in hand before it cuts them off. */
  readonly closeGraceMs: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  openMax: 4_096,
  headMs: 10_000,
  requestMs: 30_000,
  keepAliveMs: 30_000,
  closeGraceMs: 10_000,
};

/** How long requests that may write are gathered while connections come in: some fifty connections, on one core of 2 GHz. */
export const GATHERED_MS_MAX = 5;
/** How often expired requests are looked for. */
export const CONNECTIONS_CHECKED_EVERY_MS = 500;
/** While closing, connections that fell idle are looked for this often. */
export const CLOSE_LOOKS_EVERY_MS = 25;

invariant(CALLBACK_BODY_BYTES_MAX < REQUEST_BODY_BYTES_MAX, 'I10', 'a callback body fits into its request');
invariant(TAGS_MAX < JSON_MEMBERS_MAX, 'I10', 'as many tags as are allowed pass the bound of members');
invariant(URL_CHARS_MAX < HEAD_BYTES_MAX, 'I10', 'the longest URL fits into the head of a request');
invariant(PLAIN_HEAD_BYTES_MAX < HEAD_BYTES_MAX, 'I10', 'a head that is taken directly is one that is taken at all');
invariant(CONNECTION_LIMITS.headMs < CONNECTION_LIMITS.requestMs, 'I10', 'a head is a part of its request');
