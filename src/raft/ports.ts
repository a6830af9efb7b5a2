import type { Message, SnapshotHead } from './messages.ts';
import type { RaftRole } from './role.ts';
import type {
  Entry,
  EntryKind,
  HardState,
  LogIndex,
  Member,
  MemberId,
  NodeId,
  PlacedConfiguration,
  Term,
} from './types.ts';

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

export type MembershipChange =
  /** A learner becomes a voter by itself once it has caught up, and takes the place of an older instance of its node. */
  | { readonly type: 'add'; readonly member: Member & { readonly kind: 'learner' | 'worker' } }
  /** A voter at once, if it has caught up; else refused. */
  | { readonly type: 'promote'; readonly nodeId: NodeId }
  | { readonly type: 'remove'; readonly nodeId: NodeId };

export type Input =
  /** Monotonic time of this node. `random` in [0, 1) is used for the next election timeout (paper §5.2). */
  | { readonly type: 'tick'; readonly monotonicMs: number; readonly random: number }
  /** What time it is, for what follows in the same step: nothing falls due by it, as that is a tick's to find. */
  | { readonly type: 'now'; readonly monotonicMs: number }
  /** What arrived since the last turn, in order of arrival. */
  | { readonly type: 'receive'; readonly messages: readonly Message[] }
  /** The transport knows that what it sent to a peer is lost: a connection broke, or a send buffer was full. */
  | { readonly type: 'unreachable'; readonly peer: MemberId }
  /** One batch of a turn, in order. */
  | { readonly type: 'propose'; readonly proposals: readonly Proposal[] }
  /** The `persist` effect of this number, and all before it, are on disk. */
  | { readonly type: 'persisted'; readonly persistId: number }
  /** Entries up to `index` are folded into the state. */
  | { readonly type: 'applied'; readonly index: LogIndex }
  | { readonly type: 'read'; readonly readIds: readonly number[] }
  | { readonly type: 'change-members'; readonly changeId: number; readonly change: MembershipChange }
  /** This node is about to end: it campaigns only where nobody else does for long, and not when it is asked to. */
  | { readonly type: 'retire' }
  /** Lead no more; let `to` lead instead. */
  | { readonly type: 'transfer'; readonly transferId: number; readonly to: NodeId }
  /** The log was compacted through `index`. */
  | { readonly type: 'compacted'; readonly index: LogIndex; readonly term: Term }
  /** Answer to `make-snapshot`: a durable copy of the state at an applied index. Null: it could not be made now. */
  | { readonly type: 'snapshot-made'; readonly head: Omit<SnapshotHead, 'configuration'> | null }
  /** Answer to `read-snapshot`. Null: the snapshot is gone. */
  | {
      readonly type: 'snapshot-read';
      readonly to: MemberId;
      readonly snapshotId: string;
      readonly offset: number;
      readonly piece: { readonly data: Uint8Array; readonly checksum: number } | null;
    }
  /** Answer to `write-snapshot`: all bytes before `offset` are kept. A piece whose checksum was wrong leaves it where it was. */
  | { readonly type: 'snapshot-written'; readonly snapshotId: string; readonly offset: number }
  /** Answer to `install-snapshot`: state and log begin at its index now, durably. */
  | { readonly type: 'snapshot-installed'; readonly snapshotId: string }
  /** Other answer to `install-snapshot`: the pieces do not add up, and were thrown away. State and log are as they were. */
  | { readonly type: 'snapshot-refused'; readonly snapshotId: string };

/**
 * In the order in which the shell carries them out within one step. Messages that promise nothing stand before `persist`, so that
 * the network works while the disk does; what promises durability is held in the core until its `persisted` input (I1, I8).
 */
export type Effect =
  | { readonly type: 'send'; readonly messages: readonly Message[] }
  /** At most once a step, merged for the whole turn (group commit). An entry replaces the one at its index and all that follow. */
  | {
      readonly type: 'persist';
      readonly persistId: number;
      readonly hardState?: HardState;
      readonly entries: readonly Entry[];
    }
  /** The proposals stand in the log at these indices; whether they commit is not known yet. */
  | {
      readonly type: 'accepted';
      readonly term: Term;
      readonly at: readonly { readonly proposalId: number; readonly index: LogIndex }[];
    }
  /** For certain not done. `leader`: who might. */
  | { readonly type: 'refused'; readonly proposalIds: readonly number[]; readonly leader: MemberId | null }
  /** Everything up to here may be applied: it is committed, and on this node's disk. */
  | { readonly type: 'committed'; readonly index: LogIndex }
  /** Once `index` is applied, a read is linearizable (thesis §6.4). */
  | { readonly type: 'read-ready'; readonly readIds: readonly number[]; readonly index: LogIndex }
  | { readonly type: 'read-refused'; readonly readIds: readonly number[]; readonly leader: MemberId | null }
  | { readonly type: 'role-changed'; readonly role: RaftRole; readonly term: Term; readonly leader: MemberId | null }
  /** In force from now on, committed or not. */
  | { readonly type: 'configuration-changed'; readonly placed: PlacedConfiguration }
  | { readonly type: 'change-settled'; readonly changeId: number; readonly outcome: ChangeOutcome }
  | { readonly type: 'transfer-settled'; readonly transferId: number; readonly outcome: TransferOutcome }
  /** A peer needs what the log has forgotten. Answered by `snapshot-made`. */
  | { readonly type: 'make-snapshot' }
  | {
      readonly type: 'read-snapshot';
      readonly to: MemberId;
      readonly snapshotId: string;
      readonly offset: number;
      readonly maxBytes: number;
    }
  | {
      readonly type: 'write-snapshot';
      readonly head: SnapshotHead;
      readonly offset: number;
      readonly data: Uint8Array;
      readonly checksum: number;
    }
  /** All pieces are written: replaces state and log, then `snapshot-installed`. Nothing is persisted in between. */
  | { readonly type: 'install-snapshot'; readonly head: SnapshotHead }
  /** A message that cannot be: counted, and said once per peer and cause. Nothing changed. */
  | { readonly type: 'dropped'; readonly from: MemberId; readonly cause: string };

export type ChangeOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly reason: string }
  /** Leadership was lost meanwhile: it may have been done. */
  | { readonly kind: 'unknown' };

export type TransferOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly reason: string }
  /** This node leads on. */
  | { readonly kind: 'timed-out' }
  /** It leads no more, and cannot tell who was elected after it. */
  | { readonly kind: 'unknown' };

/** The durable part of the log, for what the core does not keep in memory. */
export interface LogReader {
  /** At least one entry if `fromIndex` exists, then no more than `maxBytes` of data. */
  read(fromIndex: LogIndex, maxBytes: number): readonly Entry[];
  termAt(index: LogIndex): Term | undefined;
}

/** What a restarted node knows of itself: read from disk, configuration before anything else (raft.md, case 9). */
export interface RaftStart {
  readonly self: MemberId;
  readonly hardState: HardState;
  /** Those that the log holds, oldest first, after the one in force where the log begins. */
  readonly configurations: readonly PlacedConfiguration[];
  readonly log: LogReader;
  /** What was compacted away ends here. */
  readonly base: { readonly index: LogIndex; readonly term: Term };
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  readonly appliedIndex: LogIndex;
  /** Part of the log was lost: no vote until caught up. */
  readonly recovering: boolean;
  /** What this build can read. */
  readonly featureLevel: number;
}

export interface RaftTimings {
  readonly heartbeatMs: number;
  readonly electionTimeoutMinMs: number;
  readonly electionTimeoutMaxMs: number;
}
