import { invariant } from '../invariant.ts';
import type { RaftStart, RaftTimings } from './ports.ts';
import type { RoleSnapshot } from './role.ts';
import { roleAt } from './role.ts';
import type { Configuration, LogIndex, MemberId, Term } from './types.ts';

/** The volatile and the persistent state of paper Figure 2, as one plain structure that step() works on. */
export interface RaftCore {
  readonly self: MemberId;
  readonly timings: RaftTimings;
  configuration: Configuration;
  role: RoleSnapshot;

  lastIndex: LogIndex;
  lastTerm: Term;
  /** What this node's own disk holds for certain. */
  durableIndex: LogIndex;
  durableTerm: Term;
  commitIndex: LogIndex;
  appliedIndex: LogIndex;
  /** First entry of the term that this node leads; only from there on does counting commit (paper §5.4.2). */
  termStartIndex: LogIndex | null;

  /** Null until the first tick: a start is no reason to campaign at once, except for a sole voter. */
  electionDueAtMs: number | null;
  monotonicMs: number;
  random: number;
  votes: Set<MemberId>;
  readonly matchIndex: Map<MemberId, LogIndex>;
  /** Asked of a leader that has not applied its term's first entry yet (raft.md, case 18). */
  readonly waitingReads: number[];
}

export function createRaftCore(start: RaftStart, timings: RaftTimings): RaftCore {
  invariant(
    start.appliedIndex <= start.lastIndex,
    'I4',
    `applied ${start.appliedIndex} is past the log's end ${start.lastIndex}`,
  );
  invariant(
    start.lastTerm <= start.hardState.term,
    'I8',
    `the log ends in term ${start.lastTerm}, the hard state in ${start.hardState.term}`,
  );
  return {
    self: start.self,
    timings,
    configuration: start.configuration,
    role: roleAt('follower', {
      self: start.self,
      term: start.hardState.term,
      votedFor: start.hardState.votedFor,
      leader: null,
    }),
    lastIndex: start.lastIndex,
    lastTerm: start.lastTerm,
    durableIndex: start.lastIndex,
    durableTerm: start.hardState.term,
    commitIndex: start.appliedIndex,
    appliedIndex: start.appliedIndex,
    termStartIndex: null,
    electionDueAtMs: null,
    monotonicMs: 0,
    random: 0,
    votes: new Set(),
    matchIndex: new Map(),
    waitingReads: [],
  };
}
