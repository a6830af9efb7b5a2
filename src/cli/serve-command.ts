import type { Command } from 'commander';
import type { Run } from './action.ts';
import { flagsOf, withNodeFlags } from './node-flags.ts';

export function addServeCommand(program: Command, run: Run): void {
  withNodeFlags(program.command('serve'))
    .description('start a node')
    .option('--print-config', 'print every setting, its value and where it comes from, and end')
    .addHelpText('after', CONFIGURATION_HELP)
    .action((options: Readonly<Record<string, unknown>>) =>
      run(async (asked) => {
        const { serve } = await import('./serve.ts');
        return serve(flagsOf(options), options.printConfig === true, asked);
      }),
    );
}

const CONFIGURATION_HELP = `
Flags beat the environment, which beats xcron.toml, which beats defaults. --http-port is XCRON_HTTP_PORT in the environment and
http_port in xcron.toml (in this directory, or --config FILE). Lists are separated by commas. The API token has no flag, because
a command line can be read by everyone on the machine: set XCRON_API_TOKEN, or give --api-token-file.`;
