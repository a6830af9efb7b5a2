import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ClusterId, Configuration, Incarnation, InstanceId, NodeId } from '../raft/types.ts';
import { ok, type Result, refused } from '../result.ts';
import { type BackupRecord, unsealBackup, verifyBackup } from './backup-file.ts';
import { type Identity, randomId, writeIdentity } from './data-directory.ts';
import { makeDirectoryDurably, syncDirectory } from './durable-file.ts';
import { lockDirectory } from './exclusive-lock.ts';
import { openGuardFile } from './guard-file.ts';
import { baseBehind, EMPTY_BASE, tailOfBase } from './log-rows.ts';
import { readSnapshot } from './snapshot.ts';
import { createLogFile } from './sqlite-log-file.ts';
import { makeReadyForState } from './state-replacement.ts';
import { groupPaths } from './store-layout.ts';

export interface Restored {
  readonly backup: BackupRecord;
  readonly identity: Identity;
}

/**
 * `xcron store restore`: makes an empty directory the only voter of a new cluster, which begins with the state of a backup. Instance and
 * cluster id are new, so that nobody who knew the old ones takes it for them. Cut short at any point, the directory says so and
 * starts no node. Throws StorageRefused for a backup that is not whole.
 */
export async function restoreStore(file: string, directory: string, nodeId: NodeId): Promise<Result<Restored, string>> {
  if (!existsSync(file)) return refused(`there is no ${file}`);
  if (existsSync(directory) && readdirSync(directory).length > 0)
    return refused(`${resolve(directory)} is not empty: a backup is restored into an empty directory only`);
  const backup = await verifyBackup(file);
  makeDirectoryDurably(directory);
  const lock = lockDirectory(directory);
  try {
    return ok({ backup, identity: fill(directory, nodeId, file, backup) });
  } finally {
    lock.release();
  }
}

function fill(directory: string, nodeId: NodeId, file: string, backup: BackupRecord): Identity {
  const paths = groupPaths(directory);
  // Claims in the state name their sender by node and incarnation: those of before are nobody's now, and are settled at the first start.
  const known = Object.values(readSnapshot(file).meta.nodes).map(({ incarnation }) => incarnation);
  const identity: Identity = {
    clusterId: randomId() as ClusterId,
    nodeId,
    instance: randomId() as InstanceId,
    incarnation: Math.max(0, ...known) as Incarnation,
  };
  writeIdentity(directory, { ...identity, logCreated: false, restoring: true });

  makeDirectoryDurably(paths.directory);
  copyFileSync(file, paths.state);
  const configuration: Configuration = {
    members: [{ nodeId, instance: identity.instance, kind: 'voter' }],
    ...(backup.configuration?.featureLevel === undefined ? {} : { featureLevel: backup.configuration.featureLevel }),
  };
  const { index, term } = backup;
  unsealBackup(paths.state, { index, term, configuration });
  makeReadyForState(paths.state);
  // Of an empty state too, a log begins with who votes.
  const base = index === 0 ? { ...EMPTY_BASE, configuration } : baseBehind({ index, term, configuration });
  const hardState = { term, votedFor: null };
  openGuardFile(paths.guard, { ...hardState, lastIndex: index, checksum: tailOfBase(base).checksum }).close();
  createLogFile(paths.log, { instance: identity.instance, hardState, base });
  syncDirectory(paths.directory);
  writeIdentity(directory, { ...identity, logCreated: true });
  return identity;
}
