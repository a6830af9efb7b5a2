import { commitTo, finishRecovery } from './following.ts';
import type { MessageOf, SnapshotHead } from './messages.ts';
import type { Input } from './ports.ts';
import { resetTo, termAt } from './raft-log.ts';
import type { Turn } from './turn.ts';
import type { MemberId } from './types.ts';

/** InstallSnapshot from the follower's side (paper §7). Pieces are written as they come; only the whole takes effect. */

type InputOf<T extends Input['type']> = Extract<Input, { readonly type: T }>;

export function onSnapshotChunk(turn: Turn, message: MessageOf<'snapshot-chunk'>): void {
  const { core } = turn;
  const { head, offset, data, checksum, from } = message;
  if (core.receiving?.installing === true || holdsAlready(turn, head, from)) return;
  if (core.receiving?.head.snapshotId !== head.snapshotId) {
    core.receiving = { head, from, writtenOffset: 0, acceptedOffset: 0, installing: false };
  }
  const { receiving } = core;
  if (receiving === null) return;
  receiving.from = from;
  if (offset !== receiving.acceptedOffset || offset + data.length > head.bytes) {
    turn.send(from, { type: 'snapshot-received', snapshotId: head.snapshotId, offset: receiving.writtenOffset });
    return;
  }
  receiving.acceptedOffset += data.length;
  turn.emit({ type: 'write-snapshot', head, offset, data, checksum });
}

/** Its last entry is in the log: then all before it is as well (Log Matching), and the log is worth more than the snapshot. */
function holdsAlready(turn: Turn, head: SnapshotHead, from: MemberId): boolean {
  const { core } = turn;
  if (head.index > core.commitIndex && termAt(core.log, head.index) !== head.term) return false;
  core.receiving = null;
  if (head.index > core.commitIndex) commitTo(turn, head.index);
  turn.promise(from, { type: 'appended', matchIndex: core.commitIndex });
  return true;
}

export function onSnapshotWritten(turn: Turn, { snapshotId, offset }: InputOf<'snapshot-written'>): void {
  const { receiving } = turn.core;
  if (receiving?.head.snapshotId !== snapshotId || receiving.installing) return;
  // A piece that was garbled on its way is asked for again; what the disk kept from before a restart is not. Where the disk's answers
  // come out of order, nothing that was handed out may count for more than the last of them says: nobody would send it again.
  if (offset <= receiving.writtenOffset) receiving.acceptedOffset = offset;
  else receiving.acceptedOffset = Math.max(receiving.acceptedOffset, offset);
  receiving.writtenOffset = offset;
  if (offset < receiving.head.bytes) {
    turn.send(receiving.from, { type: 'snapshot-received', snapshotId, offset });
    return;
  }
  // Another leader's appends may have overtaken it: what was acknowledged since is not to be replaced by less.
  if (holdsAlready(turn, receiving.head, receiving.from)) return;
  receiving.installing = true;
  turn.emit({ type: 'install-snapshot', head: receiving.head });
}

/** State and log begin at the snapshot now. What the log held was older, or never committed. */
export function onSnapshotInstalled(turn: Turn, { snapshotId }: InputOf<'snapshot-installed'>): void {
  const { core } = turn;
  const { receiving } = core;
  if (receiving?.head.snapshotId !== snapshotId) return;
  core.receiving = null;
  const { index, term, configuration } = receiving.head;
  resetTo(core.log, { index, term });
  core.durableIndex = index;
  for (const persist of core.persists) persist.lastIndex = index;
  core.commitIndex = index;
  core.committedTold = index;
  core.appliedIndex = index;
  turn.adoptFromSnapshot(index, configuration);
  core.matched = { term: turn.term, index };
  finishRecovery(turn);
  if (turn.leader !== null) turn.promise(turn.leader, { type: 'appended', matchIndex: index });
}

/** Should the answer be lost, the leader hears of it when it sends the last piece again: nothing of it is here. */
export function onSnapshotRefused(turn: Turn, { snapshotId }: InputOf<'snapshot-refused'>): void {
  const { core } = turn;
  const { receiving } = core;
  if (receiving?.head.snapshotId !== snapshotId) return;
  core.receiving = null;
  turn.send(receiving.from, { type: 'snapshot-received', snapshotId, offset: 0, refused: true });
}
