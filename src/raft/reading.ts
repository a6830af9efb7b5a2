import type { Leading } from './core.ts';
import { READS_WAITING_MAX } from './limits.ts';
import type { MessageOf } from './messages.ts';
import { isQuorum, isSoleVoter } from './quorum.ts';
import { isWhole, startRound } from './replicating.ts';
import type { Turn } from './turn.ts';
import type { MemberId } from './types.ts';

/** Linearizable reads without a log entry: ReadIndex (thesis §6.4). */

/** Asked of this node, whatever its role: a follower asks its leader. */
export function read(turn: Turn, readIds: readonly number[]): void {
  turn.asking = { from: null, readIds };
  if (turn.move({ type: 'READ_ASKED' })) return;
  const { leader, core } = turn;
  if (leader === null || core.forwardedReads.size + readIds.length > READS_WAITING_MAX) {
    refuseReads(turn, readIds);
    return;
  }
  for (const readId of readIds) core.forwardedReads.set(readId, turn.nowMs);
  turn.send(leader, { type: 'read-index', readIds });
}

export function onReadIndex(turn: Turn, { from, readIds }: MessageOf<'read-index'>): void {
  turn.asking = { from, readIds };
  if (!turn.move({ type: 'READ_ASKED' })) turn.send(from, { type: 'read-index-answer', readIds, index: null });
}

export function onReadIndexAnswer(turn: Turn, { readIds, index }: MessageOf<'read-index-answer'>): void {
  // One that was refused already, because it took too long, has been answered.
  const asked = readIds.filter((readId) => turn.core.forwardedReads.delete(readId));
  if (asked.length === 0) return;
  if (index === null) refuseReads(turn, asked);
  else turn.emit({ type: 'read-ready', readIds: asked, index });
}

/** The action of the role machine: only a leader gets here. */
export function acceptReads(turn: Turn, leading: Leading): void {
  const { asking } = turn;
  if (asking === null) return;
  turn.asking = null;
  const waiting = leading.reads.waiting.reduce((sum, { readIds }) => sum + readIds.length, 0);
  if (waiting + asking.readIds.length > READS_WAITING_MAX) answer(turn, asking.from, asking.readIds, null);
  else leading.reads.waiting.push(asking);
}

/** Reads that came while a round ran share the next one: a round for each would cost a message a read. */
export function answerReads(turn: Turn, leading: Leading): void {
  const { core } = turn;
  const { reads } = leading;
  if (reads.confirming !== null && isConfirmed(turn, leading, reads.confirming.round)) {
    for (const { from, readIds } of reads.confirming.asked) answer(turn, from, readIds, reads.confirming.index);
    reads.confirming = null;
  }
  // Before the first commit of the term, what earlier leaders committed is not known (raft.md, case 18).
  if (reads.confirming !== null || reads.waiting.length === 0 || core.commitIndex < leading.termStartIndex) return;
  const index = core.commitIndex;
  const asked = reads.waiting;
  if (isSoleVoter(core.voters, core.self)) for (const one of asked) answer(turn, one.from, one.readIds, index);
  else if (startRound(turn, leading)) reads.confirming = { round: core.round, index, asked };
  else return;
  reads.waiting = [];
}

function isConfirmed(turn: Turn, leading: Leading, round: number): boolean {
  const { core } = turn;
  return isQuorum(
    core.voters,
    (voter) =>
      voter === core.self || (isWhole(leading, core, voter) && (leading.peers.get(voter)?.ackedRound ?? 0) >= round),
  );
}

function answer(turn: Turn, from: MemberId | null, readIds: readonly number[], index: number | null): void {
  if (from !== null) {
    const progress = index === null ? undefined : turn.core.leading?.peers.get(from);
    if (progress !== undefined) progress.readConfirmedAtMs = turn.nowMs;
    turn.send(from, { type: 'read-index-answer', readIds, index });
  } else if (index === null) refuseReads(turn, readIds);
  else turn.emit({ type: 'read-ready', readIds, index });
}

function refuseReads(turn: Turn, readIds: readonly number[]): void {
  if (readIds.length > 0) turn.emit({ type: 'read-refused', readIds, leader: turn.leader });
}

/** A leader that stops leading cannot vouch for what it was asked. */
export function refuseAllReads(turn: Turn, { reads }: Leading): void {
  for (const { from, readIds } of [...(reads.confirming?.asked ?? []), ...reads.waiting]) {
    answer(turn, from, readIds, null);
  }
}

/** No leader answers one who is no member any more. */
export function refuseForwardedReads(turn: Turn): void {
  const { forwardedReads } = turn.core;
  refuseReads(turn, [...forwardedReads.keys()]);
  forwardedReads.clear();
}

/** What a leader does not answer in time is refused, never left to hang. */
export function tickReads(turn: Turn): void {
  const { core, nowMs } = turn;
  if (core.forwardedReads.size === 0) return;
  const late: number[] = [];
  for (const [readId, sinceMs] of core.forwardedReads) {
    if (nowMs - sinceMs >= core.timings.electionTimeoutMaxMs) late.push(readId);
  }
  for (const readId of late) core.forwardedReads.delete(readId);
  refuseReads(turn, late);
}
