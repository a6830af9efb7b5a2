import type { Clock, Timer } from '../clock.ts';
import { invariant } from '../invariant.ts';
import type { AddressGuard } from './address-guard.ts';
import { type Attempt, type AttemptTransition, startAttempt } from './attempt.ts';
import type { CallbackOutcome, CallbackRequest, WithheldReason } from './callback.ts';
import { type CallbackUrl, rememberingUrlParser } from './callback-url.ts';
import { createConnectionPools } from './connection-pools.ts';
import { createGuardedConnector } from './guarded-connector.ts';
import type { Lookup } from './guarded-lookup.ts';
import { checkLimits, SENDER_LIMITS, type SenderLimits } from './limits.ts';
import { createWaitingLines } from './waiting-line.ts';

export interface Sender {
  /**
   * Makes one attempt. `mayStillSend` is asked at the very moment the request is about to be written to a live connection: false
   * means that nothing is sent. `settled` is called exactly once, never inside this call.
   *
   * Throws for a key that is in hand already (I6) and above `acceptedMax` (I10): a caller bounds what it claims.
   */
  send(request: CallbackRequest, mayStillSend: () => boolean, settled: (outcome: CallbackOutcome) => void): void;
  /** Accepted and not settled: in flight and waiting. */
  readonly inFlight: number;
  /** Of these, those that wait for a place. */
  readonly waiting: number;
  /** For metrics and tests; `targets` and `connections` show that nothing is left behind. */
  readonly counts: SenderCounts;
  /** It may not be sent any more: gives it back if it waits in line. What holds a connection asks by itself, before it is written. */
  withhold(key: string): void;
  /** Withholds what is not yet on the wire; ends the request that is. Without effect for an unknown key. */
  cancel(key: string): void;
  /** Takes nothing more. Resolves when all that was accepted is settled: by itself within `graceMs`, or then cancelled. */
  close(graceMs: number): Promise<void>;
}

export interface SenderCounts {
  readonly sending: number;
  readonly waiting: number;
  readonly targets: number;
  readonly connections: number;
  readonly idleConnections: number;
}

export interface SenderOptions {
  readonly clock: Clock;
  readonly guard: AddressGuard;
  readonly limits?: Partial<SenderLimits>;
  readonly userAgent: string;
  /** Each step of each attempt's machine, for the debugger. */
  readonly onTransition?: (transition: AttemptTransition) => void;
  /** In place of the system's resolver. */
  readonly lookup?: Lookup;
  /** Certificates to trust in place of the system's. */
  readonly ca?: string;
}

interface Accepted {
  readonly request: CallbackRequest;
  readonly url: CallbackUrl;
  readonly mayStillSend: () => boolean;
  readonly settled: (outcome: CallbackOutcome) => void;
  /** Null when it went in flight at once. */
  waitingUntil: Timer | null;
  /** Null while it waits. */
  attempt: Attempt | null;
}

export function createSender(options: SenderOptions): Sender {
  const { clock } = options;
  const limits = checkLimits({ ...SENDER_LIMITS, ...options.limits });
  const pools = createConnectionPools(createGuardedConnector(options), limits);
  const lines = createWaitingLines<Accepted>(limits);
  const parseUrl = rememberingUrlParser();
  const accepted = new Map<string, Accepted>();
  let closed: Promise<void> | null = null;
  let drained: (() => void) | null = null;

  function settle(item: Accepted, outcome: CallbackOutcome): void {
    item.waitingUntil?.cancel();
    accepted.delete(item.request.key);
    try {
      item.settled(outcome);
    } finally {
      if (accepted.size === 0) drained?.();
    }
  }

  function withhold(item: Accepted, reason: WithheldReason): void {
    if (lines.remove(item.url.origin, item.request.key) === null) return;
    queueMicrotask(() => settle(item, { kind: 'withheld', reason }));
  }

  function startNext(): void {
    for (let item = lines.take(); item !== null; item = lines.take()) start(item);
  }

  function start(item: Accepted): void {
    const { request, url } = item;
    item.waitingUntil?.cancel();
    item.waitingUntil = null;
    const connection = pools.take(url.origin);
    item.attempt = startAttempt({
      request,
      path: url.path,
      connection,
      clock,
      userAgent: options.userAgent,
      responseBytesMax: limits.responseBytesMax,
      mayStillSend: item.mayStillSend,
      onTransition: options.onTransition,
      finished(outcome, reusable) {
        if (reusable) pools.giveBack(connection);
        else pools.drop(connection);
        lines.release(url.origin);
        try {
          settle(item, outcome);
        } finally {
          startNext();
        }
      },
    });
  }

  function cancel(item: Accepted, reason: WithheldReason): void {
    if (item.attempt === null) withhold(item, reason);
    else item.attempt.cancel(reason);
  }

  return {
    send(request, mayStillSend, settled) {
      invariant(!accepted.has(request.key), 'I6', `attempt ${request.key} is in hand already`);
      invariant(
        accepted.size < limits.acceptedMax,
        'I10',
        `more than ${limits.acceptedMax} attempts given to the sender`,
      );
      const url = parseUrl(request.url);
      if (!url.ok) {
        const atMs = clock.nowMs();
        const times = { startedAtMs: atMs, endedAtMs: atMs };
        const { message } = url.error;
        queueMicrotask(() =>
          settled({ kind: 'error', error: 'request_invalid', detail: message, sent: false, ...times }),
        );
        return;
      }
      const reason = reasonToWithhold(url.value.origin);
      if (reason !== null) {
        queueMicrotask(() => settled({ kind: 'withheld', reason }));
        return;
      }
      const item: Accepted = { request, url: url.value, mayStillSend, settled, waitingUntil: null, attempt: null };
      accepted.set(request.key, item);
      lines.add(url.value.origin, request.key, item);
      startNext();
      if (item.attempt === null) {
        item.waitingUntil = clock.setTimer(limits.waitMsMax, () => withhold(item, 'waited_too_long'));
      }
    },
    get inFlight() {
      return accepted.size;
    },
    get waiting() {
      return accepted.size - lines.inFlight;
    },
    get counts() {
      return {
        sending: lines.inFlight,
        waiting: accepted.size - lines.inFlight,
        targets: lines.targets,
        connections: pools.open,
        idleConnections: pools.idle,
      };
    },
    withhold(key) {
      const item = accepted.get(key);
      if (item?.attempt === null) withhold(item, 'may_not_send');
    },
    cancel(key) {
      const item = accepted.get(key);
      if (item !== undefined) cancel(item, 'cancelled');
    },
    close(graceMs) {
      closed ??= drain(graceMs);
      return closed;
    },
  };

  function reasonToWithhold(origin: string): WithheldReason | null {
    if (closed !== null) return 'closed';
    return lines.countOf(origin) < limits.perTargetAcceptedMax ? null : 'target_line_full';
  }

  async function drain(graceMs: number): Promise<void> {
    if (accepted.size > 0) {
      const grace = clock.setTimer(graceMs, () => {
        // Those that wait first, or each ended one would start the next.
        for (const item of [...accepted.values()]) if (item.attempt === null) withhold(item, 'closed');
        for (const item of [...accepted.values()]) cancel(item, 'closed');
      });
      await new Promise<void>((resolve) => {
        drained = resolve;
      });
      grace.cancel();
    }
    await pools.close();
  }
}
