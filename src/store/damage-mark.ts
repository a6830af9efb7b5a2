import { existsSync, rmSync } from 'node:fs';
import { writeFileDurably } from './durable-file.ts';
import type { GroupPaths } from './store-layout.ts';

/**
 * A read met a row that is not what was written, further back than a start looks: what the state holds durably is not read again for it.
 * A node that only stopped would start, be asked for that row by its leader, and stop again for ever. With the mark, its next start
 * looks at the whole log: a member of a cluster then recovers what it lost, and a single node says what is left and what to do.
 */
export function markDamage({ damageMark }: GroupPaths): void {
  try {
    writeFileDurably(damageMark, 'A row of the log was found damaged. The next start looks at all of it.\n');
  } catch {
    // On a disk that takes nothing any more: what the read found is what is to be told.
  }
}

export const isMarkedDamaged = ({ damageMark }: GroupPaths): boolean => existsSync(damageMark);

export const unmarkDamage = ({ damageMark }: GroupPaths): void => rmSync(damageMark, { force: true });
