import type { Clock, Timer } from '../clock.ts';

/**
 * Deadlines of one length: they pass in the order in which they were set, so that one timer does for all of them. A timer for each
 * write costs half a microsecond, and next to none of them ever fires.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #lengthMs: number;
  /** The oldest first. */
  readonly #waiting = new Set<Deadline>();
  #timer: Timer | null = null;

  constructor(clock: Clock, lengthMs: number) {
    this.#clock = clock;
    this.#lengthMs = lengthMs;
  }

  set(pass: () => void): Timer {
    const deadline = { passesAtMs: this.#clock.monotonicMs() + this.#lengthMs, pass };
    this.#waiting.add(deadline);
    if (this.#timer === null) this.#arm(this.#lengthMs);
    return { cancel: () => this.#forget(deadline) };
  }

  /** Without one that waits there is no timer: it would keep a process alive that has nothing left to do. */
  #forget(deadline: Deadline): void {
    this.#waiting.delete(deadline);
    if (this.#waiting.size > 0) return;
    this.#timer?.cancel();
    this.#timer = null;
  }

  #arm(delayMs: number): void {
    this.#timer = this.#clock.setTimer(delayMs, () => this.#look());
  }

  #look(): void {
    this.#timer = null;
    const nowMs = this.#clock.monotonicMs();
    for (const deadline of this.#waiting) {
      if (deadline.passesAtMs > nowMs) {
        if (this.#timer === null) this.#arm(deadline.passesAtMs - nowMs);
        return;
      }
      this.#waiting.delete(deadline);
      deadline.pass();
    }
  }
}

interface Deadline {
  readonly passesAtMs: number;
  readonly pass: () => void;
}
