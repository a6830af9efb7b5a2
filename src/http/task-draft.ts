import type { Static } from 'typebox';
import type { CallbackRules } from '../node/callback-guard.ts';
import type { Result } from '../result.ts';
import { ok, refused } from '../result.ts';
import type { TaskChanges, TaskDraft } from '../tasks/command.ts';
import { DEFAULT_RETRY, RETRY_BACKOFF_MAX_MS } from '../tasks/limits.ts';
import type { Callback, RetryPolicy, Task } from '../tasks/task.ts';
import { type ApiError, apiError, type FieldError, fieldError } from './api-error.ts';
import { parseDuration, printDuration } from './duration.ts';
import type { JsonBody } from './json-body.ts';
import { cutAt } from './json-span.ts';
import { CALLBACK_BODY_BYTES_MAX } from './limits.ts';
import type { createTaskBody, originalCreateBody, updateTaskBody } from './task-schema.ts';

/** From a request that has the right form to a command: what a schema cannot say is checked here. */

export interface TaskDefaults {
  readonly timezone: string;
}

type Drafted<T> = Result<T, ApiError>;

const CALLBACK_BODY_PATH = ['callback', 'body'] as const;
const NO_HEADERS: Readonly<Record<string, string>> = {};
const UNSET = {
  name: null,
  tags: [],
  dst: 'once',
  misfire: 'latest',
  overlap: 'allow',
  delivery: 'at_least_once',
} as const;

export function draftOriginal(json: JsonBody, defaults: TaskDefaults, rules: CallbackRules): Drafted<TaskDraft> {
  const { format, callback } = json.value as Static<typeof originalCreateBody>;
  const checked = checkCallback({ url: callback.url, method: 'POST', headers: NO_HEADERS }, json, rules);
  if (!checked.ok) return checked;
  const draft = {
    ...UNSET,
    schedule: format,
    timezone: defaults.timezone,
    callback: checked.value,
    retry: DEFAULT_RETRY,
  };
  return checkText(draft, json);
}

export function draftTask(json: JsonBody, defaults: TaskDefaults, rules: CallbackRules): Drafted<TaskDraft> {
  const { callback: asked, retry: askedRetry, ...rest } = json.value as Static<typeof createTaskBody>;
  const { url, method = 'POST', headers = NO_HEADERS } = asked;
  const callback = checkCallback({ url, method, headers }, json, rules);
  if (!callback.ok) return callback;
  const retry = mergeRetry(DEFAULT_RETRY, askedRetry ?? {});
  if (!retry.ok) return retry;
  const draft = { ...UNSET, timezone: defaults.timezone, ...rest, callback: callback.value, retry: retry.value };
  return checkText(draft, json);
}

export function draftChanges(
  json: JsonBody,
  task: Task,
  defaults: TaskDefaults,
  rules: CallbackRules,
): Drafted<TaskChanges> {
  const { callback: askedCallback, retry: askedRetry, ...rest } = json.value as Static<typeof updateTaskBody>;
  const { definition } = task;
  const changes: { -readonly [K in keyof TaskChanges]: TaskChanges[K] } = { ...rest };
  // An interval and an instant have no zone to keep.
  if (rest.schedule !== undefined && rest.timezone === undefined && definition.schedule.kind !== 'cron') {
    changes.timezone = defaults.timezone;
  }
  if (askedCallback !== undefined) {
    const callback = mergeCallback(definition.callback, askedCallback, json, rules);
    if (!callback.ok) return callback;
    changes.callback = callback.value;
  }
  if (askedRetry !== undefined) {
    const retry = mergeRetry(definition.retry, askedRetry);
    if (!retry.ok) return retry;
    changes.retry = retry.value;
  }
  return checkText(changes, json);
}

type AskedCallback = NonNullable<Static<typeof updateTaskBody>['callback']>;

function mergeCallback(kept: Callback, asked: AskedCallback, json: JsonBody, rules: CallbackRules): Drafted<Callback> {
  const headers = new Map(Object.entries(kept.headers));
  for (const [name, value] of Object.entries(asked.headers ?? {})) {
    // Names are the same in any letter case (RFC 9110 §5.1).
    for (const known of headers.keys()) if (known.toLowerCase() === name.toLowerCase()) headers.delete(known);
    if (value !== null) headers.set(name, value);
  }
  const { url = kept.url, method = kept.method } = asked;
  const checked = checkCallback({ url, method, headers: Object.fromEntries(headers) }, json, rules);
  if (!checked.ok) return checked;
  if (asked.body === undefined) return ok({ ...checked.value, body: kept.body });
  return asked.body === null ? ok({ ...checked.value, body: null }) : checked;
}

