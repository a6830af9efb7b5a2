import type { SnapshotHead } from '../raft/messages.ts';

/**
 * Copies of the state on their way between nodes: made on the leader, read in pieces, written in pieces on the receiver, and put
 * in the place of what the receiver had (paper §7). Two implementations pass one contract suite: files and memory.
 */
export interface SnapshotStore {
  /** A durable copy of the state at an applied index; an older copy is kept until nobody reads it. */
  make(): Promise<SnapshotCopy>;
  /** Null when the copy is gone, or ends before `offset`. */
  read(snapshotId: string, offset: number, maxBytes: number): Promise<SnapshotPiece | null>;
  /**
   * Resolves to the offset before which everything is kept: where it was, if the piece does not fit its checksum or the offset. A
   * piece at offset 0 of another snapshot begins anew.
   */
  write(head: SnapshotHead, offset: number, piece: SnapshotPiece): Promise<number>;
  /**
   * State and log begin at the head's index, durably, when it resolves: fsync, mark, rename, reopen; a crash in between is
   * finished at the next start. Nothing else may touch state or log meanwhile. Rejects with `SnapshotDamaged`, and changes nothing,
   * when the pieces do not add up to the state that was copied.
   */
  install(head: SnapshotHead): Promise<void>;
}

export interface SnapshotCopy {
  readonly snapshotId: string;
  readonly index: number;
  readonly term: number;
  readonly bytes: number;
}

export interface SnapshotPiece {
  readonly data: Uint8Array;
  /** Of the data, as `pieceOf` has it. */
  readonly checksum: number;
}

/** What was received is not what was copied. It is thrown away, state and log are as they were, and the snapshot may be sent again. */
export class SnapshotDamaged extends Error {
  constructor({ snapshotId }: { readonly snapshotId: string }, reason: string) {
    super(`snapshot ${snapshotId} cannot be installed: ${reason}`);
    this.name = 'SnapshotDamaged';
  }
}
