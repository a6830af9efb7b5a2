import type { Dispatcher } from 'undici';
import type { AttemptEvent, AttemptState } from '../../machines/attempt.ts';
import type { Clock, Timer } from '../clock.ts';
import { InvariantBroken } from '../invariant.ts';
import { attemptStateOf, createAttemptActor } from './attempt-actor.ts';
import type { CallbackErrorCode, CallbackOutcome, CallbackRequest, WithheldReason } from './callback.ts';
import { errorCodeOf, errorDetail } from './callback-error.ts';
import { requestHeaders } from './callback-headers.ts';
import type { Connection } from './connection-pools.ts';
import { type ExcerptReader, excerptReader } from './response-excerpt.ts';
import { retryAfterMs } from './retry-after.ts';

export interface AttemptTransition {
  readonly key: string;
  readonly from: AttemptState;
  readonly to: AttemptState;
  readonly event: AttemptEvent['type'];
  readonly atMs: number;
}

export interface AttemptOptions {
  readonly request: CallbackRequest;
  /** Path and query of the request's URL. */
  readonly path: string;
  readonly connection: Connection;
  readonly clock: Clock;
  readonly userAgent: string;
  readonly responseBytesMax: number;
  readonly mayStillSend: () => boolean;
  readonly onTransition: ((transition: AttemptTransition) => void) | undefined;
  /** Once, and not from inside undici's parser. `reusable`: the connection may carry another request. */
  readonly finished: (outcome: CallbackOutcome, reusable: boolean) => void;
}

export interface Attempt {
  /** The outcome is `withheld` for `reason` when nothing was sent yet, else the error `cancelled`. */
  cancel(reason: WithheldReason): void;
}

/**
 * Drives one attempt's machine by what happens on its connection. The machine says what may happen next; what arrives after its
 * final state (undici reports what we aborted, a timer crosses an answer) is without effect, so that there is one outcome.
 *
 * A kept connection that the target closes between requests: undici 8 turns the loop once before it writes to a connection that
 * was idle, so that a FIN or RST already received is seen; the request then goes to a new connection, and was sent once. A close
 * that crosses the request on the wire cannot be told from a target that took the request and died. undici does not repeat it
 * (at one request per connection it fails the head of its queue, whatever the method), and neither do we: the outcome is
 * `connection_closed` with `sent: true` and says that the connection was a kept one. Whether to call again, as the next attempt
 * with the same webhook-id, is the task's policy (I6).
 */
