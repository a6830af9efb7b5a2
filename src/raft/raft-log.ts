import { invariant } from '../invariant.ts';
import { RECENT_BYTES_MAX, RECENT_ENTRIES_MAX } from './limits.ts';
import type { LogReader } from './ports.ts';
import type { Entry, LogIndex, Term } from './types.ts';

/**
 * The log as the core sees it: a window of recent entries in memory, which holds all that is not on disk yet, and behind it what
 * the reader finds on disk. Changes take effect at once; when they are durable is told by the completions of `persist`.
 */
export interface RaftLog {
  readonly reader: LogReader;
  /** What was compacted away, or replaced by a snapshot, ends here. */
  base: { readonly index: LogIndex; readonly term: Term };
  lastIndex: LogIndex;
  lastTerm: Term;
  /** Consecutive, up to `lastIndex`; may be empty. */
  recent: Entry[];
  recentBytes: number;
}

export const createRaftLog = (start: {
  readonly log: LogReader;
  readonly base: RaftLog['base'];
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
}): RaftLog => ({
  reader: start.log,
  base: start.base,
  lastIndex: start.lastIndex,
  lastTerm: start.lastTerm,
  recent: [],
  recentBytes: 0,
});

const firstRecent = (log: RaftLog): LogIndex => log.lastIndex - log.recent.length + 1;

/** Undefined outside base.index … lastIndex. */
export function termAt(log: RaftLog, index: LogIndex): Term | undefined {
  if (index === log.lastIndex) return log.lastTerm;
  if (index === log.base.index) return log.base.term;
  if (index < log.base.index || index > log.lastIndex) return undefined;
  const first = firstRecent(log);
  return index >= first ? log.recent[index - first]?.term : log.reader.termAt(index);
}

/** Undefined when it is not in memory. */
export const recentEntry = (log: RaftLog, index: LogIndex): Entry | undefined => log.recent[index - firstRecent(log)];

/** From `fromIndex`, at least one if it exists; at most so many, and about so many bytes. */
export function entriesFrom(log: RaftLog, fromIndex: LogIndex, bytesMax: number, countMax: number): readonly Entry[] {
  invariant(fromIndex > log.base.index, 'I2', `entry ${fromIndex} was compacted away with ${log.base.index}`);
  if (fromIndex > log.lastIndex) return [];
  const first = firstRecent(log);
  if (fromIndex < first) return log.reader.read(fromIndex, bytesMax).slice(0, Math.min(countMax, first - fromIndex));
  const entries: Entry[] = [];
  let bytes = 0;
  for (let at = fromIndex - first; at < log.recent.length && entries.length < countMax; at += 1) {
    const entry = log.recent[at];
    if (entry === undefined) break;
    bytes += entry.data.length;
    if (entries.length > 0 && bytes > bytesMax) break;
    entries.push(entry);
  }
  return entries;
}

export function appendEntry(log: RaftLog, entry: Entry): void {
  invariant(entry.index === log.lastIndex + 1, 'I2', `entry ${entry.index} after ${log.lastIndex}`);
  invariant(entry.term >= log.lastTerm, 'I2', `entry ${entry.index} of term ${entry.term} after term ${log.lastTerm}`);
  log.recent.push(entry);
  log.recentBytes += entry.data.length;
  log.lastIndex = entry.index;
  log.lastTerm = entry.term;
}

/** Removes the conflicting entry and all that follow it (paper §5.3). */
export function truncateFrom(log: RaftLog, index: LogIndex): void {
  const before = termAt(log, index - 1);
  invariant(before !== undefined, 'I2', `cannot truncate from ${index}: the log begins at ${log.base.index + 1}`);
  const removed = log.recent.splice(Math.max(0, index - firstRecent(log)));
  for (const entry of removed) log.recentBytes -= entry.data.length;
  log.lastIndex = index - 1;
  log.lastTerm = before;
}

/** Everything through the base is gone, or never was here: a snapshot stands for it. */
export function resetTo(log: RaftLog, base: RaftLog['base']): void {
  log.base = base;
  log.lastIndex = base.index;
  log.lastTerm = base.term;
  log.recent = [];
  log.recentBytes = 0;
}

/** Entries that a snapshot or a compaction covers, and that the log goes on behind. */
export function forgetThrough(log: RaftLog, base: RaftLog['base']): void {
  const covered = Math.max(0, base.index - firstRecent(log) + 1);
  for (const entry of log.recent.splice(0, covered)) log.recentBytes -= entry.data.length;
  log.base = base;
}

/** Keeps the window within its bounds; what is not on disk stays, whatever it weighs. */
export function trimRecent(log: RaftLog, durableIndex: LogIndex): void {
  if (log.recentBytes <= RECENT_BYTES_MAX && log.recent.length <= RECENT_ENTRIES_MAX) return;
  const first = firstRecent(log);
  let bytes = log.recentBytes;
  let count = 0;
  // Down to half, so that the array is not moved for every entry.
  while (
    first + count <= durableIndex &&
    (bytes > RECENT_BYTES_MAX / 2 || log.recent.length - count > RECENT_ENTRIES_MAX / 2)
  ) {
    bytes -= log.recent[count]?.data.length ?? 0;
    count += 1;
  }
  log.recent.splice(0, count);
  log.recentBytes = bytes;
}
