import { resolve } from 'node:path';
import Database from 'better-sqlite3';
import type { Damage, LogInspection } from './log-inspection.ts';
import { EntryDamaged } from './log-rows.ts';
import { StorageRefused } from './log-store.ts';

/** What is said to the person whose node does not start. */
export function refusalOf(found: Exclude<LogInspection, { kind: 'whole' }>, directory: string): StorageRefused {
  const at = resolve(directory);
  switch (found.kind) {
    case 'damaged':
      return new StorageRefused(
        'damaged',
        `the log in ${at} is damaged: ${found.damages.map(describeDamage).join('; ')}`,
        damageRemedy(at),
      );
    case 'absent':
      return new StorageRefused(
        'damaged',
        `the log in ${at} is gone: neither log.db nor its guard file is there, but this node had one`,
        `Put the directory group-0 back from a backup. In a cluster, empty ${at}: the node then joins anew.`,
      );
    case 'foreign':
      return new StorageRefused(
        'format',
        `${at}: ${found.message}`,
        'Run the xcron that wrote it, or put back the files that belong to this directory.',
      );
    case 'unfinished-truncation':
      return new StorageRefused('damaged', `\`xcron store truncate\` was cut short in ${at}`, damageRemedy(at));
  }
}

const damageRemedy = (directory: string): string =>
  `See what is left with \`xcron store check --data-dir ${directory}\`. Then put back a backup, or keep what is whole and lose the ` +
  `rest with \`xcron store truncate --accept-loss --data-dir ${directory}\`.`;

export function describeDamage(damage: Damage): string {
  switch (damage.kind) {
    case 'missing-file':
      return `the file ${damage.file} is missing`;
    case 'wal':
      return `log.db-wal at byte ${damage.offsetBytes}: ${damage.reason}`;
    case 'guard':
      return 'both slots of the guard file fail their checksum';
    case 'database':
      return `log.db: ${damage.reason}`;
    case 'hard-state':
      return damage.reason;
    case 'base':
      return 'where the log begins fails its checksum';
    case 'entry':
    case 'behind-guard':
      return damage.reason;
  }
}

/** What is said of a read that found damage in a log that was whole when it was opened. */
export function refusedRead(error: unknown, path: string): unknown {
  if (error instanceof EntryDamaged)
    return new StorageRefused('damaged', `${path}: ${error.message}`, DAMAGE_REMEDY, error);
  if (error instanceof Database.SqliteError)
    return error.code.startsWith('SQLITE_CORRUPT') || error.code === 'SQLITE_NOTADB'
      ? new StorageRefused('damaged', `${path}: ${error.message}`, DAMAGE_REMEDY, error)
      : new StorageRefused('io', `${path}: ${error.message}`, 'Check the disk, and start again.', error);
  return error;
}
const DAMAGE_REMEDY =
  'Start the node again: it does not read any more what its state stands for. Should it not start, run `xcron store check` on its data ' +
  'directory.';
