import type { Leading, RaftCore } from './core.ts';
import {
  APPEND_BYTES_MAX,
  APPEND_ENTRIES_MAX,
  APPENDS_PER_TURN_MAX,
  CONFLICT_STEPS_MAX,
  FAREWELL_TIMEOUTS,
  RESEND_HEARTBEATS,
} from './limits.ts';
import { everyoneIn } from './membership.ts';
import type { MessageOf } from './messages.ts';
import {
  acknowledged,
  becomeProbe,
  becomeSnapshot,
  createProgress,
  heard,
  lostLog,
  mayAppend,
  type Progress,
  sent,
} from './progress.ts';
import { isQuorum, quorumIndex } from './quorum.ts';
import { entriesFrom, termAt } from './raft-log.ts';
import { resendSnapshot, sendSnapshot } from './sending-snapshots.ts';
import type { Turn } from './turn.ts';
import type { LogIndex, MemberId, Term } from './types.ts';

/** A leader's duties to its peers: appends (paper §5.3), heartbeats, and stepping down when a quorum is silent (thesis §6.2). */

/** Nothing is decided in a term before an entry of it is committed and applied (I5, thesis §6.4). */
export function startLeading(turn: Turn): void {
  const { core } = turn;
  core.leading = {
    termStartIndex: core.log.lastIndex + 1,
    peers: new Map(),
    peersOf: null,
    heartbeatDueAtMs: turn.nowMs,
    quorumCheckAtMs: turn.nowMs + core.timings.electionTimeoutMinMs,
    reads: { waiting: [], confirming: null },
    change: null,
    snapshot: null,
    snapshotAskedAgainAtMs: 0,
  };
  followMembers(turn, core.leading);
  judgeLeaderBefore(core, core.leading);
  turn.append('term-started', '');
}

/**
 * Most leaders begin because the one before fell silent: that silence counts from its last word, or whoever died would be taken for
 * living once more with each election. Unless it said something in this one.
 */
function judgeLeaderBefore(core: RaftCore, leading: Leading): void {
  const before = core.leaderHeard;
  core.leaderHeard = null;
  if (before === null || core.votes.has(before.leader)) return;
  const progress = leading.peers.get(before.leader);
  if (progress !== undefined) progress.heardAtMs = before.atMs;
}

/** Peers are those of the configuration in force. Who left is still told so, that it may know. */
function followMembers(turn: Turn, leading: Leading): void {
  const { core, nowMs } = turn;
  if (leading.peersOf === core.configuration) return;
  leading.peersOf = core.configuration;
  const members = everyoneIn(core.configuration);
  for (const member of members) {
    const known = leading.peers.get(member);
    if (known !== undefined) known.leavingUntilMs = null;
    else if (member !== core.self) leading.peers.set(member, createProgress(core.log.lastIndex + 1, nowMs));
  }
  const untilMs = nowMs + FAREWELL_TIMEOUTS * core.timings.electionTimeoutMaxMs;
  for (const [peer, progress] of leading.peers) if (!members.includes(peer)) progress.leavingUntilMs ??= untilMs;
}

export function tickLeading(turn: Turn, leading: Leading): void {
  const { core, nowMs } = turn;
  for (const [peer, progress] of leading.peers) {
    if (progress.leavingUntilMs !== null && nowMs >= progress.leavingUntilMs) leading.peers.delete(peer);
    else resendWhatIsLost(core, progress);
  }
  if (nowMs >= leading.quorumCheckAtMs) checkQuorum(turn, leading);
  if (core.leading !== null && nowMs >= leading.heartbeatDueAtMs) startRound(turn, leading);
}

function checkQuorum(turn: Turn, leading: Leading): void {
  const { core } = turn;
  leading.quorumCheckAtMs = turn.nowMs + core.timings.electionTimeoutMinMs;
  const heard = isQuorum(core.voters, (voter) => voter === core.self || leading.peers.get(voter)?.active === true);
  for (const progress of leading.peers.values()) progress.active = false;
  if (!heard) turn.move({ type: 'QUORUM_LOST' });
}

