import { onConfigurationCommitted } from './changing-members.ts';
import { onCommitted } from './committing.ts';
import { restartElectionTimer } from './election.ts';
import { CONFLICT_STEPS_MAX } from './limits.ts';
import type { MessageOf } from './messages.ts';
import { termAt } from './raft-log.ts';
import { noteSuccessor } from './transferring.ts';
import type { Turn } from './turn.ts';
import type { LogIndex, MemberId, Term } from './types.ts';

/** What everyone but the leader does with the leader's words (paper §5.3). */

export function hearLeader(turn: Turn, leader: MemberId): void {
  const { core, role } = turn;
  if (turn.leader !== leader || role === 'preCandidate' || role === 'candidate') {
    turn.move({ type: 'LEADER_SEEN', leader });
  }
  noteSuccessor(turn, leader);
  core.leaderHeard = { leader, atMs: core.monotonicMs };
  restartElectionTimer(core);
}

export function onAppend(turn: Turn, message: MessageOf<'append'>): void {
  const { core } = turn;
  // The log is about to be replaced; the leader sends again what is not answered.
  if (core.receiving?.installing === true) return;
  const { from, prevIndex, prevTerm, entries } = message;
  const { base } = core.log;
  if (prevIndex >= base.index && termAt(core.log, prevIndex) !== prevTerm) {
    refuseAppend(turn, from, prevIndex, prevTerm);
    return;
  }
  // What the base stands for is committed, and needs no look; its own entry has to be the same.
  let at = Math.max(0, base.index - prevIndex);
  const atBase = entries[at - 1];
  if (atBase !== undefined && atBase.term !== base.term) {
    turn.emit({ type: 'dropped', from, cause: `entry ${base.index} conflicts with a committed one` });
    return;
  }
  while (at < entries.length && termAt(core.log, prevIndex + 1 + at) === entries[at]?.term) at += 1;
  const rest = entries.slice(at);
  const first = rest[0];
  if (first !== undefined && first.index <= core.log.lastIndex) {
    if (first.index <= core.commitIndex) {
      // No leader asks for that: the message is not what a leader said (raft.md, case 26).
      turn.emit({ type: 'dropped', from, cause: `entry ${first.index} conflicts with a committed one` });
      return;
    }
    turn.truncateFrom(first.index);
  }
  turn.appendFrom(rest);
  const matchIndex = Math.max(prevIndex + entries.length, base.index);
  if (core.matched.term !== turn.term) core.matched = { term: turn.term, index: matchIndex };
  else core.matched.index = Math.max(core.matched.index, matchIndex);
  core.leaderCommitIndex = message.commitIndex;
  // Never beyond what this message vouches for (paper Figure 2; raft.md, case 26).
  commitTo(turn, Math.min(message.commitIndex, matchIndex));
  if (message.quiet !== true) turn.promise(from, { type: 'appended', matchIndex });
}

function refuseAppend(turn: Turn, leader: MemberId, prevIndex: LogIndex, prevTerm: Term): void {
  const { log } = turn.core;
  let hintIndex = Math.min(prevIndex, log.lastIndex);
  for (let steps = 0; steps < CONFLICT_STEPS_MAX && hintIndex > log.base.index; steps += 1) {
    const term = termAt(log, hintIndex);
    if (term === undefined || term <= prevTerm) break;
    hintIndex -= 1;
  }
  const hintTerm = termAt(log, hintIndex) ?? 0;
  turn.promise(leader, { type: 'append-refused', prevIndex, lastIndex: log.lastIndex, hintIndex, hintTerm });
}

export function onHeartbeat(turn: Turn, message: MessageOf<'heartbeat'>): void {
  const { core } = turn;
  if (message.logLost && turn.role !== 'recovering') turn.move({ type: 'LOG_LOST' });
  if (turn.role === 'recovering' && core.wholeFrom?.term !== turn.term) {
    core.wholeFrom = { term: turn.term, index: message.lastIndex };
  }
  commitTo(turn, Math.min(message.commitIndex, core.log.lastIndex));
  finishRecovery(turn);
  turn.promise(message.from, {
    type: 'heartbeat-answer',
    round: message.round,
    durableIndex: core.durableIndex,
    appliedIndex: core.appliedIndex,
    recovering: turn.role === 'recovering',
    featureLevel: core.featureLevel,
  });
}

export function commitTo(turn: Turn, index: LogIndex): void {
  const { core } = turn;
  if (index <= core.commitIndex) return;
  core.commitIndex = index;
  onCommitted(turn);
}

/**
 * A node that lost part of its log votes again once it holds, on disk, everything that its leader's log held when this leader first
 * spoke to it: among that is all that it had ever acknowledged and that was committed (I8, raft.md case 30).
 */
export function finishRecovery(turn: Turn): void {
  const { core } = turn;
  if (turn.role !== 'recovering' || core.wholeFrom === null) return;
  const { term, index } = core.wholeFrom;
  if (term !== turn.term || core.matched.term !== term) return;
  if (core.matched.index < index || core.durableIndex < index) return;
  core.wholeFrom = null;
  turn.move({ type: 'CAUGHT_UP' });
  turn.followConfiguration();
  onConfigurationCommitted(turn);
}
