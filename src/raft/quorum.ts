import type { Configuration, LogIndex, Member, MemberId } from './types.ts';
import { memberId } from './types.ts';

/** The arithmetic of majorities (paper §5.3, §6). Only voters count; learners and workers never do. */

export const idOf = (member: Member): MemberId => memberId(member.nodeId, member.instance);

const votersAmong = (members: readonly Member[]): readonly MemberId[] =>
  members.filter((member) => member.kind === 'voter').map(idOf);

/** One set of voters, or two while a configuration is joint: then a majority of each is needed. */
export interface VoterSets {
  readonly incoming: readonly MemberId[];
  readonly outgoing: readonly MemberId[] | null;
}

export function voterSetsOf(configuration: Configuration): VoterSets {
  const { members, outgoing } = configuration;
  return { incoming: votersAmong(members), outgoing: outgoing === undefined ? null : votersAmong(outgoing) };
}

export const isVoter = ({ incoming, outgoing }: VoterSets, member: MemberId): boolean =>
  incoming.includes(member) || (outgoing?.includes(member) ?? false);

/** Everyone who counts in either set, once. */
export const allVoters = ({ incoming, outgoing }: VoterSets): readonly MemberId[] =>
  outgoing === null ? incoming : [...new Set([...incoming, ...outgoing])];

export const isSoleVoter = ({ incoming, outgoing }: VoterSets, member: MemberId): boolean =>
  incoming.length === 1 && incoming[0] === member && (outgoing === null || outgoing.every((voter) => voter === member));

/** More than half; no voters have no majority. */
function hasMajority(voters: readonly MemberId[], has: (voter: MemberId) => boolean): boolean {
  let count = 0;
  for (const voter of voters) if (has(voter)) count += 1;
  return count * 2 > voters.length;
}

export const isQuorum = ({ incoming, outgoing }: VoterSets, has: (voter: MemberId) => boolean): boolean =>
  hasMajority(incoming, has) && (outgoing === null || hasMajority(outgoing, has));

function majorityIndex(voters: readonly MemberId[], reached: (voter: MemberId) => LogIndex): LogIndex {
  if (voters.length === 0) return 0;
  const descending = voters.map(reached).sort((a, b) => b - a);
  return descending[Math.floor(voters.length / 2)] ?? 0;
}

/** The highest index that a majority of each set has reached. */
export function quorumIndex({ incoming, outgoing }: VoterSets, reached: (voter: MemberId) => LogIndex): LogIndex {
  const newer = majorityIndex(incoming, reached);
  return outgoing === null ? newer : Math.min(newer, majorityIndex(outgoing, reached));
}

/** `lost`: those who have not answered cannot change it any more. */
export type VoteCount = 'won' | 'lost' | 'open';

export function countVotes(sets: VoterSets, votes: ReadonlyMap<MemberId, boolean>): VoteCount {
  if (isQuorum(sets, (voter) => votes.get(voter) === true)) return 'won';
  return isQuorum(sets, (voter) => votes.get(voter) !== false) ? 'open' : 'lost';
}