/** All that was sent and not answered is taken for lost (raft.md, case 31): nothing waits for ever for an answer that never comes. */
function resendWhatIsLost(core: RaftCore, progress: Progress): void {
  if (progress.waitingSinceMs === null) return;
  if (core.monotonicMs - progress.waitingSinceMs < RESEND_HEARTBEATS * core.timings.heartbeatMs) return;
  if (progress.snapshot !== null) resendSnapshot(progress.snapshot);
  // A probe that nobody answered says nothing about where the logs match: it is asked again at the same place.
  else becomeProbe(progress, progress.state === 'probe' ? progress.nextIndex : progress.matchIndex + 1);
  progress.waitingSinceMs = null;
}

/**
 * A disk that does not answer must not be hidden behind heartbeats that flow (raft.md, case 25): a leader that cannot write says
 * nothing, and another is elected.
 */
const isStalled = (core: RaftCore): boolean => {
  const oldest = core.persists[0];
  return oldest !== undefined && core.monotonicMs - oldest.sinceMs >= core.timings.electionTimeoutMinMs;
};

/**
 * A round of heartbeats. An answer to it says that nobody else led when it was asked (thesis §6.4). Returns whether it began: the
 * round before it says nothing about now.
 */
export function startRound(turn: Turn, leading: Leading): boolean {
  const { core } = turn;
  if (isStalled(core)) return false;
  core.round += 1;
  leading.heartbeatDueAtMs = turn.nowMs + core.timings.heartbeatMs;
  for (const [peer, progress] of leading.peers) {
    const commitIndex = Math.min(progress.matchIndex, core.commitIndex);
    const { lastIndex } = core.log;
    const logLost = progress.lossToldFromRound !== null;
    turn.send(peer, { type: 'heartbeat', round: core.round, commitIndex, lastIndex, logLost });
  }
  return true;
}

/** At the end of a leader's turn: one message for all that the turn brought, more for a peer that catches up. */
export function sendAppends(turn: Turn, leading: Leading): void {
  const { core } = turn;
  followMembers(turn, leading);
  if (isStalled(core)) return;
  for (const [peer, progress] of leading.peers) {
    let count = 0;
    while (count < APPENDS_PER_TURN_MAX && mayAppend(progress) && sendAppend(turn, leading, peer, progress)) count += 1;
    if (progress.state === 'snapshot' && progress.snapshot !== null) sendSnapshot(turn, peer, progress.snapshot);
  }
}

/** Returns whether there may be more to send. */
function sendAppend(turn: Turn, leading: Leading, peer: MemberId, progress: Progress): boolean {
  const { core } = turn;
  const prevIndex = progress.nextIndex - 1;
  const prevTerm = termAt(core.log, prevIndex);
  if (prevTerm === undefined) {
    beginSnapshot(turn, leading, progress);
    return false;
  }
  const entries = entriesFrom(core.log, progress.nextIndex, APPEND_BYTES_MAX, APPEND_ENTRIES_MAX);
  // A commit that the peer has entries for is told in the same turn.
  const commitNews = Math.min(core.commitIndex, prevIndex) > progress.commitSent;
  const quiet = entries.length === 0 && progress.state === 'replicate';
  if (quiet && !commitNews) return false;
  const { commitIndex } = core;
  turn.send(peer, { type: 'append', prevIndex, prevTerm, entries, commitIndex, ...(quiet ? { quiet } : {}) });
  const lastIndex = prevIndex + entries.length;
  progress.commitSent = Math.max(progress.commitSent, Math.min(commitIndex, lastIndex));
  if (entries.length > 0 || progress.state === 'probe') {
    const bytes = entries.reduce((sum, entry) => sum + entry.data.length, 0);
    sent(progress, lastIndex, bytes, turn.nowMs);
  }
  return entries.length > 0;
}

function beginSnapshot(turn: Turn, leading: Leading, progress: Progress): void {
  const head = leading.snapshot;
  if (head !== null && head.index >= turn.core.log.base.index) {
    becomeSnapshot(progress, { head, ackedOffset: 0, askedOffset: 0, chunksInFlight: 0 });
  } else if (turn.nowMs >= leading.snapshotAskedAgainAtMs) {
    leading.snapshotAskedAgainAtMs = Number.POSITIVE_INFINITY;
    turn.emit({ type: 'make-snapshot' });
  }
}

