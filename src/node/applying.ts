import type { Clock } from '../clock.ts';
import { invariant } from '../invariant.ts';
import type { RaftCore } from '../raft/core.ts';
import { termAt } from '../raft/raft-log.ts';
import type { LogIndex, Term } from '../raft/types.ts';
import type { LogStore } from '../store/log-store.ts';
import type { Projection } from '../store/projection.ts';
import { applyEntry, type EntryContent, type PairResult, refusedPlaces } from '../tasks/entry.ts';
import { type EntityRef, needsOf } from '../tasks/needs.ts';
import { CommittedEntries, type Said } from './committed-entries.ts';
import { APPLY_SLICE_MS } from './limits.ts';
import { type OwnEntry, outcomeOf, type ProposalQueue } from './proposal-queue.ts';

/**
 * Folds what is committed into the state, in log order, each entry once (I4). What an entry needs is in memory first; loading it,
 * and room in the overlay, is all that applying waits for.
 */
export interface ApplyingOptions {
  readonly core: RaftCore;
  readonly log: LogStore;
  readonly projection: Projection;
  readonly proposals: ProposalQueue;
  readonly clock: Clock;
  readonly applied: (index: LogIndex) => void;
  readonly folded: (content: EntryContent, results: readonly PairResult[], index: LogIndex) => void;
  readonly termStarted: (term: Term) => void;
  /** Whatever it waited for is there. */
  readonly goOn: () => void;
  readonly failed: (error: unknown) => void;
}

export class Applying {
  readonly #options: ApplyingOptions;
  #index: LogIndex;
  readonly #entries: CommittedEntries;
  #lastLogTimeMs: number;
  #loading = false;
  /** The overlay is full: entries are applied faster than a flush writes them (I10). */
  #pressed = false;

  constructor(options: ApplyingOptions) {
    this.#options = options;
    this.#entries = new CommittedEntries(options);
    this.#index = options.core.appliedIndex;
    this.#lastLogTimeMs = options.projection.entities.meta().logTimeMs;
  }

  /** Up to where the state is folded, whether or not the core has been told. */
  get index(): LogIndex {
    return this.#index;
  }
  get isBehind(): boolean {
    return this.#index < this.#options.core.committedTold;
  }
  get isWaiting(): boolean {
    return this.#loading || this.#pressed;
  }
  get isPressed(): boolean {
    return this.#pressed;
  }

  /** Log time never decreases, whatever the clock does. */
  logTimeMs(nowMs: number): number {
    this.#lastLogTimeMs = Math.max(this.#lastLogTimeMs, Math.floor(nowMs));
    return this.#lastLogTimeMs;
  }

  /** As much as one turn may take. */
  apply(): void {
    if (this.isWaiting || !this.isBehind) return;
    const { clock } = this.#options;
    const began = clock.monotonicMs();
    this.#applyUntil(() => clock.monotonicMs() - began > APPLY_SLICE_MS);
    this.#awaitRoom();
  }

  /** A snapshot took the place of the state. */
  replaced(index: LogIndex): void {
    this.#options.proposals.replaced();
    this.#index = index;
    this.#entries.replaced();
    this.#lastLogTimeMs = Math.max(this.#lastLogTimeMs, this.#options.projection.entities.meta().logTimeMs);
  }

  #applyUntil(sliceOver: () => boolean): void {
    const { core, projection, proposals, applied, termStarted } = this.#options;
    while (!this.#loading && this.isBehind) {
      const index = this.#index + 1;
      const own = proposals.at(index);
      const said = this.#entries.said(index);
      if (said === null) {
        projection.applied(index);
        this.#tellWhatWasLeft(index, []);
      } else {
        const missing = projection.missing(needsOf(said.content));
        if (missing.length > 0) {
          this.#load([...missing, ...this.#entries.missingBehind(index)]);
          return;
        }
        this.#fold(index, said, own);
      }
      this.#entries.folded(index);
      this.#index = index;
      applied(index);
      if (index === core.leading?.termStartIndex) termStarted(core.role.context.term);
      if (sliceOver()) return;
    }
  }

  #fold(index: LogIndex, { data, content }: Said, own: OwnEntry | undefined): void {
    const { projection, proposals, folded } = this.#options;
    const results = applyEntry(projection.entities, content);
    projection.refused.add(index, refusedPlaces(results));
    projection.applied(index, data);
    this.#lastLogTimeMs = Math.max(this.#lastLogTimeMs, content.atMs);
    folded(content, results, index);
    this.#tellWhatWasLeft(index, results);
    if (own === undefined) return;
    for (const [at, { settle }] of own.waiters.entries()) {
      const result = results[at];
      invariant(result !== undefined, 'I4', `entry ${index} has no result for its pair ${at}`);
      settle(outcomeOf(result, index));
    }
    proposals.forget(index);
  }

  /** Those who wait since this node was deposed. */
  #tellWhatWasLeft(index: LogIndex, results: readonly PairResult[]): void {
    const { core, proposals } = this.#options;
    if (!proposals.hasLeft) return;
    const term = termAt(core.log, index);
    invariant(term !== undefined, 'I4', `entry ${index} is committed and not in the log`);
    proposals.committed(index, term, results);
  }

  /** Nothing is folded meanwhile, so that what arrives is the state as it is. */
  #load(missing: readonly EntityRef[]): void {
    this.#loading = true;
    this.#options.projection.load(missing).then(() => {
      this.#loading = false;
      this.#options.goOn();
    }, this.#options.failed);
  }

  /** Resolves within this turn unless the overlay is at its bound. */
  #awaitRoom(): void {
    this.#pressed = true;
    this.#options.projection.untilRoom().then(() => {
      this.#pressed = false;
      this.#options.goOn();
    }, this.#options.failed);
  }
}
