import { createHmac, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

export const SIGNATURE_BYTES = 32;

/** HMAC-SHA256 (RFC 2104) over the subject and all that the frame says: who knows the secret speaks for this cluster. */
export interface Signing {
  sign(subject: string, said: Uint8Array): Uint8Array;
  isGenuine(subject: string, said: Uint8Array, signature: Uint8Array): boolean;
  /** What a frame is that is not genuine. */
  readonly fault: 'garbled' | 'forged';
}

/**
 * Without a secret the servers alone say who may speak. What is said is checked all the same: TCP lets some changed bytes through, and
 * an entry that differs on one node would never be noticed again.
 */
const unsigned: Signing = {
  sign(subject, said) {
    const signature = Buffer.alloc(SIGNATURE_BYTES);
    signature.writeUInt32BE(crc32(said, crc32(subject)));
    return signature;
  },
  isGenuine: (subject, said, signature) => timingSafeEqual(unsigned.sign(subject, said), signature),
  fault: 'garbled',
};

export function createSigning(secret: string | null): Signing {
  if (secret === null) return unsigned;
  const sign = (subject: string, said: Uint8Array): Uint8Array =>
    // A subject holds no line end, so no other pair of subject and frame gives the same bytes.
    createHmac('sha256', secret).update(`${subject}\n`).update(said).digest();
  return {
    sign,
    isGenuine: (subject, said, signature) => timingSafeEqual(sign(subject, said), signature),
    fault: 'forged',
  };
}
