import { existsSync, renameSync, rmSync } from 'node:fs';
import { syncDirectory } from './durable-file.ts';
import type { GroupPaths } from './store-layout.ts';

/**
 * Putting a new log in the place of an old one, whole or not at all. SQLite would replay an old WAL into a new database, so the two
 * cannot simply be renamed one after the other: the complete replacement is first made durable under names of its own, and from then
 * on whoever comes next carries the swap to its end.
 */
export const replacementPaths = (paths: GroupPaths): { readonly log: string; readonly guard: string } => ({
  log: `${paths.log}.replacement`,
  guard: `${paths.guard}.replacement`,
});

/** The replacement's log is renamed into place last: while it is there, there is something left to do. */
export const hasReplacement = (paths: GroupPaths): boolean => existsSync(replacementPaths(paths).log);

/** Every step may be repeated after a crash. */
export function finishReplacement(paths: GroupPaths): void {
  if (!hasReplacement(paths)) return;
  const replacement = replacementPaths(paths);
  rmSync(paths.wal, { force: true });
  rmSync(`${paths.log}-shm`, { force: true });
  syncDirectory(paths.directory);
  if (existsSync(replacement.guard)) renameSync(replacement.guard, paths.guard);
  syncDirectory(paths.directory);
  renameSync(replacement.log, paths.log);
  syncDirectory(paths.directory);
}
