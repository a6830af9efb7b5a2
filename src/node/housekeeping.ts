import type { Clock, Timer } from '../clock.ts';
import { compactableThrough } from '../raft/compacting.ts';
import { configurationAt } from '../raft/membership.ts';
import type { Projection } from '../store/projection.ts';
import type { Compact, CompactionProblem } from './compaction.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { Leadership } from './leadership.ts';
import { HOUSEKEEPING_EVERY_MS } from './limits.ts';
import type { Replica } from './replica.ts';
import { retain } from './retention.ts';

/** Now and then: a leader removes what nobody keeps any more, by committed events; every node compacts its own log. */
export interface HousekeepingOptions {
  readonly clock: Clock;
  readonly projection: Projection;
  readonly replica: Replica;
  readonly leadership: Leadership;
  readonly deadLetters: DeadLetters;
  readonly compact: Compact;
  readonly failed: (error: Error) => void;
}

export class Housekeeping {
  readonly #options: HousekeepingOptions;
  #timer: Timer | null = null;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: HousekeepingOptions) {
    this.#options = options;
  }

  begin(): void {
    const { clock, failed } = this.#options;
    this.#timer = clock.setTimer(HOUSEKEEPING_EVERY_MS, () => {
      this.#round = this.#keep().then(
        () => {
          if (!this.#stopped) this.begin();
        },
        (error: Error) => {
          if (!this.#stopped) failed(error);
        },
      );
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** Resolves when the round that runs is over. */
  idle(): Promise<void> {
    return this.#round;
  }

  async #keep(): Promise<void> {
    const { projection, replica, leadership, deadLetters } = this.#options;
    while (leadership.mayDecide && !this.#stopped && (await retain(projection, replica, deadLetters))) {
      // One more round: more had piled up than one takes.
    }
    if (!this.#stopped) await this.#compact(false);
  }

  /** For an operator, after the round that runs. */
  compactNow(): Promise<CompactionProblem> {
    const compacted = this.#round.then(() => this.#compact(true));
    this.#round = compacted.then(
      () => {},
      (error: Error) => this.#options.failed(error),
    );
    return compacted;
  }

  #compact(anyway: boolean): Promise<CompactionProblem> {
    const { compact, replica } = this.#options;
    const { core } = replica;
    return compact(
      {
        compactableThrough: (index) => compactableThrough(core, index),
        configurationAt: (index) => configurationAt(core.configurations, index)?.configuration ?? { members: [] },
        compacted: (index, term) => replica.take({ type: 'compacted', index, term }),
      },
      () => this.#stopped,
      anyway,
    );
  }
}
