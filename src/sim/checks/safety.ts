import type { RaftCore } from '../../raft/core.ts';
import type { Message } from '../../raft/messages.ts';
import type { RaftStart } from '../../raft/ports.ts';
import { roleOf } from '../../raft/role.ts';
import type { LogIndex, MemberId } from '../../raft/types.ts';
import type { DiskWrite, StoredState } from '../disk.ts';
import { checkCommit } from './commits.ts';
import { checkElected } from './elections.ts';
import { type History, memberOf, termOf } from './history.ts';
import { copyOf, cut, endOf, put } from './log-image.ts';
import { checkPromise } from './promises.ts';
import { holds } from './rule.ts';
import { checkLeaderWrite, checkMatching, leadsIn } from './writes.ts';

/**
 * The promises of paper Figure 3, and those of design.md §3 that concern consensus, held against every run. Each look costs no more
 * than what changed: they are on in every step.
 */

export function started(history: History, id: MemberId, start: Omit<RaftStart, 'self' | 'featureLevel'>): void {
  const member = memberOf(history, id);
  member.log = copyOf(member.durable);
  member.role = '';
  member.commitIndex = start.appliedIndex;
  member.appliedIndex = start.appliedIndex;
  holds(
    start.hardState.term >= member.durableTerm,
    'Nothing Goes Back',
    () => `${id} starts in term ${start.hardState.term}, and had ${member.durableTerm} on its disk`,
  );
  member.term = start.hardState.term;
}

/** Before anything of the step is carried out: who leads, and by whose votes. */
export function looksAtRole(history: History, id: MemberId, core: RaftCore): void {
  const member = memberOf(history, id);
  const role = roleOf(core.role);
  const { term } = core.role.context;
  // A leader commits what it wrote in an earlier step, and may write because of it in this one.
  if (role === 'leader' && member.role === 'leader') looksAtProgress(history, id, core);
  if (role === member.role && term === member.term) return;
  holds(term >= member.term, 'Nothing Goes Back', () => `${id} went from term ${member.term} to ${term}`);
  const elected = role === 'leader' && (member.role !== 'leader' || term !== member.term);
  member.role = role;
  member.term = term;
  if (elected) checkElected(history, member, term);
}

/** After the step: how far it is committed and applied. */
export function looksAtProgress(history: History, id: MemberId, core: RaftCore): void {
  const member = memberOf(history, id);
  const { commitIndex } = core;
  if (commitIndex === member.commitIndex) return;
  holds(
    commitIndex > member.commitIndex,
    'Nothing Goes Back',
    () => `${id} had committed ${member.commitIndex}, now ${commitIndex}`,
  );
  checkCommit(history, member, commitIndex);
  member.commitIndex = commitIndex;
}

export function sent(history: History, message: Message): void {
  checkPromise(history, memberOf(history, message.from), message);
}

export function writes(history: History, id: MemberId, write: DiskWrite): void {
  const member = memberOf(history, id);
  if (write.kind === 'install') return;
  for (const entry of write.entries) {
    checkLeaderWrite(history, member, entry);
    const chain = put(member.log, entry);
    checkMatching(history, member, entry, chain);
    if (leadsIn(history, member, entry.term)) termOf(history, entry.term).chains[entry.index] = chain;
  }
}

export function becameDurable(history: History, id: MemberId, write: DiskWrite): void {
  const member = memberOf(history, id);
  if (write.kind === 'install') {
    const { index, configuration } = write.state;
    const image = {
      chains: history.committed.slice(0, index + 1),
      terms: [],
      configurations: configuration === null ? [] : [configuration],
    };
    member.durable = image;
    member.log = copyOf(image);
    member.appliedIndex = index;
    return;
  }
  for (const entry of write.entries) put(member.durable, entry);
  if (write.hardState === undefined) return;
  const { term, votedFor } = write.hardState;
  holds(
    term > member.durableTerm ||
      (term === member.durableTerm && (member.durableVote === null || votedFor === member.durableVote)),
    'One Vote A Term',
    () =>
      `${id} writes a vote for ${votedFor} in term ${term} over one for ${member.durableVote} in ${member.durableTerm}`,
  );
  member.durableTerm = term;
  member.durableVote = votedFor;
}

/** The disk lost what was behind this index. */
export function lost(history: History, id: MemberId, lastIndex: LogIndex): void {
  cut(memberOf(history, id).durable, lastIndex);
}

export function applied(history: History, id: MemberId, index: LogIndex, hash: number): void {
  const member = memberOf(history, id);
  holds(
    index === member.appliedIndex + 1,
    'State Machine Safety',
    () => `${id} applies ${index} after ${member.appliedIndex}`,
  );
  holds(
    history.committed[index] !== undefined && history.committed[index] === member.log.chains[index],
    'State Machine Safety',
    () => `${id} applies entry ${index}, which is not what was committed there`,
  );
  const known = history.stateHash[index];
  holds(known === undefined || known === hash, 'State Machine Safety', () => `${id} has another state at ${index}`);
  history.stateHash[index] = hash;
  member.appliedIndex = index;
}

/** A snapshot of this state is about to replace what a member has. */
export function installs(history: History, id: MemberId, state: StoredState): void {
  const member = memberOf(history, id);
  holds(
    history.stateHash[state.index] === state.hash,
    'State Machine Safety',
    () => `${id} installs a state that nobody had at ${state.index}`,
  );
  holds(
    state.index > member.commitIndex,
    'Nothing Goes Back',
    () =>
      `${id} committed ${member.commitIndex} and installs a snapshot of ${state.index} (its log ends at ${endOf(member.log)})`,
  );
}
