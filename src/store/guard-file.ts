import { closeSync, existsSync, fdatasyncSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { LogIndex, MemberId, Term } from '../raft/types.ts';
import { syncDirectory } from './durable-file.ts';
import { isCount, seal, unseal } from './sealed-json.ts';

/**
 * What the log must at least hold. SQLite's recovery shortens a damaged log without a word (one flipped bit left 28 of 100 commits);
 * the guard is how that is noticed. It never says more than the log holds: it is written after a commit, and lowered, durably, before
 * a commit that replaces entries.
 */
export interface GuardRecord {
  readonly term: Term;
  readonly votedFor: MemberId | null;
  readonly lastIndex: LogIndex;
  /** Of the entry at `lastIndex`. */
  readonly checksum: number;
}

export type GuardReading =
  | { readonly kind: 'absent' }
  | { readonly kind: 'read'; readonly record: GuardRecord; readonly sequence: number; readonly slot: 0 | 1 }
  | { readonly kind: 'damaged' };

/** Two slots in two pages of the file system, so that one torn write touches one of them. */
const SLOT_STRIDE_BYTES = 4096;
const SLOT_BYTES = 512;

export function readGuard(path: string): GuardReading {
  if (!existsSync(path)) return { kind: 'absent' };
  const content = readFileSync(path);
  const first = parseSlot(content, 0);
  const second = parseSlot(content, 1);
  if (first === undefined || second === undefined) return first ?? second ?? { kind: 'damaged' };
  return first.sequence > second.sequence ? first : second;
}

function parseSlot(content: Buffer, slot: 0 | 1): (GuardReading & { kind: 'read' }) | undefined {
  const start = slot * SLOT_STRIDE_BYTES;
  const fields = unseal(content.toString('utf8', start, start + SLOT_BYTES));
  if (fields === undefined) return undefined;
  const { sequence, term, votedFor, lastIndex, checksum } = fields;
  if (!isCount(sequence) || !isCount(term) || !isCount(lastIndex) || !isCount(checksum)) return undefined;
  if (votedFor !== null && typeof votedFor !== 'string') return undefined;
  return { kind: 'read', record: { term, votedFor: votedFor as MemberId | null, lastIndex, checksum }, sequence, slot };
}

export interface GuardFile {
  /** Survives the end of the process, not a power cut. */
  write(record: GuardRecord): void;
  writeSynced(record: GuardRecord): void;
  /** Makes the last write durable, if it is not. */
  sync(): void;
  close(): void;
}

/** Starts with `record`, durable in both slots when this returns. `path` is created if it is absent. */
export function openGuardFile(path: string, record: GuardRecord): GuardFile {
  const before = readGuard(path);
  const isNew = before.kind === 'absent';
  const handle = openSync(path, isNew ? 'w+' : 'r+', 0o600);
  let sequence = before.kind === 'read' ? before.sequence : 0;
  // The slot that holds what was fsynced last is never the one written to: whatever a power cut does, one of them is whole.
  let syncedSlot: 0 | 1 = before.kind === 'read' ? before.slot : 1;
  let dirty = false;

  const write = (next: GuardRecord): void => {
    sequence += 1;
    const text = seal({ sequence, ...next });
    const slot = Buffer.alloc(SLOT_BYTES, ' ');
    if (Buffer.byteLength(text) >= SLOT_BYTES)
      throw new RangeError(`a guard record of over ${SLOT_BYTES} bytes: ${text}`);
    slot.write(text);
    slot.write('\n', SLOT_BYTES - 1);
    const start = (1 - syncedSlot) * SLOT_STRIDE_BYTES;
    if (writeSync(handle, slot, 0, SLOT_BYTES, start) !== SLOT_BYTES) throw new Error('short write to the guard file');
    dirty = true;
  };
  const sync = (): void => {
    if (!dirty) return;
    fdatasyncSync(handle);
    syncedSlot = syncedSlot === 0 ? 1 : 0;
    dirty = false;
  };
  const writeSynced = (next: GuardRecord): void => {
    write(next);
    sync();
  };

  writeSynced(record);
  writeSynced(record);
  if (isNew) {
    fsyncSync(handle);
    syncDirectory(dirname(path));
  }
  return { write, writeSynced, sync, close: () => closeSync(handle) };
}
