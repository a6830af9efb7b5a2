import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Clock, Timer } from '../clock.ts';
import type { LogStore } from './log-store.ts';
import type { Projection } from './projection.ts';
import { readSnapshot } from './snapshot.ts';
import { COPIES_MAX, pieceOf } from './snapshot-piece.ts';
import type { SnapshotCopy, SnapshotPiece } from './snapshot-store.ts';

/**
 * The copies that others read. On disk there is one name, which compaction writes as well and from which the state is rebuilt; an older
 * copy is what an open descriptor still holds of it, so that no crash leaves one behind.
 */
export interface SnapshotCopies {
  make(): Promise<SnapshotCopy>;
  read(snapshotId: string, offset: number, maxBytes: number): Promise<SnapshotPiece | null>;
  close(): Promise<void>;
}

/** A copy that nobody reads for so long is let go, and its place on the disk with it: a receiver that comes back gets a newer one. */
const COPY_IDLE_MS = 60_000;
const ID_BYTES = 8;

interface OpenCopy {
  readonly copy: SnapshotCopy;
  readonly handle: FileHandle;
  idle: Timer;
}

export interface SnapshotCopiesOptions {
  readonly file: string;
  readonly projection: Projection;
  readonly log: LogStore;
  readonly clock: Clock;
}

export function createSnapshotCopies({ file, projection, log, clock }: SnapshotCopiesOptions): SnapshotCopies {
  /** The one that was read longest ago first. */
  const held = new Map<string, OpenCopy>();

  async function release({ copy, handle, idle }: OpenCopy): Promise<void> {
    idle.cancel();
    held.delete(copy.snapshotId);
    await handle.close();
  }

  const idleTimer = (snapshotId: string): Timer =>
    clock.setTimer(COPY_IDLE_MS, () => {
      const found = held.get(snapshotId);
      // It was read only: closing it cannot lose anything.
      if (found !== undefined) release(found).catch(() => undefined);
    });

  /** What stands under the name, and of which entry it is. A copy for compaction may have taken the name meanwhile. */
  async function openNewest(): Promise<{
    readonly handle: FileHandle;
    readonly index: number;
    readonly bytes: number;
  }> {
    for (;;) {
      const handle = await open(file, 'r');
      try {
        const { ino, size } = await handle.stat();
        const { appliedIndex } = readSnapshot(file);
        if (statSync(file).ino === ino) return { handle, index: appliedIndex, bytes: size };
      } catch (error) {
        await handle.close();
        throw error;
      }
      await handle.close();
    }
  }

  return {
    async make() {
      await projection.copyTo(file);
      const { handle, index, bytes } = await openNewest();
      const term = log.termAt(index);
      if (term === undefined) {
        await handle.close();
        throw new Error(`the log was compacted past the copy of entry ${index}`);
      }
      const snapshotId = `${index}-${term}-${randomBytes(ID_BYTES).toString('hex')}`;
      const copy = { snapshotId, index, term, bytes };
      held.set(snapshotId, { copy, handle, idle: idleTimer(snapshotId) });
      for (const oldest of [...held.values()].slice(0, -COPIES_MAX)) await release(oldest);
      return copy;
    },
    async read(snapshotId, offset, maxBytes) {
      const found = held.get(snapshotId);
      if (found === undefined || offset >= found.copy.bytes) return null;
      found.idle.cancel();
      found.idle = idleTimer(snapshotId);
      // The one that nobody reads makes way first.
      held.delete(snapshotId);
      held.set(snapshotId, found);
      const data = Buffer.alloc(Math.min(maxBytes, found.copy.bytes - offset));
      const { bytesRead } = await found.handle.read(data, 0, data.length, offset);
      return bytesRead === 0 ? null : pieceOf(new Uint8Array(data.subarray(0, bytesRead)));
    },
    async close() {
      for (const copy of [...held.values()]) await release(copy);
    },
  };
}
