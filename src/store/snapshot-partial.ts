import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { SnapshotHead } from '../raft/messages.ts';
import { syncDirectory, writeFileDurably } from './durable-file.ts';
import { seal, unseal } from './sealed-json.ts';
import { isWhole } from './snapshot-piece.ts';
import type { SnapshotPiece } from './snapshot-store.ts';
import type { GroupPaths } from './store-layout.ts';

/** A snapshot on its way in: a file that grows from its beginning, and beside it which snapshot it is. */
export interface SnapshotPartial {
  /** How much of this snapshot is kept: nothing, if it is another that is on its way. */
  kept(snapshotId: string): number;
  /** What is kept afterwards, durably. */
  write(head: SnapshotHead, offset: number, piece: SnapshotPiece): Promise<number>;
  discard(): void;
}

export function createSnapshotPartial(paths: GroupPaths): SnapshotPartial {
  const { partial, partialHead } = paths;

  function idOfPartial(): unknown {
    if (!existsSync(partial) || !existsSync(partialHead)) return undefined;
    return unseal(readFileSync(partialHead, 'utf8'))?.snapshotId;
  }
  /** After a power cut the file's end may be zeros: that shows when the whole is verified. */
  const kept = (snapshotId: string): number => (idOfPartial() === snapshotId ? statSync(partial).size : 0);

  /** For certain, before a new one begins: what is left of the old must not be taken for the beginning of the new. */
  function discard(): void {
    rmSync(partialHead, { force: true });
    rmSync(partial, { force: true });
    syncDirectory(paths.directory);
  }

  async function append(piece: SnapshotPiece, offset: number): Promise<void> {
    const handle = await open(partial, offset === 0 ? 'w' : 'r+', 0o600);
    try {
      const { data } = piece;
      for (let written = 0; written < data.length; )
        written += (await handle.write(data, written, data.length - written, offset + written)).bytesWritten;
      await handle.datasync();
    } finally {
      await handle.close();
    }
  }

  /** Pieces come faster than they are written: one after the other. */
  let writing: Promise<unknown> = Promise.resolve();
  async function writeNext(head: SnapshotHead, offset: number, piece: SnapshotPiece): Promise<number> {
    const { snapshotId } = head;
    const at = kept(snapshotId);
    if (offset !== at || offset + piece.data.length > head.bytes || !isWhole(piece)) return at;
    if (offset === 0) discard();
    await append(piece, offset);
    if (offset === 0) writeFileDurably(partialHead, `${seal({ snapshotId })}\n`);
    return offset + piece.data.length;
  }

  return {
    kept,
    write(head, offset, piece) {
      const written = writing.then(() => writeNext(head, offset, piece));
      writing = written.catch(() => undefined);
      return written;
    },
    discard,
  };
}
