import { invariant } from '../invariant.ts';
import type { SnapshotHead } from '../raft/messages.ts';
import type { LogStore } from './log-store.ts';
import { assertResettable } from './log-write.ts';
import type { Projection } from './projection.ts';

/** Throws before anything is changed: the state never goes back, and what the log is told to begin with is something it can begin with. */
export function assertInstallable(head: SnapshotHead, projection: Projection, log: LogStore): void {
  invariant(
    head.index >= projection.appliedIndex,
    'I4',
    `a snapshot of entry ${head.index} in the place of a state that has applied ${projection.appliedIndex}`,
  );
  assertResettable(head, log);
}
