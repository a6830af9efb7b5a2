import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import { type LogStore, StorageRefused } from './log-store.ts';
import type { Projection } from './projection.ts';
import { recomputeStateHash } from './projection-verify.ts';
import { createSnapshotCopies } from './snapshot-copies.ts';
import { assertInstallable, markInstall, unmarkInstall } from './snapshot-install.ts';
import { createSnapshotPartial } from './snapshot-partial.ts';
import { SnapshotDamaged, type SnapshotStore } from './snapshot-store.ts';
import { groupPaths } from './store-layout.ts';

/** Old entries that are deleted in one turn once a snapshot stands for them (I10). */
const FORGET_ROWS = 2_000;

export interface FileSnapshotOptions {
  /** The data directory; its lock is held, and `finishInstall` was called. */
  readonly directory: string;
  readonly projection: Projection;
  readonly log: LogStore;
  readonly clock: Clock;
  readonly group?: number;
}

export interface FileSnapshotStore extends SnapshotStore {
  /** Lets go of the copies that others read. */
  close(): Promise<void>;
}

export function createFileSnapshotStore(options: FileSnapshotOptions): FileSnapshotStore {
  const { projection, log, clock } = options;
  const paths = groupPaths(options.directory, options.group);
  const copies = createSnapshotCopies({ file: paths.snapshot, projection, log, clock });
  const partial = createSnapshotPartial(paths);

  /** Row by row, as they are and not as they say they are. Undefined when nothing is wrong. */
  async function whyDamaged(index: number): Promise<string | undefined> {
    try {
      const { appliedIndex, hash, recorded, damagedRows } = await recomputeStateHash(paths.partial);
      return appliedIndex === index && damagedRows === 0 && hash === recorded
        ? undefined
        : 'its pieces do not add up to the state that was copied';
    } catch (error) {
      // Whatever SQLite says of it: it is no state.
      return error instanceof Error ? error.message : String(error);
    }
  }

  return {
    make: copies.make,
    read: copies.read,
    write: partial.write,
    async install(head) {
      const kept = partial.kept(head.snapshotId);
      if (kept < head.bytes) throw new SnapshotDamaged(head, `${kept} of its ${head.bytes} bytes are here`);
      const wrong = await whyDamaged(head.index);
      if (wrong !== undefined) {
        partial.discard();
        throw new SnapshotDamaged(head, wrong);
      }
      assertInstallable(head, projection, log);
      const { index, term, configuration } = head;
      markInstall(paths, { index, term, configuration });
      try {
        await projection.replaceWith(paths.partial);
      } catch (error) {
        // Refused before anything was touched.
        if (error instanceof StorageRefused) unmarkInstall(paths);
        throw error;
      }
      log.resetTo({ index, term, configuration });
      unmarkInstall(paths);
      while (log.compact(index, configuration, FORGET_ROWS)) await nextTurn();
    },
    close: copies.close,
  };
}
