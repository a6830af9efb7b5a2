import type { CallbackErrorCode } from './callback.ts';

export type ConnectErrorCode = Extract<
  CallbackErrorCode,
  'blocked_address' | 'dns_failed' | 'connect_refused' | 'connect_timeout' | 'connect_failed' | 'tls_failed'
>;

/** An error only because undici's connector interface and net.Socket take nothing else; it ends as a value (an outcome). */
export class ConnectFailure extends Error {
  /** Not one of undici's own codes: on those it would go on connecting. */
  readonly code: ConnectErrorCode;

  constructor(code: ConnectErrorCode, message: string, cause?: Error) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ConnectFailure';
    this.code = code;
  }
}

/** Of an error of the system while connecting over TCP. */
export function connectFailure(error: Error & { readonly code?: unknown }): ConnectFailure {
  if (error instanceof ConnectFailure) return error;
  // All addresses of a name failed (RFC 8305): what the guard or the resolver said counts before the rest.
  if (error instanceof AggregateError) {
    const inner = error.errors.find((each) => each instanceof ConnectFailure);
    if (inner !== undefined) return inner;
  }
  const messages = error instanceof AggregateError ? error.errors.map((each) => each?.message) : [error.message];
  const detail =
    messages.filter((message) => typeof message === 'string' && message !== '').join('; ') || String(error.code);
  switch (error.code) {
    case 'ECONNREFUSED':
      return new ConnectFailure('connect_refused', detail, error);
    case 'ETIMEDOUT':
      return new ConnectFailure('connect_timeout', detail, error);
    default:
      return new ConnectFailure('connect_failed', detail, error);
  }
}
