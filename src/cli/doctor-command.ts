import type { Command } from 'commander';
import type { Run } from './action.ts';
import { flagsOf, withNodeFlags } from './node-flags.ts';

export function addDoctorCommand(program: Command, run: Run): void {
  withNodeFlags(program.command('doctor'))
    .description('check whether a node would start and keep time here: Node, directory, disk, clock, port')
    .action((options: Readonly<Record<string, unknown>>) =>
      run(async (asked) => (await import('./doctor.ts')).doctor(flagsOf(options), asked)),
    );
}
