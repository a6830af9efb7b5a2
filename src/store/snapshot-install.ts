import { existsSync, readFileSync, rmSync } from 'node:fs';
import { invariant } from '../invariant.ts';
import type { SnapshotHead } from '../raft/messages.ts';
import type { Configuration } from '../raft/types.ts';
import { unmarkDamage } from './damage-mark.ts';
import type { DataDirectory } from './data-directory.ts';
import { syncDirectory, writeFileDurably } from './durable-file.ts';
import type { LastIncluded, LogStore } from './log-store.ts';
import { assertResettable } from './log-write.ts';
import type { Projection } from './projection.ts';
import { isCount, seal, unseal } from './sealed-json.ts';
import { openLogStore, type SqliteLogStoreOptions } from './sqlite-log-store.ts';
import { makeReadyForState, putStateInPlace } from './state-replacement.ts';
import { type GroupPaths, groupPaths } from './store-layout.ts';

/**
 * State and log are two files, and a snapshot replaces both. From the moment the mark is durable there is no way back: whoever
 * opens the directory next carries it to its end. What was received had been verified before, and waits under its own name until it
 * becomes state.db, so that its absence says how far the last one came.
 */
export function markInstall(paths: GroupPaths, { index, term, configuration }: LastIncluded): void {
  writeFileDurably(paths.installMark, `${seal({ index, term, configuration })}\n`);
}

export const isInstalling = (paths: GroupPaths): boolean => existsSync(paths.installMark);

export function unmarkInstall(paths: GroupPaths): void {
  rmSync(paths.partialHead, { force: true });
  rmSync(paths.installMark, { force: true });
  syncDirectory(paths.directory);
}

/** At a start, before state and log are opened and held against each other. Every step may be repeated after another crash. */
export function finishInstall(directory: DataDirectory, options: SqliteLogStoreOptions = {}): void {
  const paths = groupPaths(directory.path, options.group);
  if (!isInstalling(paths)) return;
  const end = readMark(paths);
  // A mark whose bits flipped. Before the state was moved, nothing has changed; after it, state and log do not meet, and that is said.
  if (end === undefined) {
    rmSync(paths.installMark);
    return;
  }
  if (existsSync(paths.partial)) {
    makeReadyForState(paths.partial);
    putStateInPlace(paths.partial, paths.state);
  }
  // Its entries are about to go: only its end is looked at.
  unmarkDamage(paths);
  const log = openLogStore(directory, { ...options, verifyFrom: Number.MAX_SAFE_INTEGER });
  try {
    log.resetTo(end);
  } finally {
    log.close();
  }
  unmarkInstall(paths);
}

function readMark(paths: GroupPaths): LastIncluded | undefined {
  const { index, term, configuration } = unseal(readFileSync(paths.installMark, 'utf8')) ?? {};
  if (!isCount(index) || !isCount(term) || typeof configuration !== 'object') return undefined;
  return { index, term, configuration: configuration as Configuration | null };
}

/** Throws before anything is changed: the state never goes back, and what the log is told to begin with is something it can begin with. */
export function assertInstallable(head: SnapshotHead, projection: Projection, log: LogStore): void {
  invariant(
    head.index >= projection.appliedIndex,
    'I4',
    `a snapshot of entry ${head.index} in the place of a state that has applied ${projection.appliedIndex}`,
  );
  assertResettable(head, log);
}
