import { IN_FLIGHT_BYTES_MAX, IN_FLIGHT_MESSAGES_MAX } from './limits.ts';
import type { SnapshotHead } from './messages.ts';
import type { LogIndex } from './types.ts';

/**
 * What a leader knows of one peer's log, and how it may send to it.
 *
 * - `probe`: where the logs match is not known. One message, then wait for its answer.
 * - `replicate`: they match. Messages follow each other without waiting, up to what may be in flight.
 * - `snapshot`: the peer needs what the log has forgotten. Nothing is appended until it has the snapshot.
 */
export interface Progress {
  state: 'probe' | 'replicate' | 'snapshot';
  /** On the peer's disk for certain, and the same as here. */
  matchIndex: LogIndex;
  /** The round of heartbeats that ran when `matchIndex` was acknowledged: an answer to a later one cannot be older than it. */
  matchRound: number;
  nextIndex: LogIndex;
  /** A probe is on its way. */
  probing: boolean;
  /** Ends of the messages that are on their way, oldest first. */
  readonly inFlight: { readonly lastIndex: LogIndex; readonly bytes: number }[];
  inFlightBytes: number;
  /** The commit index that the peer was told of. */
  commitSent: LogIndex;
  /** When something last went out that asks for an answer and got none: base of sending again. */
  waitingSinceMs: number | null;
  /** Heard from since the last check of the quorum (thesis §6.2). */
  active: boolean;
  /** When it was last heard from: by this leader, or as the leader before; of others nothing is known, and they count from the beginning. */
  heardAtMs: number;
  /** This leader has heard from it: until then nobody knows that it is there. */
  hasAnswered: boolean;
  /** As it last said: what it has folded into its state. */
  appliedIndex: LogIndex;
  /** When a read of it was last confirmed: what it may do on the strength of that began no later. */
  readConfirmedAtMs: number | null;
  /** Its answer to a round of heartbeats; never goes back (raft.md, case 19). */
  ackedRound: number;
  /** Null until it said so. */
  featureLevel: number | null;
  /** Its log lost what it had acknowledged, and holds less than this: counted nowhere until it has caught up. */
  wholeFromIndex: LogIndex | null;
  /** Heartbeats tell it of the loss from this round on, until it has answered one: told again and again, it would never be done. */
  lossToldFromRound: number | null;
  snapshot: SnapshotProgress | null;
  /** No member any more: is told so, up to this time. */
  leavingUntilMs: number | null;
}

export interface SnapshotProgress {
  /** Its copy: another may be the newest by now, and this one is sent to its end. */
  readonly head: SnapshotHead;
  /** The peer has everything before it. */
  ackedOffset: number;
  /** Asked of the disk, or sent, up to here. */
  askedOffset: number;
  chunksInFlight: number;
}

export const createProgress = (nextIndex: LogIndex, nowMs: number): Progress => ({
  state: 'probe',
  matchIndex: 0,
  matchRound: 0,
  nextIndex,
  probing: false,
  inFlight: [],
  inFlightBytes: 0,
  commitSent: 0,
  waitingSinceMs: nowMs,
  active: true,
  heardAtMs: nowMs,
  hasAnswered: false,
  appliedIndex: 0,
  readConfirmedAtMs: null,
  ackedRound: 0,
  featureLevel: null,
  wholeFromIndex: null,
  lossToldFromRound: null,
  snapshot: null,
  leavingUntilMs: null,
});

/** Whatever it says, it is there. */
export function heard(progress: Progress, nowMs: number): void {
  progress.active = true;
  progress.heardAtMs = nowMs;
  progress.hasAnswered = true;
}

/** Heard from lately. `active` is not that: it begins anew with each check of the quorum. */
export const isThere = (progress: Progress, nowMs: number, withinMs: number): boolean =>
  nowMs - progress.heardAtMs < withinMs;

export const mayAppend = (progress: Progress): boolean =>
  progress.state === 'replicate'
    ? progress.inFlight.length < IN_FLIGHT_MESSAGES_MAX && progress.inFlightBytes < IN_FLIGHT_BYTES_MAX
    : progress.state === 'probe' && !progress.probing;

export function sent(progress: Progress, lastIndex: LogIndex, bytes: number, nowMs: number): void {
  if (progress.state === 'probe') progress.probing = true;
  else {
    progress.inFlight.push({ lastIndex, bytes });
    progress.inFlightBytes += bytes;
    progress.nextIndex = lastIndex + 1;
  }
  progress.waitingSinceMs ??= nowMs;
}

/** Returns whether this is news. */
export function acknowledged(progress: Progress, matchIndex: LogIndex, round: number, nowMs: number): boolean {
  while (progress.inFlight[0] !== undefined && progress.inFlight[0].lastIndex <= matchIndex) {
    progress.inFlightBytes -= progress.inFlight.shift()?.bytes ?? 0;
  }
  // A late word about appends says nothing of the pieces of a snapshot that are on their way: those are still waited for.
  if (progress.state !== 'snapshot') progress.waitingSinceMs = progress.inFlight.length === 0 ? null : nowMs;
  const news = matchIndex > progress.matchIndex;
  if (news) {
    progress.matchIndex = matchIndex;
    progress.matchRound = round;
  }
  progress.nextIndex = Math.max(progress.nextIndex, progress.matchIndex + 1);
  if (
    progress.state === 'probe' ||
    (progress.state === 'snapshot' && matchIndex >= (progress.snapshot?.head.index ?? 0))
  ) {
    becomeReplicate(progress);
  }
  return news;
}

/** The peer's log ends before what it had acknowledged: it holds nothing for certain until it is whole again. */
export function lostLog(
  progress: Progress,
  endIndex: LogIndex,
  wholeFromIndex: LogIndex,
  lossToldFromRound: number,
): void {
  progress.matchIndex = 0;
  progress.commitSent = 0;
  progress.wholeFromIndex = wholeFromIndex;
  progress.lossToldFromRound = lossToldFromRound;
  becomeProbe(progress, endIndex + 1);
}

function becomeReplicate(progress: Progress): void {
  forgetInFlight(progress);
  progress.state = 'replicate';
  progress.snapshot = null;
  progress.nextIndex = progress.matchIndex + 1;
}

/** Back to asking where the logs match: a message was refused, or what was in flight is lost. */
export function becomeProbe(progress: Progress, nextIndex: LogIndex): void {
  forgetInFlight(progress);
  progress.state = 'probe';
  progress.snapshot = null;
  progress.nextIndex = Math.max(nextIndex, progress.matchIndex + 1);
}

export function becomeSnapshot(progress: Progress, snapshot: SnapshotProgress): void {
  forgetInFlight(progress);
  progress.state = 'snapshot';
  progress.snapshot = snapshot;
}

function forgetInFlight(progress: Progress): void {
  progress.inFlight.length = 0;
  progress.inFlightBytes = 0;
  progress.probing = false;
  progress.waitingSinceMs = null;
}
