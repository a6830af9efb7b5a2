import { crc32 } from 'node:zlib';
import type { SnapshotPiece } from './snapshot-store.ts';

/** Of a piece on its way, so that one that was garbled is asked for again. The whole is verified row by row before it takes effect. */
const pieceChecksum = (data: Uint8Array): number => crc32(data);

export const pieceOf = (data: Uint8Array): SnapshotPiece => ({ data, checksum: pieceChecksum(data) });

export const isWhole = ({ data, checksum }: SnapshotPiece): boolean => pieceChecksum(data) === checksum;

/** Copies held at once: the newest, and the one before it for whoever is still reading. */
export const COPIES_MAX = 2;
