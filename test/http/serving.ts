import assert from 'node:assert/strict';
import type { OutgoingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { pino } from 'pino';
import type { HostControls, LogLevel } from '../../src/control/verb.ts';
import { parseCidrs } from '../../src/dispatch/address-guard.ts';
import { checkCallbackHeaders } from '../../src/dispatch/callback-headers.ts';
import { checkCallbackUrl } from '../../src/dispatch/callback-url.ts';
import { CATALOGUE, type ErrorCode } from '../../src/http/error-catalogue.ts';
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../../src/http/server.ts';
import type { CallbackRules } from '../../src/node/callback-guard.ts';
import { createFakeNode, type FakeNode } from './fake-node.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';

/** A server over the fake node, asked without a socket. */
export interface Serving {
  readonly http: HttpServer;
  readonly node: FakeNode;
  readonly clock: ManualClock;
  /** All that was logged. */
  readonly log: string[];
  ask(method: Method, url: string, options?: Ask): Promise<Told>;
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT' | 'OPTIONS' | 'HEAD';

export interface Ask {
  readonly headers?: OutgoingHttpHeaders;
  /** Sent as it is, as JSON unless the headers say otherwise. */
  readonly text?: string | Buffer;
  readonly json?: unknown;
}

export interface Told {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly text: string;
  readonly json: unknown;
}

const empty = (() => {
  const parsed = parseCidrs([]);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
})();

/** The real guard, with its defaults for a node on loopback at port 8000. */
const callbackRules: CallbackRules = {
  refuseUrl(url) {
    const own = [{ host: '127.0.0.1', port: 8000 }];
    const rules = { allowLoopback: true, allow: empty, deny: empty, own, localAddresses: [] };
    const checked = checkCallbackUrl(url, rules);
    return checked.ok ? null : checked.error.message;
  },
  refuseHeaders(headers) {
    const checked = checkCallbackHeaders(headers);
    return checked.ok ? [] : checked.error;
  },
};

/** A process whose log level can be changed, and nothing else. */
function hostControls(): HostControls {
  let level: LogLevel = 'info';
  return {
    logLevel: () => level,
    setLogLevel: (next) => {
      level = next;
    },
  };
}

export function serving(options: Partial<HttpServerOptions> = {}): Serving {
  const clock = manualClock();
  const node = createFakeNode(clock);
  const log: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line) => void log.push(line) });
  const http = createHttpServer({
    node,
    callbackRules,
    token: null,
    logger,
    host: hostControls(),
    clock,
    defaults: { timezone: 'UTC' },
    version: '0.0.0-test',
    dataDirectory: tmpdir(),
    ...options,
  });
  return {
    http,
    node,
    clock,
    log,
    async ask(method, url, { headers = {}, text, json } = {}) {
      const payload = json === undefined ? text : JSON.stringify(json);
      const typed = payload === undefined ? headers : { 'content-type': 'application/json', ...headers };
      const told = await http.inject({ method, url, headers: typed, ...(payload === undefined ? {} : { payload }) });
      const isJson = /json/.test(String(told.headers['content-type']));
      return {
        status: told.statusCode,
        headers: told.headers,
        text: told.payload,
        json: isJson && told.payload !== '' ? JSON.parse(told.payload) : null,
      };
    },
  };
}

/** Narrow a parsed answer to what a test reads of it. */
export const fieldsOf = (told: Told): Readonly<Record<string, unknown>> => told.json as Record<string, unknown>;

const TEXT_SHOWN_CHARS_MAX = 1_000;
const shown = ({ text }: Told): string => text.slice(0, TEXT_SHOWN_CHARS_MAX);

export function assertProblem(told: Told, code: ErrorCode, path?: string, message?: RegExp): void {
  const problem = fieldsOf(told) as { readonly errors: readonly { readonly path: string; readonly message: string }[] };
  const { status, title } = CATALOGUE[code];
  assert.equal(told.headers['content-type'], 'application/problem+json; charset=utf-8', shown(told));
  const { type, title: toldTitle, status: toldStatus, code: toldCode } = fieldsOf(told);
  assert.deepEqual(
    { http: told.status, type, title: toldTitle, status: toldStatus, code: toldCode },
    { http: status, type: `urn:xcron:error:${code}`, title, status, code },
    shown(told),
  );
  if (path === undefined) return;
  const found = problem.errors.find((error) => error.path === path);
  assert.ok(found, `no error at ${path} in ${shown(told)}`);
  if (message !== undefined) assert.match(found.message, message);
}

export function assertEnvelope(told: Told, number: number, message?: RegExp): void {
  assert.equal(told.status, 200, shown(told));
  const { uuid, code, message: said } = fieldsOf(told);
  assert.match(String(uuid), /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/);
  assert.equal(code, number, shown(told));
  if (message !== undefined) assert.match(String(said), message);
}
