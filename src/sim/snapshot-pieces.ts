import { SNAPSHOT_CHUNK_BYTES } from '../raft/limits.ts';
import type { SnapshotHead } from '../raft/messages.ts';
import { hashText, mix } from './hash.ts';

/**
 * Snapshots of several pieces without their weight: every piece is a view of the same zeros, and its checksum says which one it is.
 */

const ZEROS = new Uint8Array(SNAPSHOT_CHUNK_BYTES);
const PIECES_MAX = 4;

export interface Receiving {
  readonly snapshotId: string;
  /** All before it is kept. */
  readonly offset: number;
}

export const snapshotBytes = (snapshotId: string): number => {
  const hash = hashText(snapshotId);
  return (hash % PIECES_MAX) * SNAPSHOT_CHUNK_BYTES + 1 + ((hash >>> 8) % SNAPSHOT_CHUNK_BYTES);
};

export function pieceOf(
  snapshotId: string,
  offset: number,
  maxBytes: number,
): { readonly data: Uint8Array; readonly checksum: number } {
  const bytes = Math.min(maxBytes, snapshotBytes(snapshotId) - offset);
  return { data: ZEROS.subarray(0, bytes), checksum: checksumOf(snapshotId, offset, bytes) };
}

const checksumOf = (snapshotId: string, offset: number, bytes: number): number =>
  mix(mix(hashText(snapshotId), offset), bytes);

/** Keeps a piece that fits where the last one ended and is what its checksum says. */
export function receivePiece(
  before: Receiving | null,
  piece: { readonly head: SnapshotHead; readonly offset: number; readonly data: Uint8Array; readonly checksum: number },
): Receiving {
  const { snapshotId } = piece.head;
  const kept = before?.snapshotId === snapshotId ? before : { snapshotId, offset: 0 };
  const isWhole = piece.checksum === checksumOf(snapshotId, piece.offset, piece.data.length);
  if (piece.offset !== kept.offset || !isWhole) return kept;
  return { snapshotId, offset: piece.offset + piece.data.length };
}
