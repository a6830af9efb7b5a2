import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../clock.ts';
import type { LogIndex } from '../raft/types.ts';
import { openDataDirectory, readIdentity } from '../store/data-directory.ts';
import { type LogStore, StorageRefused } from '../store/log-store.ts';
import { restoreProjection, snapshotPath } from '../store/projection-repair.ts';
import { recomputeStateHash } from '../store/projection-verify.ts';
import { readSnapshot } from '../store/snapshot.ts';
import { finishInstall } from '../store/snapshot-install.ts';
import { openLogStore } from '../store/sqlite-log-store.ts';
import { openProjection } from '../store/sqlite-projection.ts';
import { groupPaths } from '../store/store-layout.ts';
import { replay } from './replay-log.ts';

/**
 * `xcron verify-state`: rebuilds the state from the log in a place of its own and compares it with the file, by hash, at the same
 * index (I4). Also adds the file's own rows up, so that a row that changed by itself is told from one that was written wrong.
 */
export type VerifyReport =
  | {
      readonly kind: 'same' | 'different';
      readonly index: LogIndex;
      readonly rebuiltFrom: 'log' | 'snapshot';
      readonly entries: number;
      readonly recorded: string;
      readonly rebuilt: string;
    }
  | {
      readonly kind: 'rows-damaged';
      readonly index: LogIndex;
      readonly damagedRows: number;
      readonly examples: readonly string[];
    }
  /** The log was compacted, and no copy of the state reaches back to where it begins. */
  | { readonly kind: 'out-of-reach'; readonly index: LogIndex; readonly logBegins: LogIndex };

export async function verifyState(dataDirectory: string, progress: (text: string) => void): Promise<VerifyReport> {
  const identity = readIdentity(dataDirectory);
  const { state } = groupPaths(dataDirectory);
  if (identity === undefined || !existsSync(state)) {
    throw new StorageRefused(
      'io',
      `${dataDirectory} holds no state to verify`,
      'Give the right directory with --data-dir.',
    );
  }
  const directory = openDataDirectory(dataDirectory, identity.nodeId);
  try {
    finishInstall(directory);
    const rows = await recomputeStateHash(state, (count) => progress(`${count} rows added up`));
    const { appliedIndex: index, recorded } = rows;
    if (rows.damagedRows > 0)
      return { kind: 'rows-damaged', index, damagedRows: rows.damagedRows, examples: rows.examples };
    const log = openLogStore(directory, { verifyFrom: 1 });
    try {
      return await compare(log, dataDirectory, { index, recorded }, progress);
    } finally {
      log.close();
    }
  } finally {
    directory.close();
  }
}

async function compare(
  log: LogStore,
  dataDirectory: string,
  { index, recorded }: { readonly index: LogIndex; readonly recorded: string },
  progress: (text: string) => void,
): Promise<VerifyReport> {
  if (index > log.lastIndex) {
    const message = `the state has applied entry ${index}, the log ends at ${log.lastIndex}: its tail is lost`;
    throw new StorageRefused('damaged', message, `Run 'xcron store check --data-dir ${dataDirectory}'.`);
  }
  const rebuilding = mkdtempSync(join(tmpdir(), 'xcron-verify-'));
  try {
    const rebuiltFrom = beginning(log, dataDirectory, rebuilding, index);
    if (rebuiltFrom === null) return { kind: 'out-of-reach', index, logBegins: log.base.index + 1 };
    const projection = await openProjection({ directory: rebuilding, clock: systemClock });
    try {
      const entries = index - projection.appliedIndex;
      await replay(log, projection, index, progress);
      const { hash } = await projection.stateHash();
      return { kind: hash === recorded ? 'same' : 'different', index, rebuiltFrom, entries, recorded, rebuilt: hash };
    } finally {
      await projection.close({ flush: false });
    }
  } finally {
    rmSync(rebuilding, { recursive: true, force: true });
  }
}

/** From nothing where the log reaches back to its first entry; else from the copy that was made when it was compacted. */
function beginning(
  log: LogStore,
  dataDirectory: string,
  rebuilding: string,
  index: LogIndex,
): 'log' | 'snapshot' | null {
  if (log.base.index === 0) return 'log';
  const snapshot = snapshotPath(dataDirectory);
  if (!existsSync(snapshot)) return null;
  const { appliedIndex } = readSnapshot(snapshot);
  if (appliedIndex < log.base.index || appliedIndex > index) return null;
  restoreProjection(snapshot, rebuilding);
  return 'snapshot';
}
