import type { Command } from 'commander';
import type { Run } from './action.ts';
import { SETTINGS } from './settings.ts';
import type { TruncateFlags } from './store-maintenance.ts';

export function addStoreCommands(program: Command, run: Run): void {
  const store = program.command('store').description('look into the data directory of a node that is stopped');
  const dataDir = ['--data-dir <PATH>', 'data directory of the node', SETTINGS.dataDir.fallback] as const;
  store
    .command('check')
    .description('read and verify every entry of the log; changes nothing')
    .option(...dataDir)
    .option('--json', 'print the report as JSON')
    .action((options: { readonly dataDir: string; readonly json?: true }) =>
      run(async (asked) => (await import('./store-maintenance.ts')).check(options, asked)),
    );
  store
    .command('truncate')
    .description('cut a damaged log back to what is whole; what lies behind the damage is lost')
    .option(...dataDir)
    .option('--accept-loss', 'say that entries may be lost; without it nothing is changed')
    .action((options: TruncateFlags) =>
      run(async (asked) => (await import('./store-maintenance.ts')).truncate(options, asked)),
    );
  store
    .command('rebuild')
    .description('set a lost or damaged state file aside; the next start folds it anew from the log')
    .option(...dataDir)
    .action((options: { readonly dataDir: string }) =>
      run(async (asked) => (await import('./store-maintenance.ts')).rebuild(options, asked)),
    );
  store
    .command('backup')
    .description('write state, configuration and cluster id to one file, with checksums')
    .argument('<FILE>', 'a file that is not there yet')
    .option(...dataDir)
    .action((file: string, options: { readonly dataDir: string }) =>
      run(async (asked) => (await import('./store-backup.ts')).backup(file, options, asked)),
    );
  store
    .command('restore')
    .description('make an empty directory the only member of a new cluster, with the state of a backup')
    .argument('<FILE>', 'a file that "xcron store backup" wrote')
    .option('--data-dir <PATH>', 'the empty directory', SETTINGS.dataDir.fallback)
    .option('--node-id <ID>', 'name of the node', SETTINGS.nodeId.fallback)
    .action((file: string, options: { readonly dataDir: string; readonly nodeId: string }) =>
      run(async (asked) => (await import('./store-backup.ts')).restore(file, options, asked)),
    );
  store
    .command('force-new-cluster')
    .description('make this node the only voter of a new cluster; what never reached it is lost')
    .option(...dataDir)
    .option('--i-know-this-loses-quorum', 'say that what most of the old voters agreed on may be lost')
    .action((options: { readonly dataDir: string; readonly iKnowThisLosesQuorum?: true }) =>
      run(async (asked) => (await import('./store-backup.ts')).force(options, asked)),
    );
  program
    .command('verify-state')
    .description('rebuild the state from the log and compare it with the state file, by hash')
    .option(...dataDir)
    .action((options: { readonly dataDir: string }) =>
      run(async (asked) => (await import('./store-maintenance.ts')).verify(options, asked)),
    );
}
