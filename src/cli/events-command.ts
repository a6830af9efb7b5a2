import type { Command } from 'commander';
import type { Run } from './action.ts';
import type { EventsOptions } from './events.ts';
import { withServerOptions } from './server-options.ts';

export function addEventsCommand(program: Command, run: Run): void {
  withServerOptions(program.command('events'))
    .description('print what happens, a line each, until Ctrl-C; goes on at another node when this one ends')
    .option('--kind <KINDS>', 'only these, separated by commas: docs/events.md has them')
    .option('--task <ID>', 'only events of this task')
    .option('--after <ID>', 'go on behind the event with this id')
    .option('--oldest', 'begin with the oldest event that the log still holds')
    .option('--json', "the API's JSON, an object a line")
    .action((options: EventsOptions) => run(async (asked) => (await import('./events.ts')).events(options, asked)));
}
