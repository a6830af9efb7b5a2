import type { LogIndex } from '../raft/types.ts';
import { type LogStore, StorageRefused } from '../store/log-store.ts';
import type { Projection } from '../store/projection.ts';
import { applyEntry, decodeEntry, refusedPlaces } from '../tasks/entry.ts';
import { needsOf } from '../tasks/needs.ts';
import { REPLAY_READ_BYTES } from './limits.ts';

/** Folds what a log holds into a state, while no node runs. */
export async function replay(
  log: LogStore,
  projection: Projection,
  through: LogIndex,
  progress: (text: string) => void,
): Promise<void> {
  while (projection.appliedIndex < through) {
    for (const entry of log.read(projection.appliedIndex + 1, REPLAY_READ_BYTES)) {
      if (entry.index > through) break;
      if (entry.kind === 'events') {
        const decoded = decodeEntry(entry.data);
        if (!decoded.ok)
          throw new StorageRefused('format', `entry ${entry.index} is ${decoded.error}`, 'Run a newer xcron.');
        const needs = needsOf(decoded.value);
        while (projection.missing(needs).length > 0) await projection.load(projection.missing(needs));
        projection.refused.add(entry.index, refusedPlaces(applyEntry(projection.entities, decoded.value)));
      }
      projection.applied(entry.index, entry.data);
    }
    await projection.untilRoom();
    progress(`${projection.appliedIndex} of ${through} entries replayed`);
  }
}
