import type { Message } from '../raft/messages.ts';
import type { ClusterId, Entry, MemberId } from '../raft/types.ts';
import type { FrameParts } from './frame.ts';
import { isMessageShaped, isRecord, isShallow, type PlacedEntry } from './message-shape.ts';
import { memberOf } from './subjects.ts';
import type { PeerBatch } from './transport.ts';

/** A batch, or a hail, as the head of a frame and the bytes behind it. Sender and receiver stand once, not in each message. */

/** Of every frame. Of one start of one instance, numbers only rise. */
export interface Origin {
  /** Null: belongs to none yet, and calls out for one. */
  readonly clusterId: ClusterId | null;
  readonly instance: string;
  readonly incarnation: number;
  readonly number: number;
}

export interface Packed {
  readonly headJson: string;
  readonly blobs: readonly Uint8Array[];
}

/** Two followers are sent the same entries in one turn: their bytes are made once. */
export class EntryBytes {
  readonly #made = new Map<Entry, Buffer>();

  of(entry: Entry): Buffer {
    const known = this.#made.get(entry);
    if (known !== undefined) return known;
    const bytes = Buffer.from(entry.data);
    this.#made.set(entry, bytes);
    return bytes;
  }

  /** At the end of a turn. */
  forget(): void {
    this.#made.clear();
  }
}

export function packBatch(origin: Origin, toInstance: string, batch: PeerBatch, entryBytes: EntryBytes): Packed {
  const blobs: Uint8Array[] = [];
  const raft = batch.raft.map((message) => placed(message, blobs, entryBytes));
  const { notes, clockMs, clusterMs } = batch;
  return { headJson: JSON.stringify({ ...origin, toInstance, raft, notes, clockMs, clusterMs }), blobs };
}

function placed(message: Message, blobs: Uint8Array[], entryBytes: EntryBytes): unknown {
  const { from: _, to: __, ...said } = message;
  switch (said.type) {
    case 'append': {
      const entries = said.entries.map((entry): PlacedEntry => {
        const bytes = entryBytes.of(entry);
        blobs.push(bytes);
        return [entry.index, entry.term, entry.kind, bytes.length];
      });
      return { ...said, entries };
    }
    case 'snapshot-chunk':
      blobs.push(said.data);
      return { ...said, data: said.data.length };
    default:
      return said;
  }
}

export const packHail = (origin: Origin, hail: unknown): Packed => ({
  headJson: JSON.stringify({ ...origin, hail }),
  blobs: [],
});

/** Null: the head of no frame. */
export function readOrigin(head: unknown): Origin | null {
  if (!isRecord(head)) return null;
  const { clusterId, instance, incarnation, number } = head;
  if (clusterId !== null && typeof clusterId !== 'string') return null;
  if (typeof instance !== 'string' || instance === '' || instance.length > INSTANCE_CHARS_MAX) return null;
  if (!Number.isSafeInteger(incarnation) || !Number.isSafeInteger(number)) return null;
  return {
    clusterId: clusterId as ClusterId | null,
    instance,
    incarnation: incarnation as number,
    number: number as number,
  };
}
/** It is kept for as long as its sender is known. */
const INSTANCE_CHARS_MAX = 64;

export interface AddressedBatch {
  readonly toInstance: string;
  readonly batch: PeerBatch;
}

/** Null for what is none, or whose bytes are not those that its head speaks of. */
export function unpackBatch({ head, bytes }: FrameParts, from: MemberId, toNodeId: string): AddressedBatch | null {
  if (!isRecord(head)) return null;
  const { toInstance, raft, notes, clockMs, clusterMs } = head;
  if (typeof toInstance !== 'string' || !Array.isArray(raft) || !Array.isArray(notes) || !isShallow(notes)) return null;
  if (!Number.isFinite(clockMs) || !Number.isFinite(clusterMs)) return null;
  const to = memberOf(toNodeId, toInstance);
  let at = 0;
  /** The next `length` bytes; fewer than that when they are not there. */
  const cut = (length: number): Buffer => {
    const blob = bytes.subarray(at, at + length);
    at += length;
    return blob;
  };
  const messages: Message[] = [];
  for (const said of raft as readonly unknown[]) {
    if (!isMessageShaped(said)) return null;
    messages.push({ ...unplaced(said, cut), from, to } as Message);
  }
  if (at !== bytes.length) return null;
  return { toInstance, batch: { raft: messages, notes, clockMs: clockMs as number, clusterMs: clusterMs as number } };
}

function unplaced(
  said: Readonly<Record<string, unknown>>,
  cut: (length: number) => Buffer,
): Readonly<Record<string, unknown>> {
  if (said.type === 'append') {
    const entries = (said.entries as readonly PlacedEntry[]).map(([index, term, kind, length]) => ({
      index,
      term,
      kind,
      data: cut(length).toString('utf8'),
    }));
    return { ...said, entries };
  }
  if (said.type === 'snapshot-chunk') return { ...said, data: cut(said.data as number) };
  return said;
}
