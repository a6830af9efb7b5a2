import { hash } from 'node:crypto';

/**
 * The state hash is the sum, modulo 2^64, of the hashes of all canonical rows (I4). A sum does not ask for an order, and one row
 * that changes costs one subtraction and one addition.
 */

/** Two rows of one task: what a fire changes, and what only its owner changes. */
export type RowKind = 'task' | 'definition' | 'execution' | 'key' | 'meta';

const HASH_BITS = 64;
const HASH_HEX_DIGITS = HASH_BITS / 4;

/** Signed, because that is what an SQLite integer holds. `key` and `document` are the canonical texts of rows.ts. */
export const rowHash = (kind: RowKind, key: string, document: string): bigint =>
  BigInt.asIntN(
    HASH_BITS,
    BigInt(`0x${hash('sha256', `${kind}\n${key}\n${document}`, 'hex').slice(0, HASH_HEX_DIGITS)}`),
  );

export const sumHashes = (a: bigint, b: bigint): bigint => BigInt.asIntN(HASH_BITS, a + b);

export const formatHash = (sum: bigint): string =>
  BigInt.asUintN(HASH_BITS, sum).toString(16).padStart(HASH_HEX_DIGITS, '0');
