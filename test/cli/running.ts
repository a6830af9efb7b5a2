import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ExitCode } from '../../src/cli/exit-code.ts';
import { runCommandLine } from '../../src/cli/program.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface Ran {
  readonly code: ExitCode | number | null;
  readonly out: string;
  readonly err: string;
}

/** The command line in this process: the same code without 300 ms of start. */
export async function runHere(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = { out: (line: string) => out.push(line), err: (line: string) => err.push(line), errIsTty: false };
  const code = await runCommandLine(args, { terminal, environment });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

export interface Running {
  out(): string;
  err(): string;
  readonly ended: Promise<Ran>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves once the output matches; rejects when the process ends without. */
  until(stream: 'out' | 'err', pattern: RegExp): Promise<RegExpExecArray>;
}

/** The process itself, as a person starts it. Ended with the test. */
export function start(
  context: TestContext,
  args: readonly string[],
  options: {
    readonly environment?: Readonly<Record<string, string>>;
    readonly directory?: string;
    readonly stdin?: string;
  } = {},
): Running {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: options.directory ?? tmpdir(),
    env: { PATH: process.env.PATH ?? '', ...options.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(options.stdin ?? '');
  const text = { out: '', err: '' };
  const lookers = new Set<() => void>();
  const hear = (stream: 'out' | 'err') => (chunk: Buffer) => {
    text[stream] += chunk.toString('utf8');
    for (const look of lookers) look();
  };
  child.stdout.on('data', hear('out'));
  child.stderr.on('data', hear('err'));
  const ended = new Promise<Ran>((resolve) => {
    child.once('close', (code) => resolve({ code, out: text.out.trimEnd(), err: text.err.trimEnd() }));
  });
  context.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    out: () => text.out,
    err: () => text.err,
    ended,
    kill: (signal) => void child.kill(signal),
    until(stream, pattern) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(text[stream]);
          if (found !== null) {
            lookers.delete(look);
            resolve(found);
          }
        };
        lookers.add(look);
        look();
        void ended.then(({ code, out, err }) =>
          reject(new Error(`ended with ${code} before ${pattern}:\n${out}\n${err}`)),
        );
      });
    },
  };
}

export const run = (
  context: TestContext,
  ...rest: Parameters<typeof start> extends [unknown, ...infer R] ? R : never
) => start(context, ...rest).ended;

export function temporaryDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'xcron-cli-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export async function takenPort(t: TestContext): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface FakeAnswer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A node as the contract describes it, as far as a test says; keeps what it was asked. */
export async function fakeNode(context: TestContext, answer: (asked: Asked) => FakeAnswer | null) {
  const requests: Asked[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const asked = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
    requests.push(asked);
    const given = answer(asked);
    if (given === null) request.socket.destroy();
    else
      response.writeHead(given.status, { 'content-type': 'application/json', ...given.headers }).end(given.body ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, requests };
}

export const problem = (status: number, code: string, detail: string, errors: readonly unknown[] = []): FakeAnswer => ({
  status,
  body: JSON.stringify({ type: `urn:xcron:error:${code}`, title: `title of ${code}`, status, code, detail, errors }),
  headers: { 'content-type': 'application/problem+json' },
});

export const aTask = (fields: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    id: '289057701458138645',
    name: 'report',
    tags: ['a', 'b'],
    schedule: '0 9 * * 1-5',
    timezone: 'UTC',
    dst: 'once',
    callback: { url: 'http://127.0.0.1:9000/', method: 'POST', headers: {} },
    retry: { attempts: 5, backoff: '1s', backoff_max: '5m' },
    delivery: 'at_least_once',
    state: 'scheduled',
    version: 1,
    next_at: '2027-01-01T09:00:00.000Z',
    created_at: '2026-12-31T09:00:00.000Z',
    ...fields,
  });
