import type { IncomingHttpHeaders } from 'node:http';
import { problemInWords, readProblem } from './api-problem.ts';
import { EXIT, type ExitCode } from './exit-code.ts';

/** One request to a node, and what became of it: an answer, or the exit code with the reason. */
export type Answer =
  | {
      readonly ok: true;
      readonly status: number;
      /** As it came: printing it again from `json` would lose digits of long numbers. */
      readonly text: string;
      readonly json: unknown;
      /** An earlier request with this Idempotency-Key had done it. */
      readonly replayed: boolean;
    }
  | Failure;

export interface Failure {
  readonly ok: false;
  readonly exit: ExitCode;
  readonly message: string;
  /** Sent again, it may succeed: nothing was done, or the request carries an Idempotency-Key. */
  readonly retryAfterMs: number | null;
  /** Every request of this caller would fail alike: it is not known here. */
  readonly isAboutCaller: boolean;
}

interface Received {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiClient {
  readonly server: string;
  readonly token: string | null;
  send(request: ApiRequest): Promise<Answer>;
  /** An answer without an end, of a GET: its body as it comes, which throws where it breaks off. */
  open(path: string, signal: AbortSignal): Promise<Opened>;
}

export type Opened = { readonly ok: true; readonly body: AsyncIterable<Uint8Array> } | Failure;

export const DEFAULT_SERVER = 'http://127.0.0.1:8000';
/** Longer than the node's own deadline for a write, so that its answer is the one that counts. */
const REQUEST_MS_MAX = 30_000;
/** Three heartbeats of an event stream: what is silent for longer is gone. */
const SILENT_MS_MAX = 30_000;
/** A page of 1,000 tasks with bodies of 64 KiB. */
const ANSWER_BYTES_MAX = 128 * 1_024 * 1_024;

export function createApiClient(options: { readonly server: string; readonly token: string | null }): ApiClient {
  const server = options.server.replace(/\/+$/, '');
  const authorization: Readonly<Record<string, string>> =
    options.token === null ? {} : { authorization: `Bearer ${options.token}` };
  return {
    server,
    token: options.token,
    async send(request) {
      const isWrite = request.method !== 'GET';
      const headers = {
        accept: 'application/json, application/problem+json',
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...authorization,
        ...request.headers,
      };
      try {
        // Loaded with the first request. Three times as many requests a second as fetch, which an import of 100,000 lines notices;
        // and it follows no redirect: a node answers itself, and the token is for nobody else.
        const { request: call } = await import('undici');
        const response = await call(`${server}${request.path}`, {
          method: request.method,
          headers,
          body: request.body ?? null,
          headersTimeout: REQUEST_MS_MAX,
          bodyTimeout: REQUEST_MS_MAX,
        });
        return judge(server, isWrite, response, await readBounded(response.body));
      } catch (error) {
        return connectionFailure(server, isWrite, error);
      }
    },
    async open(path, signal) {
      try {
        const { request: call } = await import('undici');
        const headers = { accept: 'text/event-stream, application/problem+json', ...authorization };
        const times = { headersTimeout: REQUEST_MS_MAX, bodyTimeout: SILENT_MS_MAX };
        const response = await call(`${server}${path}`, { headers, signal, ...times });
        const isStream = /^text\/event-stream/.test(String(response.headers['content-type']));
        if (response.statusCode === 200 && isStream) return { ok: true, body: response.body };
        const answer = judge(server, false, response, await readBounded(response.body));
        return answer.ok
          ? failed(EXIT.unavailable, `what answers at ${server} has no events; ${WHERE_TO_LOOK}`)
          : answer;
      } catch (error) {
        return connectionFailure(server, false, error);
      }
    },
  };
}

async function readBounded(body: AsyncIterable<Buffer>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`the answer is longer than ${ANSWER_BYTES_MAX} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function judge(server: string, isWrite: boolean, response: Received, text: string): Answer {
  const status = response.statusCode;
  const json = parsed(text);
  if (status >= 200 && status < 300 && (json !== undefined || text === ''))
    return { ok: true, status, text, json, replayed: response.headers['idempotent-replayed'] === 'true' };
  const problem = readProblem(json);
  if (problem === null) {
    // A proxy in between may say that the node is away, in its own words.
    if (status === 502 || status === 503)
      return failed(EXIT.unavailable, `${server} answers ${status}: no node behind it`);
    if (status === 504 && isWrite) return failed(EXIT.unknown, unknownInWords(`${server} answers 504`));
    return failed(
      EXIT.unavailable,
      `what answers at ${server} (status ${status}) is not an xcron node; ${WHERE_TO_LOOK}`,
    );
  }
  const words = problemInWords(problem);
  if (status === 401) {
    return { ...failed(EXIT.refused, `${words}\n${TOKEN_HINT}`), isAboutCaller: true };
  }
  if (status === 403) return { ...failed(EXIT.refused, words), isAboutCaller: true };
  if (status === 503) return failed(EXIT.unavailable, words, retryAfterMs(response));
  if (status === 504) return failed(EXIT.unknown, isWrite ? unknownInWords(words) : words, 0);
  if (status >= 500) return failed(isWrite ? EXIT.unknown : EXIT.unavailable, words);
  return failed(EXIT.refused, words, status === 429 ? retryAfterMs(response) : null);
}

const failed = (exit: ExitCode, message: string, retry: number | null = null): Failure => ({
  ok: false,
  exit,
  message,
  retryAfterMs: retry,
  isAboutCaller: false,
});

const WHERE_TO_LOOK = 'say where it is with --server URL or XCRON_SERVER';
const TOKEN_HINT = 'Put the API token of this node into XCRON_API_TOKEN, or give --api-token-file FILE.';
const RETRY_AFTER_DEFAULT_MS = 500;

function retryAfterMs(response: Received): number {
  const seconds = response.headers['retry-after'];
  return typeof seconds === 'string' && /^\d{1,4}$/.test(seconds) ? Number(seconds) * 1_000 : RETRY_AFTER_DEFAULT_MS;
}

const unknownInWords = (what: string): string =>
  `${what}\nIt may have been done: look with "xcron task list" before you repeat it.`;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Errors before a connection stood: nothing can have been done. */
const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function connectionFailure(server: string, isWrite: boolean, error: unknown): Failure {
  const { code, words } = causeOf(error);
  const hint = code === 'ECONNREFUSED' ? 'Start one with "xcron serve" (in a clone: npm start), or ' : '';
  if (NOT_CONNECTED.has(code) || !isWrite) {
    return failed(
      EXIT.unavailable,
      `no node answers at ${server} (${words}). ${hint}${capitalised(hint, WHERE_TO_LOOK)}.`,
    );
  }
  return { ...failed(EXIT.unknown, unknownInWords(`${server} gave no answer (${words}).`)), retryAfterMs: 0 };
}

const capitalised = (before: string, text: string): string => (before === '' ? `S${text.slice(1)}` : text);

function causeOf(error: unknown): { readonly code: string; readonly words: string } {
  if (!(error instanceof Error)) return { code: '', words: String(error) };
  // A name with several addresses fails once for each.
  const cause: unknown = error instanceof AggregateError ? error.errors[0] : error;
  if (!(cause instanceof Error)) return { code: '', words: error.message };
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  return { code, words: code === 'ECONNREFUSED' ? 'connection refused' : cause.message };
}
