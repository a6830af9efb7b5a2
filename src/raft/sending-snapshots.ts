import type { Leading } from './core.ts';
import { SNAPSHOT_CHUNK_BYTES, SNAPSHOT_CHUNKS_IN_FLIGHT, SNAPSHOT_RETRY_MS } from './limits.ts';
import { configurationAt } from './membership.ts';
import type { MessageOf } from './messages.ts';
import type { Input } from './ports.ts';
import { becomeProbe, heard, type SnapshotProgress } from './progress.ts';
import type { Turn } from './turn.ts';
import type { MemberId } from './types.ts';

/** InstallSnapshot from the leader's side (paper §7): pieces, a few in flight, from where the receiver is. */

type InputOf<T extends Input['type']> = Extract<Input, { readonly type: T }>;

export function onSnapshotMade(turn: Turn, leading: Leading, { head }: InputOf<'snapshot-made'>): void {
  const placed = head === null ? undefined : configurationAt(turn.core.configurations, head.index);
  if (head === null || placed === undefined) {
    leading.snapshotAskedAgainAtMs = turn.nowMs + SNAPSHOT_RETRY_MS;
    return;
  }
  leading.snapshotAskedAgainAtMs = 0;
  leading.snapshot = { ...head, configuration: placed.configuration };
}

/** Asks the disk for the next pieces. */
export function sendSnapshot(turn: Turn, to: MemberId, progress: SnapshotProgress): void {
  const { snapshotId, bytes } = progress.head;
  while (progress.chunksInFlight < SNAPSHOT_CHUNKS_IN_FLIGHT && progress.askedOffset < bytes) {
    const offset = progress.askedOffset;
    const maxBytes = Math.min(SNAPSHOT_CHUNK_BYTES, bytes - offset);
    progress.askedOffset += maxBytes;
    progress.chunksInFlight += 1;
    turn.emit({ type: 'read-snapshot', to, snapshotId, offset, maxBytes });
  }
}

export function onSnapshotRead(turn: Turn, leading: Leading, input: InputOf<'snapshot-read'>): void {
  const { to, snapshotId, offset, piece } = input;
  const progress = leading.peers.get(to);
  const head = progress?.snapshot?.head;
  if (progress === undefined || head?.snapshotId !== snapshotId) return;
  if (piece === null) {
    if (leading.snapshot?.snapshotId === snapshotId) leading.snapshot = null;
    becomeProbe(progress, progress.matchIndex + 1);
    return;
  }
  turn.send(to, { type: 'snapshot-chunk', head, offset, ...piece });
  progress.waitingSinceMs ??= turn.nowMs;
}

export function onSnapshotReceived(turn: Turn, leading: Leading, message: MessageOf<'snapshot-received'>): void {
  const progress = leading.peers.get(message.from);
  if (progress === undefined) return;
  heard(progress, turn.nowMs);
  const { snapshot } = progress;
  if (snapshot?.head.snapshotId !== message.snapshotId || message.offset > snapshot.head.bytes) return;
  if (message.refused === true) {
    // The copy is damaged, or the receiver's disk is: others that read it go on, and no new one is made more often than this.
    if (leading.snapshot?.snapshotId === message.snapshotId) {
      leading.snapshot = null;
      leading.snapshotAskedAgainAtMs = Math.max(leading.snapshotAskedAgainAtMs, turn.nowMs + SNAPSHOT_RETRY_MS);
    }
    becomeProbe(progress, progress.matchIndex + 1);
    return;
  }
  snapshot.chunksInFlight = Math.max(0, snapshot.chunksInFlight - 1);
  if (message.offset === snapshot.ackedOffset) return;
  if (message.offset < snapshot.ackedOffset) {
    // It has less than it had: it was started again in between. An old answer that came late costs a few pieces, no more.
    snapshot.ackedOffset = message.offset;
    resendSnapshot(snapshot);
    return;
  }
  snapshot.ackedOffset = message.offset;
  // It had a part of it from before: what is there is not sent again.
  snapshot.askedOffset = Math.max(snapshot.askedOffset, message.offset);
  // The last answer is that it is installed, which takes its time.
  progress.waitingSinceMs = turn.nowMs;
}

/** What is in flight is lost: from where the receiver is known to be, again. */
export function resendSnapshot(snapshot: SnapshotProgress): void {
  snapshot.chunksInFlight = 0;
  snapshot.askedOffset = Math.min(snapshot.ackedOffset, snapshot.head.bytes - 1);
}
