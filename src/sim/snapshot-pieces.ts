import { SNAPSHOT_CHUNK_BYTES } from '../raft/limits.ts';
import type { SnapshotChunk } from '../raft/messages.ts';
import type { GarbledWhere } from './fault.ts';
import { hashText, mix } from './hash.ts';

/**
 * Snapshots of several pieces without their weight: every piece is a view of the same zeros, and its checksum says which one it is.
 */

const ZEROS = new Uint8Array(SNAPSHOT_CHUNK_BYTES);
/** What becomes of them where bits flip. */
const ONES = new Uint8Array(SNAPSHOT_CHUNK_BYTES).fill(1);
const PIECES_MAX = 4;

export interface Receiving {
  readonly snapshotId: string;
  /** All before it is kept. */
  readonly offset: number;
  /** Added to the hash of the state that the pieces hold; 0 while all of them are what was sent. */
  readonly spoiled: number;
}

type Piece = Pick<SnapshotChunk, 'head' | 'offset' | 'data' | 'checksum'>;

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
  const data = ZEROS.subarray(0, bytes);
  return { data, checksum: checksumOf(snapshotId, offset, data) };
}

const checksumOf = (snapshotId: string, offset: number, data: Uint8Array): number =>
  mix(mix(mix(hashText(snapshotId), offset), data.length), data[0] ?? 0);

/** `wire`: its checksum tells. `disk`: it happened behind that check. */
export function garbled<P extends Piece>(piece: P, where: GarbledWhere): P {
  const data = ONES.subarray(0, piece.data.length);
  if (where === 'wire') return { ...piece, data };
  return { ...piece, data, checksum: checksumOf(piece.head.snapshotId, piece.offset, data) };
}

/** Keeps a piece that fits where the last one ended and is what its checksum says. */
export function receivePiece(before: Receiving | null, piece: Piece): Receiving {
  const { snapshotId } = piece.head;
  const kept = before?.snapshotId === snapshotId ? before : { snapshotId, offset: 0, spoiled: 0 };
  const isWhole = piece.checksum === checksumOf(snapshotId, piece.offset, piece.data);
  if (piece.offset !== kept.offset || !isWhole) return kept;
  const spoiled = kept.spoiled + (piece.data[0] ?? 0);
  return { snapshotId, offset: piece.offset + piece.data.length, spoiled };
}
