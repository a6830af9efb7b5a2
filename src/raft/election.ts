import type { RaftCore } from './core.ts';
import { RETIRING_TIMEOUTS } from './limits.ts';
import type { MessageOf } from './messages.ts';
import { allVoters, countVotes, isSoleVoter } from './quorum.ts';
import type { Turn } from './turn.ts';
import type { LogIndex, MemberId, Term } from './types.ts';

/** Elections: paper §5.2 and §5.4.1, with pre-vote (thesis §9.6) and a leader's lease against disturbance (thesis §4.2.3). */

/** Timeouts are random so that elections rarely collide (paper §5.2). A sole voter has nobody to wait for. */
export function restartElectionTimer(core: RaftCore): void {
  const { electionTimeoutMinMs: min, electionTimeoutMaxMs: max } = core.timings;
  const sole = isSoleVoter(core.voters, core.self);
  const patience = core.retiring ? RETIRING_TIMEOUTS : 1;
  core.electionDueAtMs = core.monotonicMs + (sole ? 0 : patience * (min + core.random * (max - min)));
}

/** It would lead for a moment only, and there would be another election; where nobody else is there, that is better than none. */
export function retire(core: RaftCore): void {
  core.retiring = true;
  if (core.electionDueAtMs !== null) restartElectionTimer(core);
}

export function tickElection(turn: Turn): void {
  const { core } = turn;
  if (core.electionDueAtMs === null) restartElectionTimer(core);
  if (core.electionDueAtMs === null || core.monotonicMs < core.electionDueAtMs) return;
  // A learner does not take it: it may not know of its promotion yet, and waits (raft.md, case 12).
  if (!turn.move({ type: 'ELECTION_DUE' })) restartElectionTimer(core);
}

export function askPreVotes(turn: Turn, forTerm: Term): void {
  const { core } = turn;
  core.votes.clear();
  core.transferCampaign = false;
  restartElectionTimer(core);
  // A pre-vote promises nothing, so this node's own needs no disk.
  core.votes.set(core.self, true);
  const { lastIndex, lastTerm } = core.log;
  for (const voter of othersAmong(core)) turn.send(voter, { type: 'pre-vote', forTerm, lastIndex, lastTerm });
  countPreVotes(turn);
}

/** The questions leave when the own vote is on disk, and with it the term that they are asked in (I8, raft.md case 2). */
export function askVotes(turn: Turn): void {
  const { core } = turn;
  core.votes.clear();
  restartElectionTimer(core);
  const { lastIndex, lastTerm } = core.log;
  for (const voter of othersAmong(core)) {
    turn.promise(voter, { type: 'vote', lastIndex, lastTerm, transfer: core.transferCampaign });
  }
}

const othersAmong = (core: RaftCore): readonly MemberId[] =>
  allVoters(core.voters).filter((voter) => voter !== core.self);

/** Called when the disk has caught up: a candidate's own vote counts from then on. */
export function countOwnVote(turn: Turn): void {
  const { core } = turn;
  if (turn.role !== 'candidate' || core.durableTerm !== turn.term || core.votes.has(core.self)) return;
  core.votes.set(core.self, true);
  countVotesWon(turn);
}

export function onPreVote(turn: Turn, message: MessageOf<'pre-vote'>): void {
  const { core } = turn;
  const granted =
    message.forTerm > turn.term &&
    !hearsALeader(turn) &&
    turn.role !== 'recovering' &&
    isUpToDate(core, message.lastIndex, message.lastTerm);
  if (granted && isAsking(turn) && goesFirst(core, message)) standAside(core);
  // One at a lower term is answered too: it learns the term, instead of asking for ever (raft.md, case 15).
  turn.promise(message.from, { type: 'pre-vote-answer', forTerm: message.forTerm, granted });
}

export function onPreVoteAnswer(turn: Turn, message: MessageOf<'pre-vote-answer'>): void {
  const { core } = turn;
  if (!isAsking(turn) || message.forTerm !== turn.term + 1) return;
  core.votes.set(message.from, message.granted);
  countPreVotes(turn);
}

export function onVote(turn: Turn, message: MessageOf<'vote'>): void {
  const { core } = turn;
  const { votedFor } = core.role.context;
  const complete = isUpToDate(core, message.lastIndex, message.lastTerm);
  // A known leader of this very term has this node's allegiance, voted or not.
  const free = turn.leader === null && (votedFor === null || votedFor === message.from);
  const granted = complete && free && turn.move({ type: 'VOTE_GRANTED', candidate: message.from });
  if (granted) restartElectionTimer(core);
  turn.promise(message.from, { type: 'vote-answer', granted });
}

export function onVoteAnswer(turn: Turn, message: MessageOf<'vote-answer'>): void {
  if (turn.role !== 'candidate') return;
  turn.core.votes.set(message.from, message.granted);
  countVotesWon(turn);
}

/** Campaigns at once and without asking first: the leader itself wants it (thesis §3.10). */
export function onTimeoutNow(turn: Turn): void {
  if (turn.core.retiring) return;
  turn.core.transferCampaign = true;
  turn.move({ type: 'CAMPAIGN_NOW' });
}

/** Whether a leader was heard within the shortest election timeout, or is this node: then nobody needs another one. */
export function hearsALeader(turn: Turn): boolean {
  const { core } = turn;
  if (turn.role === 'leader') return true;
  if (turn.leader === null || core.leaderHeard === null) return false;
  return core.monotonicMs - core.leaderHeard.atMs < core.timings.electionTimeoutMinMs;
}

/**
 * Two that ask at the same moment would each be granted by the other, both vote for themselves, and of three voters with one dead neither
 * would win: that cost a whole timeout more, in 1 of 30 failovers. The more complete log goes first, and of two that are alike one
 * of them. Not to stand is always safe; should the other come to nothing, this one's timeout is running.
 */
function goesFirst({ log, self }: RaftCore, { from, lastIndex, lastTerm }: MessageOf<'pre-vote'>): boolean {
  const isAlike = lastTerm === log.lastTerm && lastIndex === log.lastIndex;
  return !isAlike || from > self;
}

/** Not any more once it has stood aside: whoever asks again and again without coming to lead holds nobody up twice. */
const isAsking = ({ role, core }: Turn): boolean => role === 'preCandidate' && core.votes.has(core.self);

function standAside(core: RaftCore): void {
  core.votes.clear();
  restartElectionTimer(core);
}

/** The voter's log is no more complete than the candidate's (paper §5.4.1). */
function isUpToDate(core: RaftCore, lastIndex: LogIndex, lastTerm: Term): boolean {
  const { log } = core;
  return lastTerm > log.lastTerm || (lastTerm === log.lastTerm && lastIndex >= log.lastIndex);
}

// Those of no voter of the configuration in force do not count (raft.md, case 10): countVotes asks voters only.
function countPreVotes(turn: Turn): void {
  if (countVotes(turn.core.voters, turn.core.votes) === 'won') turn.move({ type: 'PRE_VOTES_WON' });
}

function countVotesWon(turn: Turn): void {
  const { core } = turn;
  if (core.durableTerm !== turn.term) return;
  const count = countVotes(core.voters, core.votes);
  if (count === 'won') turn.move({ type: 'VOTES_WON' });
  // Nothing to wait for: it goes back to asking, after a timeout of its own.
}
