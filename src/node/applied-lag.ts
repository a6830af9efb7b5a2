import type { RaftCore } from '../raft/core.ts';
import type { LogIndex } from '../raft/types.ts';
import { CLAIM_LAG_MS_MAX, LAG_SAMPLE_MS } from './limits.ts';

/**
 * How far behind others are in applying, as the leader sees it: in time, because an entry may hold one pair or a thousand. An index that a
 * peer reports is as old as the leader's own first step beyond it.
 */
export class AppliedLag {
  readonly #core: RaftCore;
  /** What this node had applied, and when, oldest first: as far back as is asked about. */
  readonly #samples: { readonly index: LogIndex; readonly atMs: number }[] = [];

  constructor(core: RaftCore) {
    this.#core = core;
  }

  /** Called again and again while this node leads. */
  look(): void {
    const { appliedIndex: index, monotonicMs: atMs } = this.#core;
    const last = this.#samples.at(-1);
    if (last !== undefined && (last.index === index || atMs - last.atMs < LAG_SAMPLE_MS)) return;
    this.#samples.push({ index, atMs });
    // The oldest that is kept is at least as old as what counts as far behind.
    while (this.#samples[1] !== undefined && atMs - this.#samples[1].atMs > CLAIM_LAG_MS_MAX) this.#samples.shift();
  }

  /** Not known longer than CLAIM_LAG_MS_MAX and a sample. */
  ofMs(appliedIndex: LogIndex): number {
    const beyond = this.#samples.find(({ index }) => index > appliedIndex);
    return beyond === undefined ? 0 : this.#core.monotonicMs - beyond.atMs;
  }
}
