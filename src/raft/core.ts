import type { RaftRoleEvent } from '../../machines/raft-role.ts';
import { invariant } from '../invariant.ts';
import { isJoint, mayStand } from './membership.ts';
import type { Message, SnapshotHead } from './messages.ts';
import type { RaftStart, RaftTimings } from './ports.ts';
import type { Progress } from './progress.ts';
import { type VoterSets, voterSetsOf } from './quorum.ts';
import { createRaftLog, type RaftLog } from './raft-log.ts';
import type { RaftRole, RoleSnapshot } from './role.ts';
import { roleAt } from './role.ts';
import type { Configuration, LogIndex, MemberId, PlacedConfiguration, Term } from './types.ts';

/** The volatile and the persistent state of paper Figure 2, as one plain structure that step() works on. */
export interface RaftCore {
  readonly self: MemberId;
  readonly timings: RaftTimings;
  readonly featureLevel: number;
  role: RoleSnapshot;
  /** Every event that the role machine is sent, while somebody watches. */
  watched: RaftRoleEvent[] | null;
  readonly log: RaftLog;

  /** Oldest first; the last is in force, committed or not (paper §6). */
  configurations: PlacedConfiguration[];
  configuration: Configuration;
  voters: VoterSets;

  /** What this node's own disk holds for certain. */
  durableIndex: LogIndex;
  durableTerm: Term;
  commitIndex: LogIndex;
  /** Said to the shell: committed, and durable here. */
  committedTold: LogIndex;
  appliedIndex: LogIndex;

  lastPersistId: number;
  /** On their way to the disk, oldest first. */
  readonly persists: {
    readonly persistId: number;
    lastIndex: LogIndex;
    readonly term: Term;
    readonly sinceMs: number;
  }[];
  /** Messages that promise what `persistId` brings to the disk (I1, I8). */
  readonly held: { readonly persistId: number; readonly message: Message }[];

  /** Null until the first tick: a start is no reason to campaign at once, except for a sole voter. */
  electionDueAtMs: number | null;
  /** Before the first tick no time is known: what is heard till then was heard at no time that could be compared. */
  hasTicked: boolean;
  monotonicMs: number;
  /** No gap between steps since then: before it, others may have spoken while nobody listened here. */
  listensSinceMs: number;
  random: number;
  /**
   * When the last leader was last heard: for refusing votes while it lives (thesis §4.2.3), and so that whoever leads after it knows how
   * long it has been silent. Null while this node leads.
   */
  leaderHeard: { readonly leader: MemberId; readonly atMs: number } | null;
  readonly votes: Map<MemberId, boolean>;
  /** It is about to end, and leaves it to others to lead. */
  retiring: boolean;
  /** This election was asked for by the leader. */
  transferCampaign: boolean;
  /** How far the log is known to be that of the term's leader. */
  matched: { readonly term: Term; index: LogIndex };
  /** How far this node's leader had committed when it last sent entries. */
  leaderCommitIndex: LogIndex;
  /** While recovering: the log is whole when it matches this far in this term. */
  wholeFrom: { readonly term: Term; readonly index: LogIndex } | null;

  /** Rounds of heartbeats are numbered for the whole life of the core, so that no old answer confirms a newer one. */
  round: number;
  /** What a leader keeps; null in every other role. */
  leading: Leading | null;
  /** A leadership transfer that this node began, until somebody leads or its time is up. */
  transfer: Transfer | null;
  /** Reads that a follower sent to its leader, and when. */
  readonly forwardedReads: Map<number, number>;
  /** A snapshot that is arriving. */
  receiving: Receiving | null;
}

export interface Leading {
  /** First entry of the term: only from there on does counting commit (paper §5.4.2). */
  readonly termStartIndex: LogIndex;
  readonly peers: Map<MemberId, Progress>;
  heartbeatDueAtMs: number;
  quorumCheckAtMs: number;
  readonly reads: Reads;
  /** A change that a person waits for, and the index of the configuration that completes it, once known. */
  change: { readonly changeId: number; index: LogIndex } | null;
  /** The configuration that `peers` was made for. */
  peersOf: Configuration | null;
  /** The newest that can be sent. */
  snapshot: SnapshotHead | null;
  /** One is being made, or was not to be had: not asked for again before. */
  snapshotAskedAgainAtMs: number;
}

/** Who asked: this node (null) or a follower. */
export interface AskedReads {
  readonly from: MemberId | null;
  readonly readIds: readonly number[];
}

export interface Reads {
  /** For the next round. */
  waiting: AskedReads[];
  /** Confirmed when a quorum has answered `round`. */
  confirming: { readonly round: number; readonly index: LogIndex; readonly asked: readonly AskedReads[] } | null;
}

export interface Transfer {
  readonly transferId: number;
  readonly to: MemberId;
  readonly untilMs: number;
  /** In which this node began it. */
  readonly term: Term;
  /** The target was told to campaign. */
  told: boolean;
  /** Who was first heard to lead a later term: by the next tick it may have handed on. */
  successor: { readonly leader: MemberId; readonly term: Term } | null;
}

export interface Receiving {
  readonly head: SnapshotHead;
  /** Who sends it now: another leader may go on with the same snapshot. */
  from: MemberId;
  /** All before it is kept for certain. */
  writtenOffset: number;
  /** All before it was handed out to be written. */
  acceptedOffset: number;
  installing: boolean;
}

export function createRaftCore(start: RaftStart, timings: RaftTimings): RaftCore {
  invariant(
    start.appliedIndex <= start.lastIndex && start.appliedIndex >= start.base.index,
    'I4',
    `applied ${start.appliedIndex} is outside the log, ${start.base.index} to ${start.lastIndex}`,
  );
  invariant(
    start.lastTerm <= start.hardState.term,
    'I8',
    `the log ends in term ${start.lastTerm}, the hard state in ${start.hardState.term}`,
  );
  const configuration = start.configurations.at(-1)?.configuration ?? { members: [] };
  const voters = voterSetsOf(configuration);
  return {
    self: start.self,
    timings,
    featureLevel: start.featureLevel,
    role: roleAt(firstRole(start), {
      self: start.self,
      term: start.hardState.term,
      votedFor: start.hardState.votedFor,
      leader: null,
    }),
    watched: null,
    log: createRaftLog(start),
    configurations: [...start.configurations],
    configuration,
    voters,
    durableIndex: start.lastIndex,
    durableTerm: start.hardState.term,
    commitIndex: start.appliedIndex,
    committedTold: start.appliedIndex,
    appliedIndex: start.appliedIndex,
    lastPersistId: 0,
    persists: [],
    held: [],
    electionDueAtMs: null,
    hasTicked: false,
    monotonicMs: 0,
    listensSinceMs: 0,
    random: 0,
    leaderHeard: null,
    votes: new Map(),
    retiring: false,
    transferCampaign: false,
    matched: { term: 0, index: 0 },
    leaderCommitIndex: 0,
    wholeFrom: null,
    transfer: null,
    round: 0,
    leading: null,
    forwardedReads: new Map(),
    receiving: null,
  };
}

function firstRole({ recovering, configurations, appliedIndex, self }: RaftStart): RaftRole {
  if (recovering) return 'recovering';
  return mayStand(configurations, appliedIndex, self) ? 'follower' : 'learner';
}

/** A configuration was appended and is not committed, or it is joint: no other may follow yet (at most one at a time). */
export function isChangingMembers(core: RaftCore): boolean {
  const newest = core.configurations.at(-1);
  return isJoint(core.configuration) || (newest !== undefined && newest.index > core.commitIndex);
}
