import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { groupPaths } from '../../src/store/store-layout.ts';
import { temporaryDirectory } from './log-directory.ts';

/** Damage by hand, on copies of a data directory. */

/** The directory as a SIGKILL at this moment would leave it: copied under the open store, its lock aside. */
export function imageOf(directory: string): string {
  const image = temporaryDirectory();
  cpSync(directory, image, { recursive: true, filter: (source) => basename(source) !== 'lock.db' });
  const { wal } = groupPaths(image);
  // Only what is in use: the zeros behind it make copies slow and take no harm.
  const content = readFileSync(wal);
  let used = content.length;
  while (used > 0 && content[used - 1] === 0) used -= 1;
  truncateSync(wal, used);
  return image;
}

export function copyOf(image: string): string {
  const copy = temporaryDirectory();
  rmSync(copy, { recursive: true });
  cpSync(image, copy, { recursive: true });
  return copy;
}

export function flipBit(file: string, bit: number): void {
  const content = readFileSync(file);
  const at = Math.floor(bit / 8);
  content[at] = (content[at] ?? 0) ^ (1 << (bit % 8));
  writeFileSync(file, content);
}

/** mulberry32: the same numbers for the same seed. */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
