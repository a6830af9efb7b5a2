import type { Clock, Timer } from '../clock.ts';
import { OUTCOMES_HELD_MS } from './limits.ts';

/**
 * While callbacks that are due wait for a place, what came of others waits too, for a moment: telling it costs this node and every other a
 * turn, an entry and an fsync of the loop that sends. Of 500 fires at one instant, each outcome told at once made those behind it late; and
 * told as soon as this node's own line was empty, it still met the lines of the others.
 */
export class OutcomesBehindSends {
  readonly #clock: Clock;
  /** Callbacks that the sender has accepted and that wait for a place. */
  readonly #waiting: () => number;
  #held: (() => void)[] = [];
  /** The line lasts longer than a burst does: a slow target must not hold up what is told of the others. */
  #isLong = false;
  #timer: Timer | null = null;

  constructor(clock: Clock, waiting: () => number) {
    this.#clock = clock;
    this.#waiting = waiting;
  }

  /** Calls `tell` at once, or, when callbacks were found waiting, with all others OUTCOMES_HELD_MS after the line was first found. */
  put(tell: () => void): void {
    this.#held.push(tell);
    const waits = this.#waiting() > 0;
    this.#isLong &&= waits;
    if (this.#isLong || (!waits && this.#timer === null)) this.release();
    else
      this.#timer ??= this.#clock.setTimer(OUTCOMES_HELD_MS, () => {
        this.#isLong = this.#waiting() > 0;
        this.release();
      });
  }

  release(): void {
    this.#timer?.cancel();
    this.#timer = null;
    for (const tell of this.#held.splice(0)) tell();
  }
}
