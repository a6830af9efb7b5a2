import { ok, type Result, refused } from '../result.ts';
import type { CallbackRequest } from './callback.ts';

export const CALLBACK_HEADERS_MAX = 32;
const CALLBACK_HEADER_NAME_CHARS_MAX = 128;
export const CALLBACK_HEADER_VALUE_CHARS_MAX = 4_096;
/** Names and values together. Many servers refuse a head of more than 8 KiB, and ours comes on top. */
const CALLBACK_HEADERS_CHARS_MAX = 6_144;

export interface HeaderRefusal {
  /** JSON pointer (RFC 6901) inside the headers object; '' is the object itself. */
  readonly path: string;
  readonly message: string;
}

/** Prefixes that are ours: what a target may trust to come from xcron. */
const RESERVED_PREFIXES = ['webhook-', 'xcron-'] as const;

/** Ours, or the connection's and the framing's (RFC 9110 §7.6.1, RFC 9112 §6): a body that ends elsewhere is request smuggling. */
const RESERVED_NAMES: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'user-agent',
]);

/** token of RFC 9110 §5.6.2 */
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110 §5.5: visible US-ASCII, space and tab. What is beyond has no agreed meaning, and CR, LF and NUL split messages. */
const VALUE = /^[\t\x20-\x7e]*$/;

export function checkCallbackHeaders(
  headers: Readonly<Record<string, string>>,
): Result<Readonly<Record<string, string>>, readonly HeaderRefusal[]> {
  const refusals: HeaderRefusal[] = [];
  const seen = new Set<string>();
  let chars = 0;
  const entries = Object.entries(headers);
  if (entries.length > CALLBACK_HEADERS_MAX) {
    return refused([{ path: '', message: `${entries.length} headers; at most ${CALLBACK_HEADERS_MAX} are allowed` }]);
  }
  for (const [name, value] of entries) {
    const message = nameRefusal(name) ?? (seen.has(name.toLowerCase()) ? 'given twice' : null) ?? valueRefusal(value);
    if (message !== null) refusals.push({ path: `/${pointerToken(name)}`, message });
    seen.add(name.toLowerCase());
    chars += name.length + value.length;
  }
  if (chars > CALLBACK_HEADERS_CHARS_MAX) {
    refusals.push({
      path: '',
      message: `${chars} characters in all; at most ${CALLBACK_HEADERS_CHARS_MAX} are allowed`,
    });
  }
  return refusals.length === 0 ? ok(headers) : refused(refusals);
}

function nameRefusal(name: string): string | null {
  const lower = name.toLowerCase();
  if (name === '') return 'a header needs a name';
  if (name.length > CALLBACK_HEADER_NAME_CHARS_MAX) {
    return `a name of ${name.length} characters; at most ${CALLBACK_HEADER_NAME_CHARS_MAX} are allowed`;
  }
  if (!NAME.test(name)) return "not a header name; letters, digits and !#$%&'*+-.^_`|~ are allowed";
  if (RESERVED_NAMES.has(lower) || RESERVED_PREFIXES.some((prefix) => lower.startsWith(prefix))) {
    return `${lower} is set by xcron and cannot be set by a task`;
  }
  return null;
}

function valueRefusal(value: string): string | null {
  if (value.length > CALLBACK_HEADER_VALUE_CHARS_MAX) {
    return `a value of ${value.length} characters; at most ${CALLBACK_HEADER_VALUE_CHARS_MAX} are allowed`;
  }
  // The value itself is not repeated: it may be a secret (I11).
  if (!VALUE.test(value)) return 'only visible US-ASCII characters, spaces and tabs are allowed in a value';
  return null;
}

const pointerToken = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

/**
 * What goes on the wire, as name, value, name, value … Ours come last and the task's that would collide are left out: a stored
 * task may be older than a rule.
 */
export function requestHeaders(request: CallbackRequest, startedAtMs: number, userAgent: string): string[] {
  const wire: string[] = [];
  let typed = false;
  for (const name in request.headers) {
    const value = request.headers[name];
    if (value === undefined || nameRefusal(name) !== null) continue;
    if (name.toLowerCase() === 'content-type') typed = true;
    wire.push(name, value);
  }
  // No body, no type: a strict JSON parser answers 400 to an empty body that calls itself JSON.
  if (!typed && request.body !== null && request.body !== '') wire.push('content-type', 'application/json');
  wire.push(
    'user-agent',
    userAgent,
    'webhook-id',
    request.executionId,
    'webhook-timestamp',
    String(Math.floor(startedAtMs / 1000)),
    'xcron-task-id',
    request.taskId,
    'xcron-scheduled-at',
    new Date(request.scheduledAtMs).toISOString(),
    'xcron-attempt',
    String(request.attempt),
    'xcron-term',
    String(request.term),
  );
  return wire;
}
