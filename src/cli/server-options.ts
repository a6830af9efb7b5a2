import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { Asked } from './action.ts';
import { type ApiClient, createApiClient, DEFAULT_SERVER, type Failure } from './api-client.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { SETTINGS } from './settings.ts';
import { printable, type Terminal } from './terminal.ts';

export interface ServerOptions {
  readonly server?: string;
  readonly apiTokenFile?: string;
}

/** Of every command that speaks to a node. */
export function withServerOptions(command: Command): Command {
  return command
    .addOption(new Option('--server <URL>', `the node to ask (XCRON_SERVER; default ${DEFAULT_SERVER})`))
    .addOption(new Option('--api-token-file <FILE>', 'file that holds the API token (or XCRON_API_TOKEN)'));
}

/** Null once the problem is said: the exit code is EXIT.usage. */
export function openClient(options: ServerOptions, { terminal, environment }: Asked): ApiClient | null {
  const given = options.server ?? (environment.XCRON_SERVER || undefined);
  const server = given ?? DEFAULT_SERVER;
  const from = options.server === undefined ? 'XCRON_SERVER' : '--server';
  const url = URL.parse(server);
  const isPlain = url !== null && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  if (!isPlain || !/^https?:$/.test(url.protocol)) {
    // What stands before an @ may be a password (I11).
    const shown = server.includes('@') ? '(not shown)' : `"${printable(server)}"`;
    terminal.err(
      `xcron: ${from} is ${shown}; allowed: a URL such as ${DEFAULT_SERVER}, without user, query or fragment`,
    );
    return null;
  }
  const token = readToken(options, environment);
  if (token.problem === null) return createApiClient({ server, token: token.value });
  terminal.err(`xcron: ${token.problem}`);
  return null;
}

type Token = { readonly problem: null; readonly value: string | null } | { readonly problem: string };

function readToken(options: ServerOptions, environment: Asked['environment']): Token {
  const file = options.apiTokenFile ?? (environment.XCRON_API_TOKEN ? undefined : environment.XCRON_API_TOKEN_FILE);
  const allowed = SETTINGS.apiToken.kind.allowed;
  try {
    const text = file ? readFileSync(file, 'utf8').trim() : environment.XCRON_API_TOKEN || null;
    if (text === null) return { problem: null, value: null };
    const token = SETTINGS.apiToken.kind.parse(text);
    if (token.ok) return { problem: null, value: token.value };
    return { problem: `${file ? printable(file) : 'XCRON_API_TOKEN'} holds no token; allowed: ${allowed}` };
  } catch (error) {
    return {
      problem: `the token file cannot be read: ${error instanceof Error ? printable(error.message) : 'unknown'}`,
    };
  }
}

/** Says why, and gives the exit code on. */
export function sayFailure(terminal: Terminal, failure: Failure, about = ''): ExitCode {
  const [first = '', ...rest] = failure.message.split('\n');
  for (const line of [`xcron: ${about === '' ? '' : `${about}: `}${first}`, ...rest]) terminal.err(line);
  return failure.exit;
}

export function sayUsage(terminal: Terminal, message: string): ExitCode {
  terminal.err(`xcron: ${message}`);
  return EXIT.usage;
}
