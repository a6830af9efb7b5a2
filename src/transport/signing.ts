import { createHmac, timingSafeEqual } from 'node:crypto';

export const SIGNATURE_BYTES = 32;

/** HMAC-SHA256 (RFC 2104) over the subject and all that the frame says: who knows the secret speaks for this cluster. */
export interface Signing {
  sign(subject: string, said: Uint8Array): Uint8Array;
  isGenuine(subject: string, said: Uint8Array, signature: Uint8Array): boolean;
}

const NOTHING = new Uint8Array(SIGNATURE_BYTES);

/** Without a secret nothing is signed: the servers alone say who may speak. */
const unsigned: Signing = { sign: () => NOTHING, isGenuine: () => true };

export function createSigning(secret: string | null): Signing {
  if (secret === null) return unsigned;
  const sign = (subject: string, said: Uint8Array): Uint8Array =>
    // A subject holds no line end, so no other pair of subject and frame gives the same bytes.
    createHmac('sha256', secret).update(`${subject}\n`).update(said).digest();
  return {
    sign,
    isGenuine: (subject, said, signature) => timingSafeEqual(sign(subject, said), signature),
  };
}
