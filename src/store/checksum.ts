import { crc32 } from 'node:zlib';
import type { Entry, LogIndex, Term } from '../raft/types.ts';

/**
 * Each entry's checksum covers the one before it, so that a row that is missing, swapped or taken from another log shows, not only
 * one whose own bits flipped. SQLite's pages carry no checksum of their own.
 */

/** What the first entry of a log that was never compacted continues from. */
export const EMPTY_LOG_CHECKSUM = 0;

/** `previous` is the checksum of entry `index - 1`, or of the base. */
export const entryChecksum = (previous: number, entry: Entry): number =>
  crc32(`${entry.index} ${entry.term} ${entry.kind}\n${entry.data}`, previous);

/** A log that begins behind a snapshot continues from the snapshot's end: nobody has the entries that led there. */
export const resetChecksum = (end: { readonly index: LogIndex; readonly term: Term }): number =>
  crc32(`${end.index} ${end.term} last included`);

export const formatChecksum = (checksum: number): string => checksum.toString(16).padStart(8, '0');

export const parseChecksum = (text: string): number | undefined =>
  /^[0-9a-f]{8}$/.test(text) ? Number.parseInt(text, 16) : undefined;
