import type { Clock } from '../clock.ts';
import type { MemberId, Term } from '../raft/types.ts';

/**
 * Who leads, as far as this node knows, and whether this node may decide: it leads, and its term's first entry is applied (I5).
 * Others wait here for a change of that.
 */
export class Leadership {
  readonly #clock: Clock;
  readonly #self: MemberId;
  #leader: MemberId | null = null;
  #term: Term = 0;
  #leaderlessSinceMs: number | null;
  #mayDecide = false;
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock, self: MemberId) {
    this.#clock = clock;
    this.#self = self;
    this.#leaderlessSinceMs = clock.monotonicMs();
  }

  get leader(): MemberId | null {
    return this.#leader;
  }
  get term(): Term {
    return this.#term;
  }
  get mayDecide(): boolean {
    return this.#mayDecide;
  }
  /** Since when nobody is known to lead; null while somebody is. */
  get leaderlessSinceMs(): number | null {
    return this.#leaderlessSinceMs;
  }
  /** Whom to ask: another node that leads. */
  get elsewhere(): MemberId | null {
    return this.#leader === this.#self ? null : this.#leader;
  }

  changed(leader: MemberId | null, term: Term = this.#term): void {
    this.#leader = leader;
    this.#leaderlessSinceMs = leader === null ? (this.#leaderlessSinceMs ?? this.#clock.monotonicMs()) : null;
    this.#term = term;
    if (leader !== this.#self) this.#mayDecide = false;
    this.#tell();
  }

  /** This node failed: it decides nothing any more, and whoever asks it goes on to the next leader. */
  ended(): void {
    this.changed(null);
  }

  termBegun(): void {
    this.#mayDecide = true;
    this.#tell();
  }

  /** Resolves at the next change, or after `maxMs`. */
  untilChange(maxMs: number): Promise<void> {
    return new Promise((resolve) => {
      const over = (): void => {
        timer.cancel();
        this.#waiting.delete(over);
        resolve();
      };
      const timer = this.#clock.setTimer(maxMs, over);
      this.#waiting.add(over);
    });
  }

  /** Those that wait for a change. */
  get waiting(): number {
    return this.#waiting.size;
  }

  #tell(): void {
    for (const tell of [...this.#waiting]) tell();
  }
}