export function startAttempt(options: AttemptOptions): Attempt {
  const { request, connection, clock } = options;
  const { timeouts } = request;
  const startedAtMs = clock.nowMs();
  const startedMs = clock.monotonicMs();
  const totalDueMs = startedMs + timeouts.totalMs;
  let headersDueMs = Number.POSITIVE_INFINITY;

  const actor = createAttemptActor();
  let state: AttemptState = 'waiting';
  let over = false;
  let status = 0;
  let retryMs: number | null = null;
  let excerpt: ExcerptReader | null = null;
  let bodyBytes = 0;
  let timer: Timer | null = null;
  let timerDueMs = Number.POSITIVE_INFINITY;

  function tell(event: AttemptEvent['type']): AttemptState {
    const from = state;
    actor.send({ type: event });
    state = attemptStateOf(actor);
    if (state === from) stopNode(new InvariantBroken('I6', `attempt ${request.key}: ${event} in state ${from}`));
    else options.onTransition?.({ key: request.key, from, to: state, event, atMs: clock.nowMs() });
    return state;
  }

  function finish(outcome: CallbackOutcome, reusable: boolean): void {
    over = true;
    timer?.cancel();
    // After undici has left its parser: what follows gives the connection to the next attempt.
    queueMicrotask(() => options.finished(outcome, reusable));
  }

  const times = () => ({ startedAtMs, endedAtMs: startedAtMs + Math.round(clock.monotonicMs() - startedMs) });

  function fail(event: AttemptEvent['type'], error: CallbackErrorCode, detail: string): void {
    const sent = state !== 'waiting';
    tell(event);
    // Asked now: a kept connection found closed was replaced before the request left.
    const where = sent && connection.reused ? `${detail} (on a kept connection)` : detail;
    finish({ kind: 'error', error, detail: where, sent, ...times() }, false);
  }

  function respond(complete: boolean): void {
    tell('ended');
    const text = excerpt?.text(complete) ?? null;
    finish({ kind: 'response', status, retryAfterMs: retryMs, excerpt: text, ...times() }, complete);
  }

  function dueMs(): number {
    if (state === 'waiting') return Math.min(startedMs + timeouts.connectMs, totalDueMs);
    return state === 'requesting' ? Math.min(headersDueMs, totalDueMs) : totalDueMs;
  }

  /** One timer, armed for the nearest deadline and left standing when a later one takes over: most attempts set it once. */
  function watchDeadline(): void {
    const due = dueMs();
    if (due >= timerDueMs) return;
    timer?.cancel();
    timerDueMs = due;
    timer = clock.setTimer(due - clock.monotonicMs(), () => {
      timerDueMs = Number.POSITIVE_INFINITY;
      if (over) return;
      // After a stall of the loop timers run before sockets: what has arrived meanwhile is read first.
      if (clock.monotonicMs() < dueMs()) watchDeadline();
      else setImmediate(timedOut);
    });
  }

  function timedOut(): void {
    if (over) return;
    if (clock.monotonicMs() < dueMs()) {
      watchDeadline();
      return;
    }
    const { connectMs, headersMs, totalMs } = timeouts;
    if (clock.monotonicMs() >= totalDueMs) {
      fail('timedOut', 'total_timeout', `not finished within ${totalMs} ms`);
    } else if (state === 'waiting') {
      fail('timedOut', 'connect_timeout', `no connection within ${connectMs} ms`);
    } else {
      fail('timedOut', 'headers_timeout', `no response within ${headersMs} ms`);
    }
  }

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(controller) {
      if (over) {
        controller.abort(new Error('the attempt is over'));
        return;
      }
      // A second time would be a second sending under one attempt number.
      if (state !== 'waiting') {
        controller.abort(new Error('sent already'));
        stopNode(new InvariantBroken('I6', `attempt ${request.key} would be sent twice`));
        return;
      }
      if (tell(allowed() ? 'released' : 'refused') === 'withheld') {
        finish({ kind: 'withheld', reason: 'may_not_send' }, false);
        controller.abort(new Error('withheld'));
        return;
      }
      headersDueMs = clock.monotonicMs() + timeouts.headersMs;
      watchDeadline();
    },
    onResponseStart(_controller, statusCode, headers) {
      // 1xx comes before the response (RFC 9110 §15.2).
      if (over || statusCode < 200) return;
      tell('answered');
      status = statusCode;
      if (status >= 300) {
        retryMs = retryAfterMs(headers['retry-after'], clock.nowMs());
        excerpt = excerptReader();
      }
    },
    onResponseData(controller, chunk) {
      if (over) return;
      bodyBytes += chunk.length;
      excerpt?.take(chunk);
      if (bodyBytes > options.responseBytesMax) {
        respond(false);
        controller.abort(new Error('enough was read'));
      }
    },
    onResponseEnd() {
      if (!over) respond(true);
    },
    onResponseError(_controller, error) {
      if (!over) fail('failed', errorCodeOf(error, state !== 'waiting'), errorDetail(error));
    },
  };

  /** A test that throws is a bug of its owner: it neither sends nor ends in undici as an error of the network. */
  function allowed(): boolean {
    try {
      return options.mayStillSend();
    } catch (error) {
      stopNode(error);
      return false;
    }
  }

  watchDeadline();
  connection.client.dispatch(
    {
      path: options.path,
      method: request.method,
      headers: requestHeaders(request, startedAtMs, options.userAgent),
      body: request.body === null ? null : Buffer.from(request.body, 'utf8'),
    },
    handler,
  );

  return {
    cancel(reason) {
      if (over) return;
      if (state === 'waiting') {
        tell('cancelled');
        finish({ kind: 'withheld', reason }, false);
      } else {
        fail('cancelled', 'cancelled', reason === 'closed' ? 'the sender closed' : 'cancelled');
      }
    },
  };
}

/** Thrown from here, undici would catch it and report it as a failed request. */
function stopNode(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
