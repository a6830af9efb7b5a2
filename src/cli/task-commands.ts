import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Run } from './action.ts';
import { withServerOptions } from './server-options.ts';
import type { CreateOptions } from './task-create.ts';
import type { ImportOptions } from './task-import.ts';
import type { PreviewOptions } from './task-preview.ts';
import type { ListOptions, ShowOptions } from './task-show.ts';

export function addTaskCommands(program: Command, run: Run): void {
  const task = program.command('task').description('create, look at and change tasks, on a node that runs');

  withServerOptions(task.command('create'))
    .description('create a task: a schedule, and the URL that is called at its times')
    .requiredOption(
      '--schedule <WHEN>',
      "a crontab line ('*/5 * * * *'), a macro (@daily), '@every 90s', or an instant (unix seconds, ISO 8601)",
    )
    .requiredOption('--url <URL>', 'what is called')
    .option('--name <NAME>', 'a name for people')
    .option('--tag <TAG>', 'a tag; may be given several times', collect, [])
    .option('--timezone <ZONE>', 'zone of the schedule, such as Europe/Berlin')
    .option('--method <METHOD>', 'POST, PUT, PATCH, GET or DELETE')
    .option('--header <K: V>', "a header of the callback, as 'Name: value'; may be given several times", collect, [])
    .option('--body <JSON>', 'JSON that is sent, byte for byte; @FILE reads a file, @- standard input')
    .option('--retry-attempts <N>', 'attempts until an execution counts as failed', wholeNumber)
    .addOption(new Option('--delivery <HOW>', 'at_least_once or at_most_once'))
    .option('--idempotency-key <KEY>', 'the same key twice creates one task')
    .option('--json', "print the API's JSON")
    .addHelpText(
      'after',
      `
Example, in ten seconds from now:
  xcron task create --schedule $(($(date +%s)+10)) --url http://127.0.0.1:9000/ --body '{"hello":"world"}'`,
    )
    .action((options: CreateOptions) =>
      run(async (asked) => (await import('./task-create.ts')).createTask(options, asked)),
    );

  withServerOptions(task.command('list'))
    .description('list tasks, oldest first')
    .option('--state <STATE>', 'scheduled, paused, completed or cancelled')
    .option('--tag <TAG>', 'with this tag')
    .option('--name <TEXT>', 'whose name contains this')
    .option('--limit <N>', 'how many (1 to 1000)', wholeNumber, LIST_LIMIT)
    .option('--all', 'all of them, page by page')
    .option('--json', "print the API's JSON, a page a line")
    .action((options: ListOptions) => run(async (asked) => (await import('./task-show.ts')).listTasks(options, asked)));

  withServerOptions(task.command('get'))
    .description('show one task')
    .argument('<ID>', 'task id')
    .option('--json', "print the API's JSON")
    .action((id: string, options: ShowOptions) =>
      run(async (asked) => (await import('./task-show.ts')).showTask(id, options, asked)),
    );

  withServerOptions(task.command('history'))
    .description('show the executions of a task, newest first, with every attempt')
    .argument('<ID>', 'task id')
    .option('--limit <N>', 'how many (1 to 100)', wholeNumber, HISTORY_LIMIT)
    .option('--json', "print the API's JSON")
    .action((id: string, options: ShowOptions & { readonly limit: number }) =>
      run(async (asked) => (await import('./task-show.ts')).showHistory(id, options, asked)),
    );

  const changes = [
    ['pause', 'stop firing, keep the task'],
    ['resume', 'fire again, from the next time on'],
    ['run', 'fire once now, beside the schedule'],
    ['cancel', 'end the task for good'],
  ] as const;
  for (const [verb, description] of changes) {
    withServerOptions(task.command(verb))
      .description(description)
      .argument('<ID...>', 'task ids')
      .option('--json', "print the API's JSON, a task a line")
      .action((ids: readonly string[], options: ShowOptions) =>
        run(async (asked) => (await import('./task-change.ts')).changeTasks(verb, ids, options, asked)),
      );
  }

  withServerOptions(task.command('preview'))
    .description('show when a schedule would fire, without creating anything')
    .argument('<WHEN>', "schedule, in quotes: '0 9 * * 1-5'")
    .option('--timezone <ZONE>', 'zone of the schedule')
    .option('--count <N>', 'how many times', wholeNumber)
    .option('--from <INSTANT>', 'after this instant (ISO 8601)')
    .option('--json', "print the API's JSON")
    .action((line: string, options: PreviewOptions) =>
      run(async (asked) => (await import('./task-preview.ts')).previewSchedule(line, options, asked)),
    );

  withServerOptions(task.command('import'))
    .description('create a task for each line of a crontab file')
    .argument('<FILE>', 'crontab file; - reads standard input')
    .requiredOption('--url <URL>', 'what is called, with the body {"command": "…the rest of the line…"}')
    .option('--timezone <ZONE>', 'zone of lines that stand under no CRON_TZ=')
    .option('--dry-run', 'only say what would be created and what would be refused; asks no node')
    .option('--repeat', 'create the lines again although an earlier import did')
    .option('--json', 'print the outcome as JSON')
    .addHelpText(
      'after',
      `
A line is five fields, or a macro such as @daily, and then a command, which becomes the task's name. Comments and blank lines
are skipped, CRON_TZ= holds for the lines below it, other NAME=value lines are reported. Good lines are imported even where
others are refused; the exit code is 1 then. Importing a line again within 24 hours creates nothing twice.`,
    )
    .action((file: string, options: ImportOptions) =>
      run(async (asked) => (await import('./task-import.ts')).importCrontab(file, options, asked)),
    );
}

const LIST_LIMIT = 50;
const HISTORY_LIMIT = 20;

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(value);
}
