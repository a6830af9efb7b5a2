import { invariant } from '../invariant.ts';
import type { LogIndex, Term } from '../raft/types.ts';
import type { PairResult } from '../tasks/entry.ts';
import { NO_LEADER_WAIT_MS } from './limits.ts';

/**
 * Decisions that a leader had in its log when it was deposed. What became of them its own log tells, since (index, term) names an entry
 * (paper §5.3, raft.md case 22): committed there, they were done; and they never will be once another entry is committed at their
 * index, or one of a later term at or before it, as terms in a log never decrease. A cut of the log alone says nothing: another node may
 * hold them still, and lead.
 */
export interface LeftPair {
  readonly index: LogIndex;
  readonly term: Term;
  /** Which pair of the entry. */
  readonly at: number;
  done(result: PairResult): void;
  /** For certain: it may be decided again. */
  neverDone(): void;
  doubt(): void;
}

export class LeftInLog {
  #pairs: LeftPair[] = [];
  #leaderlessSinceMs: number | null = null;

  get isEmpty(): boolean {
    return this.#pairs.length === 0;
  }

  add(pair: LeftPair): void {
    this.#pairs.push(pair);
  }

  /** Called for each entry that is committed, in log order. `results`: of its pairs, where it has any. */
  committed(index: LogIndex, term: Term, results: readonly PairResult[]): void {
    this.#pairs = this.#pairs.filter((pair) => {
      if (pair.index === index && pair.term === term) {
        const result = results[pair.at];
        invariant(result !== undefined, 'I4', `entry ${index} has no result for its pair ${pair.at}`);
        pair.done(result);
        return false;
      }
      if (pair.index > index && pair.term >= term) return true;
      pair.neverDone();
      return false;
    });
  }

  /** While nobody leads nothing commits: with a majority lost for good, the log would tell nothing for ever. */
  look(isLed: boolean, nowMs: number): void {
    this.#leaderlessSinceMs = isLed || this.isEmpty ? null : (this.#leaderlessSinceMs ?? nowMs);
    if (this.#leaderlessSinceMs !== null && nowMs - this.#leaderlessSinceMs >= NO_LEADER_WAIT_MS) this.doubtAll();
  }

  /** Nothing more will be told of them. */
  doubtAll(): void {
    for (const pair of this.#pairs.splice(0)) pair.doubt();
  }
}
