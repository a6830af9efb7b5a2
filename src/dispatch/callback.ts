/** What the node asks of the sender, and what it gets back. Nothing here knows raft or the state of tasks. */

export const CALLBACK_METHODS = ['POST', 'PUT', 'PATCH', 'GET', 'DELETE'] as const;
export type CallbackMethod = (typeof CALLBACK_METHODS)[number];

export interface CallbackTimeouts {
  /** DNS, TCP and TLS together. */
  readonly connectMs: number;
  /** From the request on the wire to the last header of the final response. */
  readonly headersMs: number;
  /** The whole attempt, from the start of connecting to the last byte that is read. */
  readonly totalMs: number;
}

export interface CallbackRequest {
  /** Unique for the attempt. */
  readonly key: string;
  /** The same for all attempts of an execution (I6): the target's means against duplicates. */
  readonly executionId: string;
  readonly taskId: string;
  readonly scheduledAtMs: number;
  readonly attempt: number;
  readonly term: number;
  readonly url: string;
  readonly method: CallbackMethod;
  /** The task's own. */
  readonly headers: Readonly<Record<string, string>>;
  /** Sent byte for byte as UTF-8. */
  readonly body: string | null;
  readonly timeouts: CallbackTimeouts;
}

export const CALLBACK_ERROR_CODES = [
  /** The address guard refuses the target. */
  'blocked_address',
  'dns_failed',
  'connect_refused',
  'connect_timeout',
  /** Unreachable, reset while connecting, no free port … */
  'connect_failed',
  'tls_failed',
  /** The request cannot be written as HTTP: a URL or header that was checked by an older rule. */
  'request_invalid',
  'headers_timeout',
  'total_timeout',
  /** Closed or reset before the response was complete. */
  'connection_closed',
  /** Not HTTP, or a head of more than the allowed size. */
  'response_invalid',
  'cancelled',
] as const;
export type CallbackErrorCode = (typeof CALLBACK_ERROR_CODES)[number];

export type WithheldReason =
  /** The last test, at the moment of leaving, said no. */
  | 'may_not_send'
  | 'cancelled'
  /** One target's line is full: it answers more slowly than it is called. */
  | 'target_line_full'
  /** No place in flight within the time that an attempt may wait. */
  | 'waited_too_long'
  /** The sender is closing. */
  | 'closed';

interface Times {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** A value, never a throw; exactly one per attempt. */
export type CallbackOutcome =
  | ({
      readonly kind: 'response';
      readonly status: number;
      /** Only of a failed (non-2xx) response, as is the excerpt. */
      readonly retryAfterMs: number | null;
      readonly excerpt: string | null;
    } & Times)
  | ({
      readonly kind: 'error';
      readonly error: CallbackErrorCode;
      readonly detail: string;
      /** May the target have seen the request? False is a promise; true means unknown. */
      readonly sent: boolean;
    } & Times)
  /** Nothing left this node. */
  | { readonly kind: 'withheld'; readonly reason: WithheldReason };
