import { existsSync, rmSync } from 'node:fs';
import { writeFileDurably } from './durable-file.ts';
import type { StateEnd } from './log-recovery.ts';
import type { LogStore } from './log-store.ts';
import type { GroupPaths } from './store-layout.ts';

/**
 * A read met a row that is not what was written, further back than a start looks: what the state holds durably is not read again for it.
 * A node that only stopped would start, be asked for that row by its leader, and stop again for ever. With the mark, its next start
 * forgets all that its state stands for, and the row with it: nothing that it ever acknowledged is lost.
 */
export function markDamage({ damageMark }: GroupPaths): void {
  try {
    writeFileDurably(
      damageMark,
      'A row of the log was found damaged. The next start begins the log behind the state.\n',
    );
  } catch {
    // On a disk that takes nothing any more: what the read found is what is to be told.
  }
}

export const isMarkedDamaged = ({ damageMark }: GroupPaths): boolean => existsSync(damageMark);

export const unmarkDamage = ({ damageMark }: GroupPaths): void => rmSync(damageMark, { force: true });

/** The log begins behind the state from now on, where that is known exactly and the entry there is whole. */
export function beginBehindState(log: LogStore, { appliedIndex, lastIncluded }: StateEnd): void {
  if (lastIncluded === null || lastIncluded.index !== appliedIndex || lastIncluded.configuration === null) return;
  if (appliedIndex <= log.base.index || log.termAt(appliedIndex) !== lastIncluded.term) return;
  while (log.compact(appliedIndex, lastIncluded.configuration, Number.MAX_SAFE_INTEGER));
}
