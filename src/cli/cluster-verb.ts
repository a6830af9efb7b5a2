import type { Asked } from './action.ts';
import { type ApiClient, createApiClient } from './api-client.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { openClient, type ServerOptions, sayFailure } from './server-options.ts';
import { member, text } from './task-answer.ts';
import { printable } from './terminal.ts';

export interface ClusterOptions extends ServerOptions {
  readonly json?: true;
  /** A verb about one node: which. */
  readonly node?: string;
  readonly instance?: string;
  readonly kind?: string;
  readonly acceptLostMajority?: true;
  readonly acceptNoSender?: true;
}

/** Asks for one verb, and says what came of it. */
export async function askVerb(
  verb: string,
  input: Readonly<Record<string, unknown>>,
  options: ClusterOptions,
  asked: Asked,
): Promise<ExitCode> {
  const { terminal } = asked;
  const client = await clientOfNode(options, asked);
  if (typeof client === 'number') return client;
  const body = JSON.stringify({ ...input, ...(options.node === undefined ? {} : { node_id: options.node }) });
  const answer = await client.send({ method: 'POST', path: `/v1/cluster/${verb}`, body });
  if (!answer.ok) return sayFailure(terminal, answer);
  if (options.json === true) terminal.out(answer.text.trimEnd());
  else terminal.out(inWords(verb, answer.json));
  const warning = text(answer.json, 'warning');
  if (warning !== '') terminal.err(`xcron: ${printable(warning)}`);
  return EXIT.done;
}

function inWords(verb: string, json: unknown): string {
  if (member(json, 'changed') === false) return `${verb}: it was so already`;
  const results = Object.entries((json ?? {}) as Readonly<Record<string, unknown>>)
    .filter(([name]) => name !== 'changed' && name !== 'warning')
    .map(([name, value]) => `${name}=${printable(typeof value === 'string' ? value : JSON.stringify(value))}`);
  return [`${verb}: done`, ...results].join('  ');
}

/** Of the node that is asked, or of the one that `--node` names, where that says it is. An exit code once the problem is said. */
export async function clientOfNode(options: ClusterOptions, asked: Asked): Promise<ApiClient | ExitCode> {
  const client = openClient(options, asked);
  if (client === null) return EXIT.usage;
  if (options.node === undefined) return client;
  const { terminal } = asked;
  const status = await client.send({ method: 'GET', path: '/v1/cluster' });
  if (!status.ok) return sayFailure(terminal, status);
  if (text(status.json, 'node_id') === options.node) return client;
  const members = member(status.json, 'members');
  const wanted = (Array.isArray(members) ? members : []).find((one) => text(one, 'node_id') === options.node);
  const url = text(wanted, 'http_url');
  if (url !== '') return createApiClient({ server: url, token: client.token });
  const known = wanted === undefined ? 'is no member' : 'does not say where its HTTP is';
  terminal.err(`xcron: ${printable(options.node)} ${known}: ask it itself, with --server URL`);
  return EXIT.refused;
}
