import { ofAction, type Problem, problemOf, unreachable } from './problem.ts';

/** How a page speaks to the node it came from. Paths are relative, so that it works under any base path. */
export interface Client {
  get<T>(path: string, query?: Query, signal?: AbortSignal, read?: Read<T>): Promise<Told<T>>;
  /** An answer without an end; it is broken off by its reader, or by `signal`. */
  stream(path: string, query: Query, signal: AbortSignal): Promise<Told<ReadableStream<Uint8Array>>>;
  send<T>(method: 'POST' | 'PATCH' | 'DELETE', path: string, sending?: Sending): Promise<Told<T>>;
}

export type Told<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

/** What is made of an answer's text. Throws where it is not as it should be. */
export type Read<T> = (text: string) => T;

export type Query = Readonly<Record<string, string | number | null | undefined>>;

export interface Sending {
  /** JSON text, sent as it is: a callback's body keeps its very bytes. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ClientOptions {
  /** Where paths start, with a slash at its end: the page's own address. */
  readonly base: string;
  readonly token: () => string | null;
  /** Called for each answer that wants a token, or another one. */
  readonly signedOut: (problem: Problem) => void;
  readonly fetch?: typeof globalThis.fetch;
}

/** A write that needs an election is answered in 10 s; whoever waits longer is better told. */
const ANSWER_MS_MAX = 20_000;

export function createClient({ base, token, signedOut, fetch = globalThis.fetch }: ClientOptions): Client {
  async function ask<T>(
    path: string,
    init: RequestInit,
    asked?: AbortSignal,
    read: Read<T> = JSON.parse,
  ): Promise<Told<T>> {
    const bearer = token();
    const headers = new Headers(init.headers);
    if (bearer !== null) headers.set('authorization', `Bearer ${bearer}`);
    const timeout = AbortSignal.timeout(ANSWER_MS_MAX);
    const signal = asked === undefined ? timeout : AbortSignal.any([timeout, asked]);
    let response: Response;
    let text: string;
    try {
      response = await fetch(new URL(path, base), { ...init, headers, signal, cache: 'no-store' });
      text = await response.text();
    } catch {
      return { ok: false, problem: unreachable() };
    }
    const value = response.ok ? orUndefined(read, text) : undefined;
    if (value !== undefined) return { ok: true, value };
    const problem = problemOf(response.status, orUndefined(JSON.parse, text), bearer !== null);
    // An answer to what was asked before signing in says nothing of the token that is there now.
    if (problem.kind === 'signed_out' && token() === bearer) signedOut(problem);
    return { ok: false, problem };
  }

  async function stream(path: string, query: Query, signal: AbortSignal): Promise<Told<ReadableStream<Uint8Array>>> {
    const bearer = token();
    const headers = new Headers(bearer === null ? {} : { authorization: `Bearer ${bearer}` });
    // Only the head has to come in time.
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), ANSWER_MS_MAX);
    try {
      const init = { headers, signal: AbortSignal.any([late.signal, signal]), cache: 'no-store' } as const;
      const response = await fetch(new URL(path + printQuery(query), base), init);
      if (response.ok && response.body !== null) return { ok: true, value: response.body };
      const problem = problemOf(response.status, orUndefined(JSON.parse, await response.text()), bearer !== null);
      if (problem.kind === 'signed_out' && token() === bearer) signedOut(problem);
      return { ok: false, problem };
    } catch {
      return { ok: false, problem: unreachable() };
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    stream,
    get: (path, query = {}, signal, read) => ask(path + printQuery(query), {}, signal, read),
    async send<T>(method: string, path: string, { body, headers = {} }: Sending = {}): Promise<Told<T>> {
      const type = body === undefined ? {} : { 'content-type': 'application/json' };
      const init = { method, headers: { ...type, ...headers }, ...(body === undefined ? {} : { body }) };
      const told = await ask<T>(path, init);
      return told.ok ? told : { ok: false, problem: ofAction(told.problem) };
    },
  };
}

/** What is null, undefined or empty is left out. */
export function printQuery(query: Query): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') given.set(name, String(value));
  }
  return given.size === 0 ? '' : `?${given}`;
}

function orUndefined<T>(read: Read<T>, text: string): T | undefined {
  try {
    return read(text);
  } catch {
    return undefined;
  }
}
