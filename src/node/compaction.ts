import { type Clock, nextTurnOf } from '../clock.ts';
import type { Configuration, LogIndex, Term } from '../raft/types.ts';
import type { LogStore } from '../store/log-store.ts';
import type { Projection } from '../store/projection.ts';
import { COMPACT_ROWS, COMPACTION_RETRY_MS, LOG_BYTES_MAX } from './limits.ts';

/**
 * Keeps the log bounded. Before entries are forgotten, a copy of the state that they led to is on disk: it and the remaining log
 * rebuild the state, should its file be lost. A copy costs what the state weighs, so a large state allows a longer log.
 */
export interface CompactionOptions {
  readonly log: LogStore;
  readonly projection: Projection;
  readonly snapshotFile: string;
  readonly stateBytes: () => number;
  readonly clock: Clock;
  /** A copy could not be made: the log stays as long as it is, and all else goes on. */
  readonly postponed: (error: Error) => void;
}

/** What consensus has to say: how much peers still need, what was in force there, and that it is gone. */
export interface CompactionBounds {
  compactableThrough(index: LogIndex): LogIndex;
  configurationAt(index: LogIndex): Configuration;
  compacted(index: LogIndex, term: Term): void;
}

/** Why the log is as long as before, in words; null when it is shorter, or is short enough. */
export type CompactionProblem = string | null;

/** `stopping` is asked between slices. `anyway`: an operator asked, whatever the size of the log. */
export type Compact = (
  bounds: CompactionBounds,
  stopping: () => boolean,
  anyway?: boolean,
) => Promise<CompactionProblem>;

export function createCompaction(options: CompactionOptions): Compact {
  const { log, projection, snapshotFile, stateBytes, clock, postponed } = options;
  let notBeforeMs = 0;
  return async (bounds, stopping, anyway = false) => {
    const isShort = log.sizeBytes <= Math.max(LOG_BYTES_MAX, stateBytes() / 2);
    if (!anyway && (isShort || clock.monotonicMs() < notBeforeMs)) return null;
    let index: LogIndex;
    try {
      ({ index } = await projection.copyTo(snapshotFile));
    } catch (error) {
      notBeforeMs = clock.monotonicMs() + COMPACTION_RETRY_MS;
      const problem = error instanceof Error ? error : new Error(String(error));
      if (!stopping()) postponed(problem);
      return problem.message;
    }
    const through = bounds.compactableThrough(index);
    const term = log.termAt(through);
    if (stopping()) return 'the node is stopping';
    if (term === undefined || through <= log.base.index) return null;
    const configuration = bounds.configurationAt(through);
    let more = log.compact(through, configuration, COMPACT_ROWS);
    // The base moved with the first slice: nobody may ask the log for what is behind it from now on.
    bounds.compacted(through, term);
    while (more && !stopping()) {
      await nextTurnOf(clock);
      more = log.compact(through, configuration, COMPACT_ROWS);
    }
    return null;
  };
}
