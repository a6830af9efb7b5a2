import { existsSync, renameSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { systemClock } from '../clock.ts';
import type { LogIndex } from '../raft/types.ts';
import { ok, type Result, refused } from '../result.ts';
import { type BackupRecord, sealBackup } from '../store/backup-file.ts';
import { openDataDirectory, readIdentity } from '../store/data-directory.ts';
import { syncDirectory } from '../store/durable-file.ts';
import { lastIncludedAt } from '../store/last-included.ts';
import { othersVote } from '../store/log-rewrite.ts';
import { type LogStore, StorageRefused } from '../store/log-store.ts';
import { checkReach } from '../store/projection-repair.ts';
import { finishInstall } from '../store/snapshot-install.ts';
import { openLogStore } from '../store/sqlite-log-store.ts';
import { openProjection, type SqliteProjection } from '../store/sqlite-projection.ts';
import { replay } from './replay-log.ts';

export interface Backup {
  readonly record: BackupRecord;
  /** Where the log ends: behind the record's entry, it may hold what was never committed, and is not in the backup. */
  readonly lastIndex: LogIndex;
}

/** `xcron store backup`, on the directory of a node that does not run. Throws StorageRefused. */
export async function backupStore(
  dataDirectory: string,
  file: string,
  nowMs: number,
  progress: (text: string) => void,
): Promise<Result<Backup, string>> {
  if (existsSync(file)) return refused(`${file} exists: a backup overwrites nothing`);
  const identity = readIdentity(dataDirectory);
  if (identity === undefined || !identity.logCreated) return refused(`${dataDirectory} holds no log`);
  const directory = openDataDirectory(dataDirectory, identity.nodeId);
  try {
    finishInstall(directory);
    const projection = await openProjection({ directory: dataDirectory, clock: systemClock });
    try {
      const log = openLogStore(directory, { verifyFrom: projection.appliedIndex + 1 });
      try {
        await bringUpToDate(dataDirectory, log, projection, identity.instance, progress);
        const record = await backUpTo(projection, log, file, { ...identity, madeAtMs: nowMs });
        return ok({ record, lastIndex: log.lastIndex });
      } finally {
        log.close();
      }
    } finally {
      await projection.close();
    }
  } finally {
    directory.close();
  }
}

/** What the log of an only voter holds is committed, and belongs in the backup; of a member, nobody can tell here. */
async function bringUpToDate(
  dataDirectory: string,
  log: LogStore,
  projection: SqliteProjection,
  instance: Parameters<typeof othersVote>[1],
  progress: (text: string) => void,
): Promise<void> {
  checkReach(dataDirectory, projection.appliedIndex, log.base.index);
  if (projection.appliedIndex > log.lastIndex)
    throw new StorageRefused(
      'damaged',
      `the state has applied entry ${projection.appliedIndex}, the log ends at ${log.lastIndex}: its tail is lost`,
      `Run 'xcron store check --data-dir ${dataDirectory}'.`,
    );
  projection.standOn(log);
  const end = lastIncludedAt(log, log.lastIndex);
  if (end !== null && !othersVote(end.configuration, instance)) await replay(log, projection, log.lastIndex, progress);
}

/** Under a name of its own until it is whole. The log may go on meanwhile: it has to hold, or begin with, the copy's last entry. */
export async function backUpTo(
  projection: Pick<SqliteProjection, 'copyTo'>,
  log: LogStore,
  file: string,
  about: Parameters<typeof sealBackup>[1],
): Promise<BackupRecord> {
  const unfinished = `${file}.unfinished`;
  try {
    const { index } = await projection.copyTo(unfinished);
    const end = lastIncludedAt(log, index);
    if (end === null) throw new Error(`the log does not hold entry ${index}`);
    const { clusterId, nodeId, madeAtMs } = about;
    const record = await sealBackup(unfinished, { clusterId, nodeId, madeAtMs }, end);
    renameSync(unfinished, file);
    syncDirectory(dirname(resolve(file)));
    return record;
  } finally {
    rmSync(unfinished, { force: true });
  }
}
