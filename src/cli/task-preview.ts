import type { Asked } from './action.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { openClient, sayFailure } from './server-options.ts';
import { table } from './table.ts';
import { member, text } from './task-answer.ts';
import { queryOf, type ShowOptions } from './task-show.ts';
import { printable } from './terminal.ts';

export interface PreviewOptions extends ShowOptions {
  readonly timezone?: string;
  readonly count?: number;
  readonly from?: string;
}

export async function previewSchedule(line: string, options: PreviewOptions, asked: Asked): Promise<ExitCode> {
  const { terminal } = asked;
  const client = openClient(options, asked);
  if (client === null) return EXIT.usage;
  const query = queryOf({
    format: line,
    timezone: options.timezone,
    count: options.count === undefined ? undefined : String(options.count),
    from: options.from,
  });
  const answer = await client.send({ method: 'GET', path: `/v1/schedule/preview${query}` });
  if (!answer.ok) return sayFailure(terminal, answer);
  if (options.json === true) {
    terminal.out(answer.text.trimEnd());
    return EXIT.done;
  }
  const inWords = text(answer.json, 'text');
  if (inWords !== '') terminal.out(printable(inWords));
  const next = member(answer.json, 'next');
  const fires: readonly unknown[] = Array.isArray(next) ? next : [];
  const rows = fires.map((fire) => ['at', 'local', 'note'].map((key) => printable(text(fire, key))));
  if (rows.length === 0) terminal.err('it does not fire any more');
  else for (const row of table(['AT', 'LOCAL', ''], rows)) terminal.out(row);
  return EXIT.done;
}
