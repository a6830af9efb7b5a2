import { once } from 'node:events';
import type { Asked } from './action.ts';
import { eventLine } from './event-line.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { FollowedServers, followEvents } from './following-events.ts';
import { openClient, type ServerOptions, sayFailure, sayUsage } from './server-options.ts';
import { stopAsked } from './stop-signal.ts';
import { printable } from './terminal.ts';

export interface EventsOptions extends ServerOptions {
  readonly kind?: string;
  readonly task?: string;
  readonly after?: string;
  readonly oldest?: true;
  readonly json?: true;
}

/** Whoever reads our output slowly keeps us waiting, not growing. */
const UNWRITTEN_BYTES_MAX = 1_048_576;

async function stdoutWritten(): Promise<void> {
  if (process.stdout.writableLength > UNWRITTEN_BYTES_MAX) await once(process.stdout, 'drain');
}

export async function events(options: EventsOptions, asked: Asked): Promise<ExitCode> {
  const { terminal } = asked;
  if (options.after !== undefined && options.oldest === true)
    return sayUsage(terminal, '--after and --oldest are two beginnings; allowed: one of them');
  const client = openClient(options, asked);
  if (client === null) return EXIT.usage;
  const stopping = new AbortController();
  void stopAsked().then(() => stopping.abort());
  const failure = await followEvents({
    servers: new FollowedServers(client),
    query: { kind: options.kind, task_id: options.task },
    after: options.oldest === true ? 'oldest' : (options.after ?? null),
    signal: stopping.signal,
    event({ event, data }) {
      if (event === 'gap') terminal.err('xcron: events were passed over: the log does not hold them any more');
      if (options.json === true) terminal.out(data);
      else if (event !== 'gap') terminal.out(eventLine(data));
    },
    written: stdoutWritten,
    note: (text) => terminal.err(`xcron: ${printable(text)}`),
  });
  return failure === null ? EXIT.done : sayFailure(terminal, failure);
}
