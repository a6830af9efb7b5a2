import { EXECUTION_PAGE_ITEMS_MAX, PAGE_ITEMS_MAX } from '../http/limits.ts';
import type { Asked } from './action.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { openClient, type ServerOptions, sayFailure, sayUsage } from './server-options.ts';
import { table } from './table.ts';
import { type ExecutionAnswer, readExecution, readPage, readTask, type TaskAnswer } from './task-answer.ts';
import { printable, shortened, type Terminal } from './terminal.ts';

export interface ShowOptions extends ServerOptions {
  readonly json?: true;
}

export interface ListOptions extends ShowOptions {
  readonly state?: string;
  readonly tag?: string;
  readonly name?: string;
  readonly limit: number;
  readonly all?: true;
}

const NAME_CHARS_SHOWN = 48;

export async function listTasks(options: ListOptions, asked: Asked): Promise<ExitCode> {
  const { terminal } = asked;
  const client = openClient(options, asked);
  if (client === null) return EXIT.usage;
  if (options.limit < 1 || options.limit > PAGE_ITEMS_MAX) {
    return sayUsage(terminal, `--limit is ${options.limit}; allowed: 1 to ${PAGE_ITEMS_MAX} (--all lists everything)`);
  }
  let cursor: string | null = null;
  let shown = 0;
  do {
    const query = queryOf({
      state: options.state,
      tag: options.tag,
      name: options.name,
      limit: String(options.all === true ? PAGE_ITEMS_MAX : options.limit),
      cursor: cursor ?? undefined,
    });
    const answer = await client.send({ method: 'GET', path: `/v1/tasks${query}` });
    if (!answer.ok) return sayFailure(terminal, answer);
    const page = readPage(answer.json);
    cursor = page.nextCursor;
    if (options.json === true) terminal.out(answer.text.trimEnd());
    else if (page.items.length > 0) {
      const lines = taskTable(page.items.map(readTask));
      // The head once, however many pages follow.
      for (const line of shown === 0 ? lines : lines.slice(1)) terminal.out(line);
    }
    shown += page.items.length;
  } while (options.all === true && cursor !== null);
  if (options.json === true) return EXIT.done;
  if (shown === 0) terminal.err('no tasks');
  else if (cursor !== null) terminal.err(`the first ${shown}; there are more: --limit N or --all`);
  return EXIT.done;
}

export function queryOf(parameters: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, value);
  return query.size === 0 ? '' : `?${query}`;
}

const shownOr = (value: string, otherwise: string): string => (value === '' ? otherwise : printable(value));

function taskTable(tasks: readonly TaskAnswer[]): readonly string[] {
  const rows = tasks.map((task) => [
    printable(task.id),
    printable(task.state),
    shownOr(task.nextAt, '-'),
    printable(task.schedule),
    shownOr(shortened(task.name, NAME_CHARS_SHOWN), '-'),
  ]);
  return table(['ID', 'STATE', 'NEXT', 'SCHEDULE', 'NAME'], rows);
}

export async function showTask(id: string, options: ShowOptions, asked: Asked): Promise<ExitCode> {
  const client = openClient(options, asked);
  if (client === null) return EXIT.usage;
  const answer = await client.send({ method: 'GET', path: `/v1/tasks/${encodeURIComponent(id)}` });
  if (!answer.ok) return sayFailure(asked.terminal, answer);
  if (options.json === true) asked.terminal.out(answer.text.trimEnd());
  else sayTask(asked.terminal, readTask(answer.json));
  return EXIT.done;
}

function sayTask(terminal: Terminal, task: TaskAnswer): void {
  const rows: readonly (readonly [string, string])[] = [
    ['task', task.id],
    ['name', task.name],
    ['state', task.state],
    ['schedule', task.schedule],
    ['timezone', task.timezone],
    ['next', task.nextAt],
    ['callback', `${task.method} ${task.url}`.trim()],
    ['tags', task.tags],
    ['delivery', task.delivery],
    ['version', task.version],
    ['created', task.createdAt],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  for (const [label, value] of rows) terminal.out(`${label.padEnd(width)}  ${shownOr(value, '-')}`);
}

export async function showHistory(
  id: string,
  options: ShowOptions & { readonly limit: number },
  asked: Asked,
): Promise<ExitCode> {
  const { terminal } = asked;
  const client = openClient(options, asked);
  if (client === null) return EXIT.usage;
  if (options.limit < 1 || options.limit > EXECUTION_PAGE_ITEMS_MAX) {
    return sayUsage(terminal, `--limit is ${options.limit}; allowed: 1 to ${EXECUTION_PAGE_ITEMS_MAX}`);
  }
  const path = `/v1/tasks/${encodeURIComponent(id)}/executions${queryOf({ limit: String(options.limit) })}`;
  const answer = await client.send({ method: 'GET', path });
  if (!answer.ok) return sayFailure(terminal, answer);
  if (options.json === true) {
    terminal.out(answer.text.trimEnd());
    return EXIT.done;
  }
  const page = readPage(answer.json);
  const lines = table(
    ['SCHEDULED', 'EXECUTION', 'STATE', 'ATTEMPT', 'RESULT', 'ANSWER', 'STARTED', 'TOOK', 'NODE'],
    page.items.map(readExecution).flatMap(historyRows),
  );
  if (page.items.length === 0) terminal.err('no executions yet');
  else for (const line of lines) terminal.out(line);
  if (page.nextCursor !== null) terminal.err('there are older ones: --limit N');
  return EXIT.done;
}

/** An execution, and under it a row for each further attempt. */
function historyRows(execution: ExecutionAnswer): readonly (readonly string[])[] {
  const head = [execution.scheduledAt, execution.id, execution.state].map((cell) => shownOr(cell, '-'));
  if (execution.attempts.length === 0) return [head];
  return execution.attempts.map((attempt, position) => [
    ...(position === 0 ? head : ['', '', '']),
    ...[attempt.number, attempt.result, attempt.answer, attempt.startedAt, attempt.durationMs, attempt.node].map(
      (cell) => shownOr(cell, '-'),
    ),
  ]);
}
