import type { ClusterAnswer, MemberAnswer } from '../api/cluster-answers.ts';
import { howLong } from '../parts/how-far.ts';

/** Only a leader knows how far others are, and tells it once a second: elsewhere it may be less by then. Of a silent one nobody knows. */
export function behindInWords(
  { commit_index, role: own }: Pick<ClusterAnswer, 'commit_index' | 'role'>,
  { match_index, role, alive }: Pick<MemberAnswer, 'match_index' | 'role' | 'alive'>,
): string {
  if (!alive) return 'not known';
  if (match_index === null) return '–';
  const behind = commit_index - match_index;
  return behind <= 0 || role === 'leader'
    ? 'up to date'
    : `${own === 'leader' ? '' : 'up to '}${behind} ${behind === 1 ? 'entry' : 'entries'}`;
}

export function heardInWords({ lag_ms, alive }: Pick<MemberAnswer, 'lag_ms' | 'alive'>): string {
  if (lag_ms === null) return alive ? '–' : 'never, so far';
  if (alive) return lag_ms < 1_000 ? `${lag_ms} ms ago` : `${howLong(lag_ms)} ago`;
  return `silent for ${howLong(lag_ms)}`;
}

/** What is left to lose while somebody leads. Voters decide; others only send. */
export function spareInWords(members: readonly Pick<MemberAnswer, 'kind' | 'alive'>[]): string {
  const voters = members.filter(({ kind }) => kind === 'voter');
  const heard = voters.filter(({ alive }) => alive).length;
  const needed = Math.floor(voters.length / 2) + 1;
  const spare = heard - needed;
  return `The others send in its place. ${heard} of ${voters.length} voters are heard, and ${needed} are needed: ${
    spare <= 0 ? 'without one more of them nothing fires' : `${spare} more may be lost`
  }.`;
}
