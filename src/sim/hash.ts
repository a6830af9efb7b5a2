/** 32 bits are enough: two histories that differ are compared a few million times a night, not 2^32 times. */

const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

export function hashText(text: string): number {
  let hash = FNV_BASIS;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME);
  return hash >>> 0;
}

const LOOKED_AT_MAX = 400;

/** Of a long text the beginning and the length: what is written is told apart there. */
export const hashEntryText = (text: string): number =>
  text.length <= LOOKED_AT_MAX ? hashText(text) : mix(hashText(text.slice(0, LOOKED_AT_MAX)), text.length);

/** Order matters: mix(mix(h, a), b) is not mix(mix(h, b), a). */
export function mix(hash: number, value: number): number {
  let mixed = Math.imul(hash ^ (value | 0), 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed + 0x9e3779b9, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
