import type { RaftRole } from './role.ts';
import type { Configuration, Entry, EntryKind, HardState, LogIndex, MemberId, Term } from './types.ts';

/**
 * What goes into the consensus core and what comes out. `step(core, inputs) → effects` is all there is: the shell makes the
 * effects happen, and reports each completion as an input again, so that a simulator can delay or lose it.
 */

export interface Proposal {
  /** Chosen by the caller; comes back in `accepted` or `refused`. */
  readonly proposalId: number;
  readonly kind: EntryKind;
  readonly data: string;
}

export type Input =
  /** Monotonic time of this node. `random` in [0, 1) is used for the next election timeout (paper §5.2). */
  | { readonly type: 'tick'; readonly monotonicMs: number; readonly random: number }
  /** One batch of a turn, in order. */
  | { readonly type: 'propose'; readonly proposals: readonly Proposal[] }
  /** A `persist` effect is on disk: all entries up to `lastIndex`, and the hard state of `term`. */
  | { readonly type: 'persisted'; readonly lastIndex: LogIndex; readonly term: Term }
  /** Entries up to `index` are folded into the state. */
  | { readonly type: 'applied'; readonly index: LogIndex }
  | { readonly type: 'read'; readonly readIds: readonly number[] };

/**
 * In the order in which the shell carries them out within one step. `persist` stands at most once, merged for the whole turn
 * (group commit); nothing that follows from it is acknowledged before its `persisted` input (I1, I8).
 */
export type Effect =
  | { readonly type: 'persist'; readonly hardState?: HardState; readonly entries: readonly Entry[] }
  /** The proposals stand in the log at these indices; whether they commit is not known yet. */
  | {
      readonly type: 'accepted';
      readonly term: Term;
      readonly at: readonly { readonly proposalId: number; readonly index: LogIndex }[];
    }
  | { readonly type: 'refused'; readonly proposalIds: readonly number[]; readonly leader: MemberId | null }
  /** Everything up to here may be applied. */
  | { readonly type: 'committed'; readonly index: LogIndex }
  /** Once `index` is applied, a read is linearizable (thesis §6.4). */
  | { readonly type: 'read-ready'; readonly readIds: readonly number[]; readonly index: LogIndex }
  | { readonly type: 'read-refused'; readonly readIds: readonly number[]; readonly leader: MemberId | null }
  | { readonly type: 'role-changed'; readonly role: RaftRole; readonly term: Term; readonly leader: MemberId | null };

/** What a restarted node knows of itself: read from disk, configuration before anything else (raft.md, case 9). */
export interface RaftStart {
  readonly self: MemberId;
  readonly hardState: HardState;
  readonly configuration: Configuration;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  readonly appliedIndex: LogIndex;
}

export interface RaftTimings {
  readonly electionTimeoutMinMs: number;
  readonly electionTimeoutMaxMs: number;
}
