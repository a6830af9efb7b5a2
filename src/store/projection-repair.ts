import { copyFileSync, existsSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeDirectoryDurably, syncDirectory, syncFile } from './durable-file.ts';
import { StorageRefused } from './log-store.ts';
import { readSnapshot } from './snapshot.ts';
import { groupPaths } from './store-layout.ts';

/**
 * state.db is never the only holder of what it says: it is folded anew from the log, when that reaches back to index 1, or from the
 * newest copy of itself and the log behind it.
 */

export const snapshotPath = (directory: string): string => groupPaths(directory).snapshot;

/** A projection that ends before the log begins misses entries for good. Throws `StorageRefused`. */
export function checkReach(directory: string, appliedIndex: number, logBaseIndex: number): void {
  if (appliedIndex >= logBaseIndex) return;
  const { state } = groupPaths(directory);
  const snapshot = snapshotIndex(directory);
  const remedy =
    snapshot !== undefined && snapshot >= logBaseIndex
      ? `Run \`xcron store rebuild\`: ${snapshotPath(directory)} holds index ${snapshot}, and the log goes on from there.`
      : 'Put back the whole data directory from a backup. In a cluster, empty the directory: the node then joins anew.';
  const found = appliedIndex === 0 ? 'is empty or was missing' : `ends at index ${appliedIndex}`;
  throw new StorageRefused(
    'damaged',
    `the projection ${state} ${found}, but the log begins after ${logBaseIndex}`,
    remedy,
  );
}

function snapshotIndex(directory: string): number | undefined {
  try {
    return existsSync(snapshotPath(directory)) ? readSnapshot(snapshotPath(directory)).appliedIndex : undefined;
  } catch (error) {
    if (error instanceof StorageRefused) return undefined;
    throw error;
  }
}

/** From what the next start will have to replay: the snapshot's index, or 0 for the whole log. */
export type Rebuild = { readonly from: 'snapshot' | 'log'; readonly appliedIndex: number };

/**
 * Puts a fresh beginning in place of state.db; the replay that every start makes does the rest. The old file is kept beside it, as
 * `state.db.damaged` or, where one is there already, `state.db.damaged-2` and so on. Only while no projection is open. Throws `StorageRefused` when neither snapshot nor log reach back far enough.
 */
export function rebuildProjection(directory: string, logBaseIndex: number): Rebuild {
  const { state } = groupPaths(directory);
  const snapshot = snapshotIndex(directory);
  if (snapshot === undefined || snapshot < logBaseIndex) {
    checkReach(directory, 0, logBaseIndex);
    setAside(state);
    return { from: 'log', appliedIndex: 0 };
  }
  installSnapshot(snapshotPath(directory), state);
  return { from: 'snapshot', appliedIndex: snapshot };
}

/** Makes a copy the projection of a data directory: fsynced, then renamed into place. The copy itself stays. */
export function restoreProjection(snapshot: string, directory: string): void {
  readSnapshot(snapshot);
  installSnapshot(snapshot, groupPaths(directory).state);
}

function installSnapshot(snapshot: string, state: string): void {
  makeDirectoryDurably(dirname(state));
  const temporary = `${state}.new`;
  copyFileSync(snapshot, temporary);
  syncFile(temporary);
  setAside(state);
  renameSync(temporary, state);
  syncDirectory(dirname(state));
}

/** With its WAL, which belongs to this file and no other. What was set aside before stays: it may be the only copy of something. */
function setAside(state: string): void {
  let aside = `${state}.damaged`;
  for (let copy = 2; existsSync(aside); copy += 1) aside = `${state}.damaged-${copy}`;
  for (const suffix of ['-wal', '-shm', '']) {
    if (existsSync(`${state}${suffix}`)) renameSync(`${state}${suffix}`, `${aside}${suffix}`);
  }
  syncDirectory(dirname(state));
}
