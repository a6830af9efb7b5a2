import type { LogIndex, MemberId } from '../../raft/types.ts';
import { committedThrough, type History, isMajority, type MemberHistory, memberOf, termOf } from './history.ts';
import { configurationOf } from './log-image.ts';
import { holds } from './rule.ts';

/** A member says that everything through `index` is committed. */
export function checkCommit(history: History, member: MemberHistory, index: LogIndex): void {
  const { committed } = history;
  const { chains } = member.log;
  const before = committedThrough(history);
  for (let at = member.commitIndex + 1; at <= Math.min(index, before); at += 1) {
    holds(
      chains[at] === committed[at],
      'State Machine Safety',
      () => `${member.id} commits entry ${at}, and another one is committed there`,
    );
  }
  if (index <= before) return;
  holds(
    isMajority(configurationOf(member.log), (voter) => holdsDurably(history, voter, index, chains[index])),
    'Committed By A Durable Majority',
    () => `${member.id}, ${member.role} of term ${member.term}, commits ${index}: no majority has it on disk`,
  );
  for (let at = before + 1; at <= index; at += 1) committed[at] = chains[at] ?? 0;
  termOf(history, member.term).committedIndex = index;
  // A later leader must have it as well, even if it was elected before anybody knew this to be committed.
  for (const other of history.members.values()) {
    if (other.role !== 'leader' || other.term <= member.term) continue;
    holds(
      termOf(history, other.term).chains[index] === committed[index],
      'Leader Completeness',
      () => `${other.id} leads term ${other.term} without entry ${index}, committed in term ${member.term}`,
    );
  }
}

/** On its disk now, or was when it said so: a tail that was lost afterwards is the fault's doing. */
function holdsDurably(history: History, voter: MemberId, index: LogIndex, chain: number | undefined): boolean {
  const { durable, acked } = memberOf(history, voter);
  if (durable.chains[index] === chain) return true;
  return acked.index >= index && termOf(history, acked.term).chains[index] === chain;
}
