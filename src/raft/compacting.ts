import type { RaftCore } from './core.ts';
import { KEPT_FOR_PEERS_ENTRIES, SNAPSHOT_PEER_SILENT_MS } from './limits.ts';
import type { LogIndex } from './types.ts';

/**
 * How far the log may be forgotten, of what is covered by a durable state at `index`: not what a peer that is there and nearly current
 * still needs, nor what follows a snapshot that is being sent.
 */
export function compactableThrough(core: RaftCore, index: LogIndex): LogIndex {
  let through = Math.min(index, core.appliedIndex);
  for (const { snapshot, matchIndex, heardAtMs, leavingUntilMs } of core.leading?.peers.values() ?? []) {
    if (leavingUntilMs !== null || core.monotonicMs - heardAtMs > SNAPSHOT_PEER_SILENT_MS) continue;
    if (snapshot !== null) through = Math.min(through, snapshot.head.index);
    else if (core.log.lastIndex - matchIndex <= KEPT_FOR_PEERS_ENTRIES) through = Math.min(through, matchIndex);
  }
  return through;
}