export function onAppended(turn: Turn, leading: Leading, message: MessageOf<'appended'>): void {
  const progress = leading.peers.get(message.from);
  // Who is no member is not counted (raft.md, case 10).
  if (progress === undefined) return;
  heard(progress, turn.nowMs);
  acknowledged(progress, message.matchIndex, turn.core.round, turn.nowMs);
}

export function onAppendRefused(turn: Turn, leading: Leading, message: MessageOf<'append-refused'>): void {
  const progress = leading.peers.get(message.from);
  if (progress === undefined) return;
  heard(progress, turn.nowMs);
  const stale =
    progress.state === 'snapshot' ||
    message.prevIndex <= progress.matchIndex ||
    (progress.state === 'probe' && message.prevIndex !== progress.nextIndex - 1);
  if (stale) return;
  becomeProbe(progress, agreeingIndex(turn.core, message.hintIndex, message.hintTerm) + 1);
}

/**
 * Skips a term of conflicts at a time (paper §5.3, end): nothing above the result can match. It is below the base when even that is
 * refused: then only a snapshot helps.
 */
function agreeingIndex(core: RaftCore, hintIndex: LogIndex, hintTerm: Term): LogIndex {
  let index = Math.min(hintIndex, core.log.lastIndex);
  for (let steps = 0; steps < CONFLICT_STEPS_MAX && index >= core.log.base.index; steps += 1) {
    const term = termAt(core.log, index);
    if (term === undefined || term <= hintTerm) break;
    index -= 1;
  }
  return index;
}

export function onHeartbeatAnswer(turn: Turn, leading: Leading, message: MessageOf<'heartbeat-answer'>): void {
  const { core } = turn;
  const progress = leading.peers.get(message.from);
  if (progress === undefined) return;
  heard(progress, turn.nowMs);
  progress.appliedIndex = Math.max(progress.appliedIndex, message.appliedIndex);
  progress.featureLevel = message.featureLevel;
  // Answers may overtake each other; a round once confirmed stays so (raft.md, case 19).
  progress.ackedRound = Math.max(progress.ackedRound, message.round);
  if (message.round > progress.matchRound && message.durableIndex < progress.matchIndex) {
    lostLog(progress, message.durableIndex, core.log.lastIndex, core.round + 1);
    // At once: until it knows, it votes as if whole.
    startRound(turn, leading);
  } else followRecovery(core, progress, message);
}

/** A peer whose log lost something counts again when it says that it is whole, and has acknowledged as much (raft.md, case 30). */
function followRecovery(core: RaftCore, progress: Progress, message: MessageOf<'heartbeat-answer'>): void {
  const { lossToldFromRound } = progress;
  if (lossToldFromRound !== null && message.round >= lossToldFromRound) progress.lossToldFromRound = null;
  if (message.recovering) progress.wholeFromIndex ??= core.log.lastIndex;
  else if (progress.wholeFromIndex !== null && progress.lossToldFromRound === null) {
    if (progress.matchIndex >= progress.wholeFromIndex) progress.wholeFromIndex = null;
  }
}

export function onUnreachable(leading: Leading, peer: MemberId): void {
  const progress = leading.peers.get(peer);
  if (progress?.state === 'replicate') becomeProbe(progress, progress.matchIndex + 1);
}

/** What a voter's disk holds for certain; nothing for one whose log is not whole. */
export const isWhole = (leading: Leading, core: RaftCore, voter: MemberId): boolean =>
  voter === core.self || leading.peers.get(voter)?.wholeFromIndex === null;

/** Paper §5.3 and §5.4.2: a majority has it on disk, and it is of this leader's own term. Returns how far that is. */
export function committableIndex(core: RaftCore, leading: Leading): LogIndex {
  const reached = quorumIndex(core.voters, (voter) => {
    if (voter === core.self) return core.durableIndex;
    return isWhole(leading, core, voter) ? (leading.peers.get(voter)?.matchIndex ?? 0) : 0;
  });
  return reached >= leading.termStartIndex ? reached : 0;
}
