import { FRAME_HEAD_BYTES_MAX } from './limits.ts';
import { SIGNATURE_BYTES, type Signing } from './signing.ts';

/**
 * One message of NATS: a mark with the format's version, a signature, the length of the head, the head as JSON, and behind it the bytes
 * that the head speaks of. What entries hold is text of some hundred KiB already: inside the JSON it would be escaped and
 * unescaped again, and once more for each peer.
 */
const MARK = Buffer.from('xcr1');
const SAID_AT = MARK.length + SIGNATURE_BYTES;
const HEAD_AT = SAID_AT + 4;

export interface FrameParts {
  readonly head: unknown;
  readonly bytes: Buffer;
}

export type FrameRead =
  | { readonly ok: true; readonly parts: FrameParts }
  | { readonly ok: false; readonly cause: 'garbled' | 'forged' };

export function packFrame(subject: string, headJson: string, blobs: readonly Uint8Array[], signing: Signing): Buffer {
  const headBytes = Buffer.byteLength(headJson);
  let blobBytes = 0;
  for (const blob of blobs) blobBytes += blob.length;
  const frame = Buffer.allocUnsafe(HEAD_AT + headBytes + blobBytes);
  MARK.copy(frame);
  frame.writeUInt32BE(headBytes, SAID_AT);
  frame.write(headJson, HEAD_AT);
  let at = HEAD_AT + headBytes;
  for (const blob of blobs) {
    frame.set(blob, at);
    at += blob.length;
  }
  frame.set(signing.sign(subject, frame.subarray(SAID_AT)), MARK.length);
  return frame;
}

/** The signature is looked at before anything of what it covers is. */
export function unpackFrame(subject: string, data: Uint8Array, signing: Signing): FrameRead {
  const frame = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (frame.length < HEAD_AT || MARK.compare(frame, 0, MARK.length) !== 0) return { ok: false, cause: 'garbled' };
  if (!signing.isGenuine(subject, frame.subarray(SAID_AT), frame.subarray(MARK.length, SAID_AT))) {
    return { ok: false, cause: signing.fault };
  }
  const headBytes = frame.readUInt32BE(SAID_AT);
  const bytesAt = HEAD_AT + headBytes;
  if (headBytes > FRAME_HEAD_BYTES_MAX || bytesAt > frame.length) return { ok: false, cause: 'garbled' };
  try {
    const head: unknown = JSON.parse(frame.toString('utf8', HEAD_AT, bytesAt));
    return { ok: true, parts: { head, bytes: frame.subarray(bytesAt) } };
  } catch {
    return { ok: false, cause: 'garbled' };
  }
}
