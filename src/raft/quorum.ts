import type { Configuration, LogIndex, Member, MemberId } from './types.ts';
import { memberId } from './types.ts';

/** The arithmetic of majorities. Only voters count; learners and workers never do. */

export const idOf = (member: Member): MemberId => memberId(member.nodeId, member.instance);

export const votersOf = (configuration: Configuration): readonly MemberId[] =>
  configuration.members.filter((member) => member.kind === 'voter').map(idOf);

/** More than half; a group without voters has no majority. */
export function isQuorum(voters: readonly MemberId[], has: (voter: MemberId) => boolean): boolean {
  return voters.length > 0 && voters.filter(has).length > voters.length / 2;
}

/** The highest index that a majority has reached (paper §5.3). */
export function quorumIndex(voters: readonly MemberId[], reached: (voter: MemberId) => LogIndex): LogIndex {
  if (voters.length === 0) return 0;
  const ascending = voters.map(reached).sort((a, b) => a - b);
  return ascending[Math.ceil(voters.length / 2) - 1] ?? 0;
}
