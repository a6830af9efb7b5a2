import { openDataDirectory, readIdentity } from '../store/data-directory.ts';
import { StorageRefused } from '../store/log-store.ts';
import { type Rebuild, rebuildProjection } from '../store/projection-repair.ts';
import { finishInstall } from '../store/snapshot-install.ts';
import { openLogStore } from '../store/sqlite-log-store.ts';

/**
 * `xcron store rebuild`: puts a fresh beginning in place of a lost or damaged state file; the next start replays the rest. The whole log is
 * read and verified first: a state file is not given up for a log that cannot bring it back. Throws StorageRefused.
 */
export function rebuildState(dataDirectory: string): Rebuild {
  const identity = readIdentity(dataDirectory);
  if (identity === undefined) {
    throw new StorageRefused(
      'io',
      `${dataDirectory} is not a data directory of xcron`,
      'Give the right one with --data-dir.',
    );
  }
  const directory = openDataDirectory(dataDirectory, identity.nodeId);
  try {
    finishInstall(directory);
    const log = openLogStore(directory, { verifyFrom: 1 });
    try {
      return rebuildProjection(dataDirectory, log.base.index);
    } finally {
      log.close();
    }
  } finally {
    directory.close();
  }
}
