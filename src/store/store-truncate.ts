import { copyFileSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Configuration, LogIndex } from '../raft/types.ts';
import { ok, type Result, refused } from '../result.ts';
import { syncDirectory, syncFile } from './durable-file.ts';
import { lockDirectory } from './exclusive-lock.ts';
import { finishReplacement } from './log-replacement.ts';
import { othersVote, rewriteLog } from './log-rewrite.ts';
import type { LogTail } from './log-rows.ts';
import { StorageRefused } from './log-store.ts';
import { type DamagedStore, examineStore } from './store-check.ts';
import { type GroupPaths, groupPaths } from './store-layout.ts';
import type { TruncationPlan } from './truncation-plan.ts';

export interface TruncateOptions {
  readonly acceptLoss: boolean;
  /** Names the copy of the damaged files. */
  readonly nowMs: number;
  readonly group?: number;
}

export type PossiblePlan = Exclude<TruncationPlan, { kind: 'impossible' }>;

export type Truncation =
  | {
      readonly kind: 'truncated';
      readonly plan: PossiblePlan;
      readonly lastIndex: LogIndex;
      readonly entriesLostAtLeast: number;
      /** Where the files as they were are kept. */
      readonly damagedCopy: string;
    }
  /** An earlier truncation had been cut short; it is complete now. */
  | { readonly kind: 'resumed' };

export type TruncateRefusal =
  | { readonly code: 'nothing_to_lose'; readonly message: string }
  | { readonly code: 'loss_not_accepted'; readonly message: string; readonly report: DamagedStore }
  | { readonly code: 'impossible'; readonly message: string; readonly report?: DamagedStore };

/** `xcron store truncate`. Throws StorageRefused while the node runs, or when the disk does not play along. */
export function truncateStore(directory: string, options: TruncateOptions): Result<Truncation, TruncateRefusal> {
  if (!existsSync(directory)) return refused({ code: 'nothing_to_lose', message: `there is no ${directory}` });
  const lock = lockDirectory(directory);
  try {
    return truncateLocked(directory, options);
  } catch (error) {
    if (error instanceof StorageRefused) throw error;
    throw new StorageRefused(
      'io',
      `cannot truncate the log in ${directory}: ${error instanceof Error ? error.message : String(error)}`,
      'Free space on the device (the damaged files are copied first), and run the same command again.',
      error,
    );
  } finally {
    lock.release();
  }
}

function truncateLocked(directory: string, options: TruncateOptions): Result<Truncation, TruncateRefusal> {
  const paths = groupPaths(directory, options.group);
  const before = examineStore(directory, options.group);
  if (before.kind === 'unfinished-truncation') finishReplacement(paths);
  const report = before.kind === 'unfinished-truncation' ? examineStore(directory, options.group) : before;
  switch (report.kind) {
    case 'whole':
      if (before.kind === 'unfinished-truncation') return ok({ kind: 'resumed' });
      return refused({
        code: 'nothing_to_lose',
        message: `the log is whole: entries ${report.firstIndex} … ${report.lastIndex} were read and verified`,
      });
    case 'absent':
      return refused({ code: 'nothing_to_lose', message: `no log was ever written in ${directory}` });
    case 'unfinished-install':
      return refused({
        code: 'nothing_to_lose',
        message: 'a snapshot is being put in place: the next start finishes that',
      });
    case 'foreign':
      return refused({ code: 'impossible', message: report.message });
    case 'unfinished-truncation':
      throw new Error('the replacement is still there after it was put in place');
    case 'damaged':
      break;
  }
  const { plan } = report;
  if (plan.kind === 'impossible')
    return refused({
      code: 'impossible',
      message: `${plan.reason}. Put back a backup, or start anew on an empty --data-dir`,
      report,
    });
  if (!options.acceptLoss)
    return refused({
      code: 'loss_not_accepted',
      message: `at least ${report.entriesLostAtLeast} entries would be lost; --accept-loss says that they may be`,
      report,
    });
  const damagedCopy = copyDamagedFiles(paths, options.nowMs);
  if (plan.kind === 'keep-prefix' && plan.stateFile !== 'kept') setStateAside(paths, damagedCopy);
  const tail = prepareReplacement(paths, plan, report);
  finishReplacement(paths);
  return ok({
    kind: 'truncated',
    plan,
    lastIndex: tail.index,
    entriesLostAtLeast: report.entriesLostAtLeast,
    damagedCopy,
  });
}

function copyDamagedFiles(paths: GroupPaths, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const name = join(paths.directory, `damaged-${stamp}`);
  let target = name;
  for (let number = 2; existsSync(target); number += 1) target = `${name}-${number}`;
  mkdirSync(target, { mode: 0o700, recursive: true });
  for (const file of [paths.log, paths.wal, paths.guard]) {
    if (!existsSync(file)) continue;
    const copy = join(target, basename(file));
    copyFileSync(file, copy);
    syncFile(copy);
  }
  syncDirectory(target);
  syncDirectory(paths.directory);
  return target;
}

/**
 * Moved before the log changes: cut short here, the next run finds no projection and plans the same. The database goes first: SQLite
 * deletes a WAL that it finds without one, but would take a database without its WAL for whole.
 */
function setStateAside(paths: GroupPaths, target: string): void {
  for (const file of [paths.state, `${paths.state}-wal`, `${paths.state}-shm`])
    if (existsSync(file)) renameSync(file, join(target, basename(file)));
  syncDirectory(target);
  syncDirectory(paths.directory);
}

function prepareReplacement(paths: GroupPaths, plan: PossiblePlan, report: DamagedStore): LogTail {
  const { base, hardState } = plan;
  const { instance } = report.identity;
  const throughIndex = plan.kind === 'rest-on-projection' ? base.index : plan.lastIndex;
  // A person may cut a member of a cluster, too: it is not to vote without what it gave up.
  const lostTail = (configuration: Configuration | null): boolean => othersVote(configuration, instance);
  return rewriteLog(paths, { instance, hardState, base, throughIndex, lostTail });
}
