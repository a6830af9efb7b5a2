import type { Configuration, LogIndex, MemberId, Term } from '../../raft/types.ts';
import { emptyImage, type LogImage } from './log-image.ts';

/** What the checkers have seen so far. Made from what passes through the ports, not from what the core thinks of itself. */
export interface History {
  readonly members: Map<MemberId, MemberHistory>;
  /** Chain of the log at each index, whoever has it: the same index and term stand for the same log (Log Matching). */
  readonly chainAt: Map<number, number>;
  /** Chains of what is committed. Only ever grows. */
  readonly committed: number[];
  /** Hash of the state after each index. */
  readonly stateHash: (number | undefined)[];
  readonly terms: Map<Term, TermHistory>;
}

export interface TermHistory {
  leader: MemberId | null;
  /** Chains of the leader's log in this term. Only ever grows. */
  chains: number[];
  startIndex: LogIndex;
  /** As far as it is committed by leaders of this term. */
  committedIndex: LogIndex;
  /** Voter → whom it gave its vote. */
  readonly votes: Map<MemberId, MemberId>;
}

export interface MemberHistory {
  readonly id: MemberId;
  /** As written, durable or not. */
  log: LogImage;
  durable: LogImage;
  durableTerm: Term;
  durableVote: MemberId | null;
  role: string;
  term: Term;
  commitIndex: LogIndex;
  appliedIndex: LogIndex;
  /** The newest acknowledgement: in this term the log was durable up to this index. */
  acked: { term: Term; index: LogIndex };
}

export const createHistory = (): History => ({
  members: new Map(),
  chainAt: new Map(),
  committed: [0],
  stateHash: [],
  terms: new Map(),
});

export function memberOf(history: History, id: MemberId): MemberHistory {
  const known = history.members.get(id);
  if (known !== undefined) return known;
  const member: MemberHistory = {
    id,
    log: emptyImage(),
    durable: emptyImage(),
    durableTerm: 0,
    durableVote: null,
    role: '',
    term: 0,
    commitIndex: 0,
    appliedIndex: 0,
    acked: { term: 0, index: 0 },
  };
  history.members.set(id, member);
  return member;
}

export function termOf(history: History, term: Term): TermHistory {
  const known = history.terms.get(term);
  if (known !== undefined) return known;
  const begun: TermHistory = { leader: null, chains: [], startIndex: 0, committedIndex: 0, votes: new Map() };
  history.terms.set(term, begun);
  return begun;
}

export const committedThrough = (history: History): LogIndex => history.committed.length - 1;

/** A majority, and while the configuration is joint one of each side (paper §6). Written a second time on purpose. */
export function isMajority(configuration: Configuration, has: (voter: MemberId) => boolean): boolean {
  const sides = [configuration.members, configuration.outgoing ?? configuration.members];
  return sides.every((side) => {
    const voters = side.filter(({ kind }) => kind === 'voter');
    const count = voters.filter(({ nodeId, instance }) => has(`${nodeId}/${instance}` as MemberId)).length;
    return count > voters.length / 2;
  });
}
