import { type Command, InvalidArgumentError } from 'commander';
import type { Run } from './action.ts';
import type { ListenOptions } from './listen.ts';

export function addListenCommand(program: Command, run: Run): void {
  program
    .command('listen')
    .description('print every callback that arrives, with its lateness: a target to try xcron with')
    .option('--port <PORT>', 'port to listen on; 0 takes any free one', within(0, 65_535), 9000)
    .option('--host <ADDRESS>', 'address to listen on', '127.0.0.1')
    .option('--status <CODE>', 'status to answer with, to see retries', within(200, 599), 200)
    .option('--json', 'a JSON object a callback')
    .action((options: ListenOptions) => run(async (asked) => (await import('./listen.ts')).listen(options, asked)));
}

const within =
  (min: number, max: number) =>
  (value: string): number => {
    const number = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw new InvalidArgumentError(`Allowed: ${min} to ${max}.`);
  };
