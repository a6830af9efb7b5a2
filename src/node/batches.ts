import { invariant } from '../invariant.ts';
import { APPEND_BYTES_MAX, APPEND_ENTRIES_MAX, READS_WAITING_MAX, SNAPSHOT_CHUNK_BYTES } from '../raft/limits.ts';
import type { Message } from '../raft/messages.ts';
import type { Configuration } from '../raft/types.ts';
import { BATCH_BYTES_MAX } from '../transport/limits.ts';
import type { PeerBatch } from '../transport/transport.ts';
import { ENTRY_BYTES_MAX, ENTRY_PAIRS_MAX, PAIR_CHARS_MAX } from './limits.ts';
import type { PeerNote } from './peer-notes.ts';

/**
 * What a turn has for one peer, cut into what the transport carries at once (I10). Encoding everything twice to know its size would cost
 * more than sending it, so sizes are bounds from above, of text that is JSON itself: it has no control characters left, so inside
 * another JSON text a character takes three bytes at most (two for a quote that is escaped, three for most of the world's letters).
 */
const BYTES_PER_CHAR_MAX = 3;
/** Names and numbers around an entry's data, and around everything else that a message says. */
const ENTRY_FRAME_BYTES = 96;
const MESSAGE_FRAME_BYTES = 768;
const BATCH_FRAME_BYTES = 256;
const READ_ID_BYTES_MAX = 17;
/** Node id, instance and kind. */
const MEMBER_BYTES_MAX = 192;

/** A note with what it weighs, known from when it was made. */
export interface MeasuredNote {
  readonly note: PeerNote;
  readonly bytes: number;
}

export const measured = (note: PeerNote): MeasuredNote => ({ note, bytes: bytesOfJson(note) });

/** From above, of a value that is to be sent. */
export const bytesOfJson = (value: unknown): number => JSON.stringify(value).length * BYTES_PER_CHAR_MAX;

/** From above, without encoding it. */
function bytesOfMessage(message: Message): number {
  switch (message.type) {
    case 'append':
      return message.entries.reduce((sum, { data }) => sum + bytesOfEntry(data.length), MESSAGE_FRAME_BYTES);
    case 'snapshot-chunk':
      return MESSAGE_FRAME_BYTES + base64Bytes(message.data.length) + bytesOfMembers(message.head.configuration);
    case 'read-index':
    case 'read-index-answer':
      return MESSAGE_FRAME_BYTES + message.readIds.length * READ_ID_BYTES_MAX;
    default:
      return MESSAGE_FRAME_BYTES;
  }
}

const bytesOfEntry = (chars: number): number => ENTRY_FRAME_BYTES + chars * BYTES_PER_CHAR_MAX;
const base64Bytes = (bytes: number): number => 4 * Math.ceil(bytes / 3);
const bytesOfMembers = ({ members, outgoing = [] }: Configuration): number =>
  (members.length + outgoing.length) * MEMBER_BYTES_MAX;

type Batch = Pick<PeerBatch, 'raft' | 'notes'>;

/** In order: messages first, as notes can wait. `tooLarge`: of a note that would fill more than one batch, which is not sent. */
export function* batchesOf(
  raft: readonly Message[],
  notes: readonly MeasuredNote[],
  tooLarge: () => void,
): Generator<Batch> {
  let batch: { readonly raft: Message[]; readonly notes: PeerNote[] } = { raft: [], notes: [] };
  let room = BATCH_BYTES_MAX - BATCH_FRAME_BYTES;
  const whole = room;
  function* take(bytes: number): Generator<Batch> {
    if (bytes > room) {
      yield batch;
      batch = { raft: [], notes: [] };
      room = whole;
    }
    room -= bytes;
  }
  for (const message of raft) {
    const bytes = bytesOfMessage(message);
    invariant(bytes <= whole, 'I10', `a message ${message.type} of up to ${bytes} bytes fits no batch`);
    yield* take(bytes);
    batch.raft.push(message);
  }
  for (const { note, bytes } of notes) {
    if (bytes > whole) {
      tooLarge();
      continue;
    }
    yield* take(bytes);
    batch.notes.push(note);
  }
  if (batch.raft.length > 0 || batch.notes.length > 0) yield batch;
}

/** What holds a whole entry, or as many as an append may have, fits; and so does every other message. */
const room = BATCH_BYTES_MAX - BATCH_FRAME_BYTES - MESSAGE_FRAME_BYTES;
/** Commas between pairs, and what stands before the first. */
const ENTRY_CHARS_MAX = Math.max(ENTRY_BYTES_MAX, PAIR_CHARS_MAX) + ENTRY_PAIRS_MAX + 64;
invariant(bytesOfEntry(ENTRY_CHARS_MAX) <= room, 'I10', 'the largest entry fits a batch');
invariant(
  APPEND_ENTRIES_MAX * ENTRY_FRAME_BYTES + APPEND_BYTES_MAX * BYTES_PER_CHAR_MAX <= room,
  'I10',
  'the largest append fits a batch',
);
invariant(READS_WAITING_MAX * READ_ID_BYTES_MAX <= room, 'I10', 'all reads that may wait fit a batch');
invariant(
  base64Bytes(SNAPSHOT_CHUNK_BYTES) + 2 * 64 * MEMBER_BYTES_MAX <= room,
  'I10',
  'a piece of a snapshot fits a batch',
);
