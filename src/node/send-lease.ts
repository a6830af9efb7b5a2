import type { Clock, Timer } from '../clock.ts';
import { SEND_LEASE_MS, SEND_LEASE_RENEW_MS } from './limits.ts';

/**
 * The right to send what this node holds. A claim may have been cancelled by a leader that this node does not hear; so it sends only
 * for a while after a read of its own was confirmed, counted on its monotonic clock from when it *asked*. A leader that cancels waits
 * until the holder has applied that, or until its lease must have run out (I6).
 */
export interface SendLeaseOptions {
  readonly clock: Clock;
  /** Resolves to whether a quorum confirmed, after it was asked, that its leader leads. */
  readonly confirm: () => Promise<boolean>;
  /** Whether anything is held that a lease would be for. */
  readonly isNeeded: () => boolean;
}

export class SendLease {
  readonly #options: SendLeaseOptions;
  #untilMs = Number.NEGATIVE_INFINITY;
  #asking = false;
  #timer: Timer | null = null;
  #waiting: ((held: boolean) => void)[] = [];

  constructor(options: SendLeaseOptions) {
    this.#options = options;
  }

  get isHeld(): boolean {
    return this.#options.clock.monotonicMs() < this.#untilMs;
  }

  /** Asked when something is to be sent: resolves at once while the lease is held. */
  acquire(): Promise<boolean> {
    this.#arm();
    if (this.isHeld) return Promise.resolve(true);
    return new Promise((settle) => {
      this.#waiting.push(settle);
      this.#ask();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    for (const settle of this.#waiting.splice(0)) settle(false);
  }

  #ask(): void {
    if (this.#asking) return;
    this.#asking = true;
    const askedAtMs = this.#options.clock.monotonicMs();
    const answered = (confirmed: boolean): void => {
      this.#asking = false;
      if (confirmed) this.#untilMs = Math.max(this.#untilMs, askedAtMs + SEND_LEASE_MS);
      const { isHeld } = this;
      for (const settle of this.#waiting.splice(0)) settle(isHeld);
    };
    this.#options.confirm().then(answered, () => answered(false));
  }

  /** Renewed while it is needed, so that sending seldom waits for it. */
  #arm(): void {
    if (this.#timer !== null) return;
    this.#timer = this.#options.clock.setTimer(SEND_LEASE_RENEW_MS, () => {
      this.#timer = null;
      if (!this.#options.isNeeded()) return;
      this.#ask();
      this.#arm();
    });
  }
}
