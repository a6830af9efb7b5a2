import { invariant } from '../invariant.ts';

/** Every bound of the sender (I10). What happens at each is said beside it. */
export interface SenderLimits {
  /** Attempts that hold a connection. More wait in their target's line. */
  readonly inFlightMax: number;
  /** Of these, to one target (origin). More wait in its line, while others go past. */
  readonly perTargetMax: number;
  /** In flight and waiting together. The caller bounds the claims it holds, so one more is its bug: I10 throws. */
  readonly acceptedMax: number;
  /** Of these, for one target: a slow one must not fill the node. One more is withheld (`target_line_full`). */
  readonly perTargetAcceptedMax: number;
  /** How long an attempt waits in line before it is withheld (`waited_too_long`). */
  readonly waitMsMax: number;
  /** Connections kept open without a request, over all targets. At the bound the one idle longest is closed. */
  readonly idleConnectionsMax: number;
  /** How long one is kept, unless the target says less in its Keep-Alive header. Short: most servers close after 5 s or more. */
  readonly keepAliveMs: number;
  /** Of a response's body. The rest is not read, and the connection dropped. */
  readonly responseBytesMax: number;
  /** Of a response's head; more is `response_invalid`. */
  readonly responseHeadBytesMax: number;
}

export const SENDER_LIMITS: SenderLimits = {
  inFlightMax: 512,
  perTargetMax: 64,
  acceptedMax: 4_096,
  perTargetAcceptedMax: 1_024,
  waitMsMax: 30_000,
  idleConnectionsMax: 512,
  keepAliveMs: 4_000,
  responseBytesMax: 64 * 1_024,
  responseHeadBytesMax: 16 * 1_024,
};

export function checkLimits(limits: SenderLimits): SenderLimits {
  for (const [name, value] of Object.entries(limits)) {
    invariant(Number.isSafeInteger(value) && value > 0, 'I10', `the sender's limit ${name} is ${value}`);
  }
  invariant(limits.perTargetMax <= limits.inFlightMax, 'I10', 'one target may have more in flight than the node');
  invariant(limits.inFlightMax <= limits.acceptedMax, 'I10', 'more may be in flight than is accepted');
  invariant(
    limits.perTargetMax <= limits.perTargetAcceptedMax,
    'I10',
    'a target may have more in flight than is accepted',
  );
  invariant(
    limits.perTargetAcceptedMax <= limits.acceptedMax,
    'I10',
    'one target may have more accepted than the node',
  );
  return limits;
}
