import type { Clock, Timer } from '../clock.ts';
import { OUTCOMES_HELD_MS_MAX } from './limits.ts';

/**
 * While callbacks that are due wait for a place, what came of others waits too, for a moment: telling it costs this node and every other a
 * turn, an entry and an fsync of the loop that sends. Of 500 fires at one instant, each outcome told at once made those behind it late.
 */
export class OutcomesBehindSends {
  readonly #clock: Clock;
  /** Callbacks that the sender has accepted and that wait for a place. */
  readonly #waiting: () => number;
  #held: (() => void)[] = [];
  #timer: Timer | null = null;

  constructor(clock: Clock, waiting: () => number) {
    this.#clock = clock;
    this.#waiting = waiting;
  }

  /** Calls `tell` at once, or when nothing waits to be sent any more, and no later than OUTCOMES_HELD_MS_MAX. */
  put(tell: () => void): void {
    this.#held.push(tell);
    // The places of these are taken by what waits; the last of them finds nobody waiting.
    if (this.#waiting() === 0) this.release();
    else this.#timer ??= this.#clock.setTimer(OUTCOMES_HELD_MS_MAX, () => this.release());
  }

  release(): void {
    this.#timer?.cancel();
    this.#timer = null;
    for (const tell of this.#held.splice(0)) tell();
  }
}
