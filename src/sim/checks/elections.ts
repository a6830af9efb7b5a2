import type { Member, MemberId, PlacedConfiguration, Term } from '../../raft/types.ts';
import { type History, isMajority, type MemberHistory, termOf } from './history.ts';
import { configurationOf, endOf, type LogImage } from './log-image.ts';
import { holds } from './rule.ts';

/** A member became leader of `term`. Its log is still the one it was elected with. */
export function checkElected(history: History, member: MemberHistory, term: Term): void {
  const { id, log } = member;
  const { leader, votes } = termOf(history, term);
  holds(leader === null, 'Election Safety', () => `term ${term} has two leaders, ${leader} and ${id}`);
  holds(
    member.durableTerm === term && member.durableVote === id,
    'Promises Are Durable',
    () => `${id} leads term ${term}, and its disk holds a vote for ${member.durableVote} in ${member.durableTerm}`,
  );
  votes.set(id, id);
  holds(
    mayLead(log, id),
    'Elected By A Quorum',
    () => `${id} leads term ${term}, and neither its newest configuration nor the one that it replaces gives it a vote`,
  );
  holds(
    isMajority(configurationOf(log), (voter) => votes.get(voter) === id),
    'Elected By A Quorum',
    () => `${id} leads term ${term} by the votes of ${[...votes].filter(([, to]) => to === id).map(([from]) => from)}`,
  );
  // One that learns late of its election need not know what was committed in later terms.
  let through = 0;
  for (const [other, { committedIndex }] of history.terms)
    if (other < term) through = Math.max(through, committedIndex);
  holds(
    log.chains[through] === history.committed[through],
    'Leader Completeness',
    () => `${id} leads term ${term} and its log, which ends at ${endOf(log)}, lacks committed entry ${through}`,
  );
  const begun = termOf(history, term);
  begun.leader = id;
  begun.chains = log.chains.slice();
  begun.startIndex = endOf(log) + 1;
}

/** A voter; or one that is led out by its newest configuration and was a voter in the one before (thesis §4.2.2). */
function mayLead({ configurations }: LogImage, id: MemberId): boolean {
  const [newest, before] = configurations.slice(-2).reverse();
  const kindIn = (placed: PlacedConfiguration | undefined): string | undefined => {
    const { members, outgoing } = placed?.configuration ?? { members: [] };
    const named = (one: Member): boolean => `${one.nodeId}/${one.instance}` === id;
    return (outgoing?.find(named) ?? members.find(named))?.kind;
  };
  return kindIn(newest) === 'voter' || (kindIn(newest) === undefined && kindIn(before) === 'voter');
}
