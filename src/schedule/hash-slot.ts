/**
 * What `H` stands for: a value that is the same for a task at every parse, and spread evenly over tasks. FNV-1a over the
 * seed and the field's name, with the finaliser of MurmurHash3, since FNV alone leaves the low bits of similar ids alike.
 */
export function hashSlot(seed: string, fieldName: string, count: number): number {
  const text = `${fieldName}\n${seed}`;
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % count;
}
