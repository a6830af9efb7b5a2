import { invariant } from '../invariant.ts';
import type { HardState, LogIndex, Term } from '../raft/types.ts';
import type { LastIncluded, LogBase, LogWrite } from './log-store.ts';

/** What a write is checked against. */
export interface LogEnd {
  readonly hardState: HardState;
  readonly baseIndex: LogIndex;
  readonly lastIndex: LogIndex;
  termAt(index: LogIndex): Term | undefined;
}

/** Throws before anything is written: a write that breaks these comes from a broken core, not from a broken disk. */
export function assertWritable(write: LogWrite, log: LogEnd): void {
  if (write.hardState !== undefined) assertHardState(write.hardState, log.hardState);
  const first = write.entries[0];
  if (first === undefined) return;
  invariant(
    first.index > log.baseIndex && first.index <= log.lastIndex + 1,
    'I2',
    `entry ${first.index} does not touch a log of ${log.baseIndex + 1}…${log.lastIndex}`,
  );
  let index = first.index;
  let term = log.termAt(first.index - 1) ?? 0;
  for (const entry of write.entries) {
    invariant(entry.index === index, 'I2', `entry ${entry.index} where ${index} comes next`);
    invariant(
      Number.isSafeInteger(entry.term) && entry.term >= term,
      'I2',
      `entry ${entry.index} has term ${entry.term}, the one before it ${term}`,
    );
    // SQLite keeps UTF-8: a lone surrogate would come back as another character.
    invariant(entry.data.isWellFormed(), 'I4', `entry ${entry.index} holds a lone surrogate`);
    index += 1;
    term = entry.term;
  }
}

/** What lies before the base was committed: a log does not go back behind it. No entry has a term above the hard state's. */
export function assertResettable(
  end: LastIncluded,
  log: { readonly hardState: HardState; readonly base: LogBase },
): void {
  invariant(
    Number.isSafeInteger(end.index) && end.index > 0 && end.index >= log.base.index,
    'I2',
    `a log that begins after ${log.base.index} cannot begin after ${end.index}`,
  );
  invariant(
    end.term >= log.base.term && end.term <= log.hardState.term,
    'I8',
    `a log of term ${log.base.term} cannot begin in term ${end.term}, while this node is in term ${log.hardState.term}`,
  );
}

/** Terms never go back, one vote a term (paper §5.1, §5.2). */
function assertHardState(next: HardState, current: HardState): void {
  invariant(
    Number.isSafeInteger(next.term) && next.term >= current.term,
    'I8',
    `term ${next.term} after term ${current.term}`,
  );
  invariant(
    next.term > current.term || current.votedFor === null || next.votedFor === current.votedFor,
    'I8',
    `a vote for ${next.votedFor ?? 'nobody'} in term ${next.term}, in which ${current.votedFor ?? ''} has it`,
  );
}
