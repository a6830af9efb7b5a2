import type { Message } from '../../raft/messages.ts';
import type { LogIndex, MemberId, Term } from '../../raft/types.ts';
import { checkElected } from './elections.ts';
import { committedThrough, type History, type MemberHistory, termOf } from './history.ts';
import { endOf } from './log-image.ts';
import { holds } from './rule.ts';

/** What a message promises is on the sender's disk when the message leaves (I1, I8). */
export function checkPromise(history: History, member: MemberHistory, message: Message): void {
  const { type, term } = message;
  if (type === 'vote') checkVote(history, member, term, member.id);
  else if (type === 'vote-answer' && message.granted) checkVote(history, member, term, message.to);
  else if (type === 'appended') checkAcknowledgement(history, member, term, message.matchIndex);
  else if (type === 'append' || type === 'heartbeat') checkLeads(history, member, term);
}

function checkVote(history: History, member: MemberHistory, term: Term, candidate: MemberId): void {
  const { id, durableTerm, durableVote } = member;
  const { votes } = termOf(history, term);
  const earlier = votes.get(id);
  holds(
    earlier === undefined || earlier === candidate,
    'One Vote A Term',
    () => `${id} votes in term ${term} for ${earlier} and for ${candidate}`,
  );
  // An answer that was held may leave after the disk has moved on to a later term.
  holds(
    durableTerm > term || (durableTerm === term && durableVote === candidate),
    'Promises Are Durable',
    () => `${id} votes for ${candidate} in term ${term}; on its disk: ${durableVote} in ${durableTerm}`,
  );
  if (earlier === undefined) checkWhole(history, member, term);
  votes.set(id, candidate);
}

/** Who lost what it had acknowledged does not vote before it has it back (raft.md, case 30). */
function checkWhole(history: History, member: MemberHistory, term: Term): void {
  const { id, acked, durable } = member;
  const promised = termOf(history, acked.term).chains;
  const index = Math.min(acked.index, committedThrough(history));
  const stillStands = index > 0 && promised[index] === history.committed[index];
  holds(
    !stillStands || durable.chains[index] === history.committed[index],
    'Whole Log Before A Vote',
    () => `${id} votes in term ${term}, and its log, which ends at ${endOf(durable)}, lost entry ${index}`,
  );
}

function checkAcknowledgement(history: History, member: MemberHistory, term: Term, index: LogIndex): void {
  const { id, durable, acked } = member;
  const { leader, chains } = termOf(history, term);
  holds(
    durable.chains[index] !== undefined && durable.chains[index] === chains[index],
    'Promises Are Durable',
    () => `${id} acknowledges ${index} to ${leader}, leader of term ${term}; its disk ends at ${endOf(durable)}`,
  );
  if (term > acked.term) member.acked = { term, index };
  else if (term === acked.term) acked.index = Math.max(acked.index, index);
}

function checkLeads(history: History, member: MemberHistory, term: Term): void {
  const { id } = member;
  // It may be elected and hear of a later term within one step: what it says in between is the first sign of it.
  if (termOf(history, term).leader === null && term < member.term) checkElected(history, member, term);
  const { leader } = termOf(history, term);
  holds(leader === id, 'Election Safety', () => `${id} speaks as leader of term ${term}, which ${leader} leads`);
}
