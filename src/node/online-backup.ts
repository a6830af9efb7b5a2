import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { ok, type Result, refused } from '../result.ts';
import type { Identity } from '../store/data-directory.ts';
import type { LogStore } from '../store/log-store.ts';
import type { Projection } from '../store/projection.ts';
import { backUpTo } from './backup-store.ts';
import { BACKUPS_KEPT_MAX } from './limits.ts';

/** A backup made by a node while it runs: the same file as `xcron store backup` makes, in `backups/` of its data directory. */
export interface BackupMade {
  readonly file: string;
  readonly bytes: number;
  readonly index: number;
  readonly stateHash: string;
  readonly madeAtMs: number;
}

/** Why none was made, in words. */
export type BackUp = () => Promise<Result<BackupMade, string>>;

export interface OnlineBackupOptions {
  readonly directory: string;
  readonly identity: Identity;
  readonly log: LogStore;
  readonly projection: Projection;
  readonly clock: Clock;
}

const ENDING = '.backup';

export function createOnlineBackup({ directory, identity, log, projection, clock }: OnlineBackupOptions): BackUp {
  let atWork = false;

  async function make(): Promise<Result<BackupMade, string>> {
    const folder = join(directory, 'backups');
    mkdirSync(folder, { recursive: true });
    const kept = readdirSync(folder).filter((name) => name.endsWith(ENDING));
    if (kept.length >= BACKUPS_KEPT_MAX) {
      return refused(`${folder} holds ${kept.length} backups, as many as a node keeps: move or delete some`);
    }
    const madeAtMs = clock.nowMs();
    const file = join(folder, `${identity.nodeId}-${new Date(madeAtMs).toISOString().replaceAll(':', '')}${ENDING}`);
    const { index, stateHash } = await backUpTo(projection, log, file, { ...identity, madeAtMs });
    return ok({ file, bytes: statSync(file).size, index, stateHash, madeAtMs });
  }

  return async () => {
    if (atWork) return refused('another backup is being made');
    atWork = true;
    try {
      return await make();
    } catch (error) {
      return refused(`no backup was made: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      atWork = false;
    }
  };
}
