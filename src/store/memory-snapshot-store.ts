import type { SnapshotHead } from '../raft/messages.ts';
import type { LogStore } from './log-store.ts';
import type { MemoryDisk } from './memory-projection.ts';
import { decodeState, encodeState } from './memory-snapshot.ts';
import type { Projection } from './projection.ts';
import { assertInstallable } from './snapshot-install.ts';
import { COPIES_MAX, isWhole, pieceOf } from './snapshot-piece.ts';
import { type SnapshotCopy, SnapshotDamaged, type SnapshotStore } from './snapshot-store.ts';

/** What outlives a simulated crash. */
export interface MemorySnapshotDisk {
  /** The one that was read longest ago first. */
  readonly copies: Map<string, { readonly copy: SnapshotCopy; readonly bytes: Uint8Array }>;
  /** How many were ever made: a copy's name is used once. */
  made: number;
  partial: { readonly snapshotId: string; readonly bytes: Uint8Array; kept: number } | null;
}

export const createMemorySnapshotDisk = (): MemorySnapshotDisk => ({ copies: new Map(), made: 0, partial: null });

export interface MemorySnapshotOptions {
  readonly disk: MemorySnapshotDisk;
  /** Of the projection. */
  readonly stateDisk: MemoryDisk;
  readonly projection: Projection;
  readonly log: LogStore;
  /** Of this node: no other's copies are called the same. */
  readonly name: string;
}

/**
 * The port in memory, for tests and the simulator: no timers, no chance. State and log change in one turn, so that a simulated crash
 * finds both or neither; that a real one may come in between is the file store's affair, and tested there.
 */
export function createMemorySnapshotStore(options: MemorySnapshotOptions): SnapshotStore {
  const { disk, stateDisk, projection, log, name } = options;
  return {
    async make() {
      const { index } = await projection.copyTo(MADE);
      const state = stateDisk.copies.get(MADE);
      const term = log.termAt(index);
      if (state === undefined || term === undefined) throw new Error(`the log was compacted past the copy at ${index}`);
      stateDisk.copies.delete(MADE);
      disk.made += 1;
      const bytes = encodeState(state);
      const copy = { snapshotId: `${index}-${term}-${name}-${disk.made}`, index, term, bytes: bytes.length };
      disk.copies.set(copy.snapshotId, { copy, bytes });
      for (const oldest of disk.copies.keys()) if (disk.copies.size > COPIES_MAX) disk.copies.delete(oldest);
      return copy;
    },
    async read(snapshotId, offset, maxBytes) {
      const found = disk.copies.get(snapshotId);
      if (found === undefined || offset >= found.bytes.length) return null;
      disk.copies.delete(snapshotId);
      disk.copies.set(snapshotId, found);
      return pieceOf(found.bytes.slice(offset, offset + maxBytes));
    },
    async write(head, offset, piece) {
      const { snapshotId } = head;
      const isAnother = disk.partial?.snapshotId !== snapshotId;
      if (isAnother && (offset > 0 || !isWhole(piece))) return 0;
      if (isAnother) disk.partial = { snapshotId, bytes: new Uint8Array(head.bytes), kept: 0 };
      const { partial } = disk;
      if (partial === null) return 0;
      if (offset !== partial.kept || offset + piece.data.length > head.bytes || !isWhole(piece)) return partial.kept;
      partial.bytes.set(piece.data, offset);
      partial.kept += piece.data.length;
      return partial.kept;
    },
    async install(head: SnapshotHead) {
      const { partial } = disk;
      if (partial?.snapshotId !== head.snapshotId || partial.kept < head.bytes)
        throw new SnapshotDamaged(head, `${partial?.kept ?? 0} of its ${head.bytes} bytes are here`);
      const state = decodeState(partial.bytes);
      if (state?.index !== head.index) {
        disk.partial = null;
        throw new SnapshotDamaged(head, 'its pieces do not add up to the state that was copied');
      }
      assertInstallable(head, projection, log);
      stateDisk.copies.set(RECEIVED, state);
      await projection.replaceWith(RECEIVED);
      const { index, term, configuration } = head;
      log.resetTo({ index, term, configuration });
      disk.partial = null;
    },
  };
}

/** Names among the copies of the projection's disk. */
const MADE = 'snapshot made';
const RECEIVED = 'snapshot received';
