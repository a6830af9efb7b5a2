import { resolve } from 'node:path';
import type { Damage, LogInspection } from './log-inspection.ts';
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
