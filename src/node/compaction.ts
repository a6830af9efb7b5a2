import type { Configuration } from '../raft/types.ts';
import type { LogStore } from '../store/log-store.ts';
import type { Projection } from '../store/projection.ts';
import { COMPACT_ROWS, LOG_BYTES_MAX } from './limits.ts';

/**
 * Keeps the log bounded. Before entries are forgotten, a copy of the state that they led to is on disk: it and the remaining log
 * rebuild the state, should its file be lost. A copy costs what the state weighs, so a large state allows a longer log.
 */
export interface CompactionOptions {
  readonly log: LogStore;
  readonly projection: Projection;
  readonly configuration: () => Configuration;
  readonly snapshotFile: string;
  readonly stateBytes: () => number;
}

export function createCompaction(options: CompactionOptions): () => Promise<void> {
  const { log, projection, configuration, snapshotFile, stateBytes } = options;
  return async () => {
    if (log.sizeBytes <= Math.max(LOG_BYTES_MAX, stateBytes() / 2)) return;
    const { index } = await projection.copyTo(snapshotFile);
    while (log.compact(index, configuration(), COMPACT_ROWS)) {
      await new Promise((turned) => setImmediate(turned));
    }
  };
}
