import type { Configuration, LogIndex } from '../raft/types.ts';
import type { LastIncluded, LogStore } from './log-store.ts';
import { isCount } from './sealed-json.ts';

/** What of a log tells where a state that was folded from it ends. */
export type LogEnds = Pick<LogStore, 'base' | 'termAt' | 'lastOfKind'>;

/** Null for an entry that the log does not hold. */
export function lastIncludedAt(log: LogEnds, index: LogIndex): LastIncluded | null {
  const term = log.termAt(index);
  if (term === undefined) return null;
  const entry = log.lastOfKind('configuration', index);
  return {
    index,
    term,
    configuration: entry === undefined ? log.base.configuration : (JSON.parse(entry.data) as Configuration),
  };
}

/** Null for what does not speak of `index`, or was never written. */
export function parseLastIncluded(text: string | undefined, index: LogIndex): LastIncluded | null {
  if (text === undefined) return null;
  const { index: at, term, configuration } = (JSON.parse(text) ?? {}) as Partial<LastIncluded>;
  return at === index && isCount(term) && configuration !== undefined ? { index, term, configuration } : null;
}
