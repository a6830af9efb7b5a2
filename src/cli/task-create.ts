import { readFileSync } from 'node:fs';
import { ok, type Result, refused } from '../result.ts';
import type { Asked } from './action.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { openClient, type ServerOptions, sayFailure, sayUsage } from './server-options.ts';
import { readTask } from './task-answer.ts';
import { printable } from './terminal.ts';

export interface CreateOptions extends ServerOptions {
  readonly schedule: string;
  readonly url: string;
  readonly name?: string;
  readonly tag: readonly string[];
  readonly timezone?: string;
  readonly method?: string;
  readonly header: readonly string[];
  readonly body?: string;
  readonly retryAttempts?: number;
  readonly delivery?: string;
  readonly idempotencyKey?: string;
  readonly json?: true;
}

export async function createTask(options: CreateOptions, asked: Asked): Promise<ExitCode> {
  const { terminal } = asked;
  const client = openClient(options, asked);
  if (client === null) return EXIT.usage;
  const request = createRequest(options);
  if (!request.ok) return sayUsage(terminal, request.error);
  const key = options.idempotencyKey;
  const answer = await client.send({
    method: 'POST',
    path: '/v1/tasks',
    body: request.value,
    ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }),
  });
  if (!answer.ok) return sayFailure(terminal, answer);
  if (options.json === true) {
    terminal.out(answer.text.trimEnd());
    return EXIT.done;
  }
  const task = readTask(answer.json);
  const next = task.nextAt === '' ? 'never again' : task.nextAt;
  const earlier = answer.replayed ? ' (created before, with this key)' : '';
  terminal.out(`task ${printable(task.id)}${earlier} · next at ${printable(next)} · ${printable(task.url)}`);
  return EXIT.done;
}

/** The request's text. The body goes in as it was written: the node sends those very bytes. */
export function createRequest(options: CreateOptions): Result<string, string> {
  const headers = readHeaders(options.header);
  if (!headers.ok) return headers;
  const body = options.body === undefined ? null : readBody(options.body);
  if (body?.ok === false) return body;
  // Only what was given: defaults are the node's.
  const callback = JSON.stringify({ url: options.url, method: options.method, headers: headers.value });
  const draft = JSON.stringify({
    schedule: options.schedule,
    name: options.name,
    tags: options.tag.length === 0 ? undefined : options.tag,
    timezone: options.timezone,
    retry: options.retryAttempts === undefined ? undefined : { attempts: options.retryAttempts },
    delivery: options.delivery,
  });
  const whole = body === null ? callback : `${callback.slice(0, -1)},"body":${body.value}}`;
  return ok(`${draft.slice(0, -1)},"callback":${whole}}`);
}

function readHeaders(lines: readonly string[]): Result<Readonly<Record<string, string>> | undefined, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^:]+):(.*)$/.exec(line) ?? [];
    // The line itself may hold a secret (I11): only its name is repeated.
    if (name.trim() === '') return refused("--header needs a name, a colon and a value, as in --header 'X-Team: ops'");
    if (headers.has(name.trim())) return refused(`--header ${printable(name.trim())} is given twice`);
    headers.set(name.trim(), value.trim());
  }
  return ok(headers.size === 0 ? undefined : Object.fromEntries(headers));
}

function readBody(given: string): Result<string, string> {
  const file = given.startsWith('@') ? given.slice(1) : null;
  const where = file === null ? '--body' : `--body @${printable(file)}`;
  let text: string;
  try {
    text = file === null ? given : readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    return refused(`${where} cannot be read: ${error instanceof Error ? printable(error.message) : ''}`);
  }
  try {
    JSON.parse(text);
    return ok(text.trim());
  } catch (error) {
    return refused(`${where} is not JSON: ${error instanceof Error ? printable(error.message) : ''}`);
  }
}
