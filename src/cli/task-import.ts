import type { Asked } from './action.ts';
import { readTextBounded } from './bounded-text.ts';
import { type CrontabFile, type LineReason, parseCrontabFile } from './crontab-file.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { createAll, type Imported } from './import-lines.ts';
import { importLines } from './import-requests.ts';
import { openClient, type ServerOptions, sayUsage } from './server-options.ts';
import { printable, type Terminal } from './terminal.ts';

export interface ImportOptions extends ServerOptions {
  readonly url: string;
  readonly timezone?: string;
  readonly dryRun?: true;
  readonly repeat?: true;
  readonly json?: true;
}

/** Far more than the 100,000 lines that anybody imports at once. */
const FILE_BYTES_MAX = 64 * 1_024 * 1_024;

export async function importCrontab(file: string, options: ImportOptions, asked: Asked): Promise<ExitCode> {
  const { terminal } = asked;
  const client = openClient(options, asked);
  if (client === null) return EXIT.usage;
  const text = await readTextBounded(file, FILE_BYTES_MAX);
  if (!text.ok) return sayUsage(terminal, text.error);
  const crontab = parseCrontabFile(text.value);
  const lines = importLines(crontab.tasks, options, options.repeat === true ? crypto.randomUUID() : '');
  const imported =
    options.dryRun === true
      ? await (await import('./import-rehearsal.ts')).rehearse(crontab.tasks, lines, options.timezone)
      : await createAll(client, lines, terminal);
  const refused = [...crontab.refused, ...imported.refused].sort((one, other) => one.line - other.line);
  const outcome = { ...imported, refused };
  if (options.json === true) terminal.out(outcomeJson(outcome, crontab, options));
  else sayOutcome(outcome, crontab, options, terminal);
  if (outcome.stopped !== null) return outcome.stopped.exit;
  if (outcome.unknown.length > 0) return EXIT.unknown;
  return refused.length > 0 ? EXIT.refused : EXIT.done;
}

const LINES_SAID_MAX = 1_000;

function sayOutcome(outcome: Imported, crontab: CrontabFile, options: ImportOptions, terminal: Terminal): void {
  const say = (reasons: readonly LineReason[], words: (reason: string) => string): void => {
    for (const { line, reason } of reasons.slice(0, LINES_SAID_MAX))
      terminal.err(`line ${line}: ${words(printable(reason))}`);
    if (reasons.length > LINES_SAID_MAX) terminal.err(`… and ${reasons.length - LINES_SAID_MAX} more lines`);
  };
  say(crontab.settings, (name) => `${name}=… is not used: the command is not run here`);
  say(outcome.refused, (reason) => `refused: ${reason}`);
  say(outcome.unknown, (reason) => `outcome unknown: ${reason}`);
  const counts = [`${outcome.created} ${options.dryRun === true ? 'would be created' : 'created'}`];
  if (outcome.existing > 0) counts.push(`${outcome.existing} there from an earlier import`);
  counts.push(`${outcome.refused.length} refused`);
  if (outcome.unknown.length > 0) counts.push(`${outcome.unknown.length} unknown`);
  if (outcome.notTried > 0) counts.push(`${outcome.notTried} not tried`);
  terminal.out(counts.join(' · '));
  if (outcome.stopped !== null) terminal.err(`xcron: stopped: ${outcome.stopped.message}`);
  if (options.dryRun === true && options.timezone === undefined) {
    terminal.out('Lines under no CRON_TZ= were checked in UTC; a node takes its own default_timezone.');
  } else if (options.dryRun !== true) {
    terminal.out('The same lines imported again within 24 hours create nothing twice (--repeat does).');
  }
}

function outcomeJson(outcome: Imported, crontab: CrontabFile, options: ImportOptions): string {
  return JSON.stringify({
    dry_run: options.dryRun === true,
    created: outcome.created,
    existing: outcome.existing,
    not_tried: outcome.notTried,
    refused: outcome.refused,
    unknown: outcome.unknown,
    not_used: crontab.settings.map(({ line, reason }) => ({ line, name: reason })),
    ...(outcome.stopped === null ? {} : { stopped: outcome.stopped.message }),
  });
}
