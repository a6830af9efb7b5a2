import type { Configuration, Entry, LogIndex, MemberId, Term } from './types.ts';

/**
 * What members say to each other: the two calls of paper Figure 2 and InstallSnapshot of Figure 13, split into questions and
 * answers, and what the thesis adds to them (pre-vote §9.6, transfer §3.10, ReadIndex §6.4). Any of them may be lost, late,
 * repeated or out of order (I2). Cluster, group and incarnation are the transport's business.
 */

/** `term` is the sender's own, save where a question asks about another. */
interface Between {
  readonly from: MemberId;
  readonly to: MemberId;
  readonly term: Term;
}

/** "Would you vote for me in `forTerm`?" Changes nobody's term. */
export interface PreVote {
  readonly type: 'pre-vote';
  readonly forTerm: Term;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
}
export interface PreVoteAnswer {
  readonly type: 'pre-vote-answer';
  readonly forTerm: Term;
  readonly granted: boolean;
}

/** RequestVote. `transfer`: the leader itself asked for this election, so hearing from it is no reason to refuse. */
export interface Vote {
  readonly type: 'vote';
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  readonly transfer: boolean;
}
export interface VoteAnswer {
  readonly type: 'vote-answer';
  readonly granted: boolean;
}

/** AppendEntries. */
export interface Append {
  readonly type: 'append';
  readonly prevIndex: LogIndex;
  readonly prevTerm: Term;
  readonly entries: readonly Entry[];
  readonly commitIndex: LogIndex;
  /** Says only how far is committed, to one whose log is known to match: nothing waits for an answer. */
  readonly quiet?: boolean;
}
/** On disk and matching through `matchIndex`. */
export interface Appended {
  readonly type: 'appended';
  readonly matchIndex: LogIndex;
}
/** The log does not hold (`prevIndex`, `prevTerm`). The hint lets the leader skip a whole term of conflicts (paper §5.3). */
export interface AppendRefused {
  readonly type: 'append-refused';
  readonly prevIndex: LogIndex;
  readonly lastIndex: LogIndex;
  /** The follower's log may match at or below this entry, and surely not above. */
  readonly hintIndex: LogIndex;
  readonly hintTerm: Term;
}

/**
 * Says that the leader leads, how far the receiver may commit, and which round of heartbeats this is. Apart from appends, so that
 * an unknown log position delays neither. `lastIndex`: how much a log has to hold to be whole (see the role *recovering*).
 */
export interface Heartbeat {
  readonly type: 'heartbeat';
  readonly round: number;
  readonly commitIndex: LogIndex;
  readonly lastIndex: LogIndex;
  /** The leader has an acknowledgement for more than the receiver's log holds: part of it was lost. */
  readonly logLost: boolean;
}
export interface HeartbeatAnswer {
  readonly type: 'heartbeat-answer';
  readonly round: number;
  /** End of the receiver's durable log: one that ends before what was acknowledged has lost something. */
  readonly durableIndex: LogIndex;
  readonly appliedIndex: LogIndex;
  readonly recovering: boolean;
  readonly featureLevel: number;
}

export interface SnapshotHead {
  readonly snapshotId: string;
  readonly index: LogIndex;
  readonly term: Term;
  readonly configuration: Configuration;
  readonly bytes: number;
}

/** InstallSnapshot, a piece at a time. */
export interface SnapshotChunk {
  readonly type: 'snapshot-chunk';
  readonly head: SnapshotHead;
  readonly offset: number;
  readonly data: Uint8Array;
  readonly checksum: number;
}
/** The receiver has everything up to `offset`; the next piece begins there. */
export interface SnapshotReceived {
  readonly type: 'snapshot-received';
  readonly snapshotId: string;
  readonly offset: number;
  /** The whole did not add up, and none of it was kept: another copy is needed. */
  readonly refused?: boolean;
}

/** "Campaign now": the last word of a leadership transfer. */
export interface TimeoutNow {
  readonly type: 'timeout-now';
}

/** A follower's reads, to be confirmed by the leader. */
export interface ReadIndex {
  readonly type: 'read-index';
  readonly readIds: readonly number[];
}
/** Null: the sender does not lead, or lost its quorum. */
export interface ReadIndexAnswer {
  readonly type: 'read-index-answer';
  readonly readIds: readonly number[];
  readonly index: LogIndex | null;
}

export type MessageBody =
  | PreVote
  | PreVoteAnswer
  | Vote
  | VoteAnswer
  | Append
  | Appended
  | AppendRefused
  | Heartbeat
  | HeartbeatAnswer
  | SnapshotChunk
  | SnapshotReceived
  | TimeoutNow
  | ReadIndex
  | ReadIndexAnswer;

export type Message = Between & MessageBody;
export type MessageType = MessageBody['type'];
export type MessageOf<T extends MessageType> = Between & Extract<MessageBody, { readonly type: T }>;

/** Only the leader of `term` says these. */
export const isFromLeader = (message: Message): boolean =>
  message.type === 'append' || message.type === 'heartbeat' || message.type === 'snapshot-chunk';
