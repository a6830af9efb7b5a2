import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Asked } from './action.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { listenProblem, urlOf } from './listening.ts';
import { stopAsked } from './stop-signal.ts';
import { printable, shortened, type Terminal } from './terminal.ts';

export interface ListenOptions {
  readonly port: number;
  readonly host: string;
  readonly status: number;
  readonly json?: true;
}

interface Received {
  readonly at: string;
  readonly taskId: string;
  readonly execution: string;
  readonly attempt: string;
  /** Null for what carries no time, so did not come from xcron. */
  readonly latenessMs: number | null;
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly bodyBytes: number;
}

const BODY_BYTES_READ_MAX = 1_024 * 1_024;
const BODY_CHARS_SHOWN = 400;
const PATH_CHARS_SHOWN = 120;
/** Remembered to tell a repeated sending from a new one; the oldest are forgotten. */
const EXECUTIONS_REMEMBERED = 100_000;

export async function listen(options: ListenOptions, { terminal }: Asked): Promise<ExitCode> {
  const counts = createCounts();
  const server = createServer((request, response) => {
    receive(request, response, options.status).then(
      (received) => {
        counts.add(received);
        terminal.out(options.json === true ? asJson(received) : inWords(received));
      },
      // The sender went away in the middle.
      () => response.destroy(),
    );
  });
  const failed = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    server.once('error', resolve);
    server.listen(options.port, options.host, () => resolve(null));
  });
  if (failed !== null) {
    terminal.err(`xcron: ${listenProblem(failed, options.host, options.port)}`);
    return EXIT.usage;
  }
  const { port } = server.address() as AddressInfo;
  terminal.err(`listening on ${urlOf(options.host, port)} · Ctrl-C ends`);
  await stopAsked();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  counts.say(terminal);
  return EXIT.done;
}

async function receive(request: IncomingMessage, response: ServerResponse, status: number): Promise<Received> {
  const atMs = Date.now();
  const kept: Buffer[] = [];
  let bodyBytes = 0;
  for await (const chunk of request) {
    bodyBytes += chunk.length;
    if (bodyBytes <= BODY_BYTES_READ_MAX) kept.push(chunk);
  }
  // A status without a body must not carry one (RFC 9110 §15).
  response.writeHead(status).end(status === 204 || status === 304 ? undefined : '{}');
  const header = (name: string): string => String(request.headers[name] ?? '');
  const scheduledAtMs = Date.parse(header('xcron-scheduled-at'));
  return {
    at: new Date(atMs).toISOString(),
    taskId: header('xcron-task-id'),
    execution: header('webhook-id'),
    attempt: header('xcron-attempt'),
    latenessMs: Number.isNaN(scheduledAtMs) ? null : atMs - scheduledAtMs,
    method: request.method ?? '',
    path: request.url ?? '',
    body: Buffer.concat(kept).toString('utf8'),
    bodyBytes,
  };
}

function inWords(received: Received): string {
  const { at, taskId, execution, attempt, latenessMs, method, path, body } = received;
  const late = latenessMs === null ? 'not from xcron' : `${latenessMs >= 0 ? '+' : ''}${latenessMs} ms`;
  const known = [
    taskId === '' ? '' : `task ${taskId}`,
    execution === '' ? '' : `execution ${execution}`,
    attempt === '' ? '' : `attempt ${attempt}`,
  ];
  const parts = [
    at,
    late,
    ...known,
    `${method} ${shortened(path, PATH_CHARS_SHOWN)}`,
    shortened(body, BODY_CHARS_SHOWN),
  ];
  return parts
    .filter((part) => part !== '')
    .map(printable)
    .join('  ');
}

const asJson = (received: Received): string =>
  JSON.stringify({
    at: received.at,
    task_id: received.taskId,
    execution: received.execution,
    attempt: received.attempt === '' ? null : Number(received.attempt),
    lateness_ms: received.latenessMs,
    method: received.method,
    path: received.path,
    body: received.body,
    body_bytes: received.bodyBytes,
  });

function createCounts() {
  const executions = new Set<string>();
  let callbacks = 0;
  let repeated = 0;
  let latestMs: number | null = null;
  return {
    add({ execution, latenessMs }: Received): void {
      callbacks += 1;
      if (latenessMs !== null) latestMs = Math.max(latestMs ?? latenessMs, latenessMs);
      if (execution === '') return;
      if (executions.has(execution)) repeated += 1;
      executions.add(execution);
      if (executions.size > EXECUTIONS_REMEMBERED)
        for (const oldest of executions.values()) {
          executions.delete(oldest);
          break;
        }
    },
    say(terminal: Terminal): void {
      const latest = latestMs === null ? '' : ` · latest by ${latestMs} ms`;
      terminal.err(`${callbacks} callbacks · ${repeated} of an execution that had come before${latest}`);
    },
  };
}
