import type { Entry, Term } from '../../raft/types.ts';
import { type History, type MemberHistory, termOf } from './history.ts';
import { endOf } from './log-image.ts';
import { holds } from './rule.ts';

const TERMS_MAX = 2 ** 20;

/** Also in the very step in which it stops: what it appended then was sent by the leader of the term. */
export const leadsIn = (history: History, member: MemberHistory, term: Term): boolean =>
  member.term === term && termOf(history, term).leader === member.id;

/** A leader appends, and does nothing else to its log (Leader Append-Only); its configurations come one at a time (thesis §4). */
export function checkLeaderWrite(history: History, member: MemberHistory, entry: Entry): void {
  if (!leadsIn(history, member, member.term)) return;
  const { id, log, term } = member;
  holds(
    entry.index === endOf(log) + 1 && entry.term === term,
    'Leader Append-Only',
    () => `${id}, leader of term ${term}, writes entry ${entry.index} of term ${entry.term} after ${endOf(log)}`,
  );
  if (entry.kind !== 'configuration') return;
  const { startIndex } = termOf(history, term);
  const newest = log.configurations.at(-1)?.index ?? 0;
  const committed = history.committed.length - 1;
  holds(
    newest <= committed && startIndex <= committed,
    'One Membership Change',
    () =>
      `${id} appends a configuration at ${entry.index}: the one at ${newest} or the term's first, ${startIndex}, is uncommitted`,
  );
}

/** The same index and term stand for the same log, whoever holds it. */
export function checkMatching(history: History, member: MemberHistory, entry: Entry, chain: number): void {
  const key = entry.index * TERMS_MAX + entry.term;
  const known = history.chainAt.get(key);
  if (known === undefined) history.chainAt.set(key, chain);
  else {
    holds(
      known === chain,
      'Log Matching',
      () => `${member.id} has another log up to entry ${entry.index} of term ${entry.term}`,
    );
  }
}
