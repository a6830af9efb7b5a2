import { systemClock } from '../../src/clock.ts';
import { type DataDirectory, openDataDirectory } from '../../src/store/data-directory.ts';
import { createFileSnapshotStore, type FileSnapshotStore } from '../../src/store/file-snapshot-store.ts';
import type { LogStore } from '../../src/store/log-store.ts';
import { finishInstall } from '../../src/store/snapshot-install.ts';
import { openLogStore } from '../../src/store/sqlite-log-store.ts';
import type { SqliteProjection } from '../../src/store/sqlite-projection.ts';
import { testNode } from './log-directory.ts';
import { openQuietly } from './projection-directory.ts';

const SMALL = { walPregrownBytes: 65536 };

export interface OpenedSnapshotNode {
  readonly directory: DataDirectory;
  readonly log: LogStore;
  readonly projection: SqliteProjection;
  readonly snapshots: FileSnapshotStore;
  /** As a process ends: nothing more is flushed. */
  close(): Promise<void>;
}

/** State, log and snapshots of a data directory, opened as a node opens them. */
export async function openSnapshotNode(path: string, nodeId = testNode): Promise<OpenedSnapshotNode> {
  const directory = openDataDirectory(path, nodeId);
  finishInstall(directory, SMALL);
  const projection = await openQuietly(path);
  const log = openLogStore(directory, SMALL);
  const snapshots = createFileSnapshotStore({ directory: path, projection, log, clock: systemClock });
  return {
    ...{ directory, log, projection, snapshots },
    async close() {
      await snapshots.close();
      await projection.close({ flush: false });
      log.close();
      directory.close();
    },
  };
}