/** The body is cut from the request's own text: not parsed and printed again. */
function checkCallback(callback: Omit<Callback, 'body'>, json: JsonBody, rules: CallbackRules): Drafted<Callback> {
  const urlRefusal = rules.refuseUrl(callback.url);
  if (urlRefusal !== null) return refused(fieldError('callback_url_refused', '/callback/url', urlRefusal));
  if (callback.headers !== NO_HEADERS) {
    const refusals = refuseHeaders(callback.headers, rules);
    if (refusals.length > 0) {
      const errors = refusals.map(({ path, message }) => ({ path: `/callback/headers${path}`, message }));
      return refused(apiError('callback_headers_refused', inWords(errors), errors));
    }
  }
  const body = cutAt(json.text, CALLBACK_BODY_PATH);
  // A UTF-16 unit is three bytes at most.
  if (body !== null && body.length * 3 > CALLBACK_BODY_BYTES_MAX) {
    const bytes = Buffer.byteLength(body);
    if (bytes > CALLBACK_BODY_BYTES_MAX) {
      const message = `has ${bytes} bytes; at most ${CALLBACK_BODY_BYTES_MAX} are allowed`;
      return refused(fieldError('callback_body_too_large', '/callback/body', message));
    }
  }
  return ok({ ...callback, body });
}

/** `__proto__` is a fine header name, but no fine key: whoever copies it by assignment loses it. */
const refuseHeaders = (headers: Callback['headers'], rules: CallbackRules): readonly FieldError[] =>
  Object.hasOwn(headers, '__proto__')
    ? [{ path: '/__proto__', message: 'is not taken as a header name' }]
    : rules.refuseHeaders(headers);

export const inWords = (errors: readonly FieldError[]): string =>
  errors.map(({ path, message }) => (path === '' ? message : `${path} ${message}`)).join('; ');

type AskedRetry = { readonly [K in 'attempts' | 'backoff' | 'backoff_max']?: unknown };

function mergeRetry(kept: RetryPolicy, asked: AskedRetry): Drafted<RetryPolicy> {
  const attempts = typeof asked.attempts === 'number' ? asked.attempts : kept.attempts;
  const backoffMs = typeof asked.backoff === 'string' ? parseDuration(asked.backoff) : kept.backoffMs;
  const backoffMaxMs = typeof asked.backoff_max === 'string' ? parseDuration(asked.backoff_max) : kept.backoffMaxMs;
  for (const [path, ms] of [
    ['/retry/backoff', backoffMs],
    ['/retry/backoff_max', backoffMaxMs],
  ] as const) {
    if (ms !== null && ms <= RETRY_BACKOFF_MAX_MS) continue;
    return refused(fieldError('validation_failed', path, `must be at most ${printDuration(RETRY_BACKOFF_MAX_MS)}`));
  }
  if (backoffMs === null || backoffMaxMs === null)
    return refused(fieldError('validation_failed', '/retry', 'is no duration'));
  if (backoffMs > backoffMaxMs) {
    const message = `must not be less than backoff (${printDuration(backoffMs)})`;
    return refused(fieldError('validation_failed', '/retry/backoff_max', message));
  }
  return ok({ attempts, backoffMs, backoffMaxMs });
}

/**
 * Half a surrogate pair, written as an escape (`"\ud800"`), has no UTF-8: memory and disk would keep different text, and the
 * hash of the state would differ from node to node (I4). The callback's body keeps its escapes as they were written.
 */
function checkText<T extends TaskChanges>(draft: T, { text }: JsonBody): Drafted<T> {
  if (!text.includes('\\u')) return ok(draft);
  const { name, tags, schedule, timezone, callback } = draft;
  const texts: readonly (readonly [string, string | null | undefined])[] = [
    ['/name', name],
    ...(tags ?? []).map((tag, index) => [`/tags/${index}`, tag] as const),
    ['/schedule', schedule],
    ['/timezone', timezone],
    ['/callback/url', callback?.url],
  ];
  const broken = texts.find(([, value]) => value != null && !value.isWellFormed());
  if (broken === undefined) return ok(draft);
  return refused(fieldError('validation_failed', broken[0], 'must not hold half a surrogate pair'));
}
