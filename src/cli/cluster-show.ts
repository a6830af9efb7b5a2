import { TRACE_PAGE_MAX } from '../node/limits.ts';
import type { EndLine } from '../trace/format.ts';
import type { Asked } from './action.ts';
import { type ClusterOptions, clientOfNode } from './cluster-verb.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { openClient, sayFailure } from './server-options.ts';
import { table } from './table.ts';
import { member, text } from './task-answer.ts';
import { printable } from './terminal.ts';

const PATHS = { status: '/v1/cluster', members: '/v1/cluster/members', audit: '/v1/cluster/audit' } as const;

export async function showCluster(what: keyof typeof PATHS, options: ClusterOptions, asked: Asked): Promise<ExitCode> {
  const { terminal } = asked;
  const client = openClient(options, asked);
  if (client === null) return EXIT.usage;
  const answer = await client.send({ method: 'GET', path: PATHS[what] });
  if (!answer.ok) return sayFailure(terminal, answer);
  if (options.json === true) terminal.out(answer.text.trimEnd());
  else for (const line of linesOf(what, answer.json)) terminal.out(line);
  return EXIT.done;
}

function linesOf(what: keyof typeof PATHS, json: unknown): readonly string[] {
  switch (what) {
    case 'status':
      return [...summary(json), '', ...memberTable(member(json, 'members'))];
    case 'members':
      return memberTable(member(json, 'items'));
    case 'audit':
      return auditTable(member(json, 'items'));
  }
}

function summary(json: unknown): readonly string[] {
  const shown = (name: string): string => printable(text(json, name)) || '-';
  const reason = text(json, 'reason');
  return [
    `cluster ${shown('cluster_id')}, seen by ${shown('node_id')}: ${shown('role')} in term ${shown('term')}, leader ${shown('leader_id')}`,
    `committed to ${shown('commit_index')}, applied to ${shown('applied_index')}; scheduling ${shown('scheduling')}`,
    member(json, 'ready') === true ? 'ready' : `not ready: ${reason === '' ? shown('state') : printable(reason)}`,
  ];
}

const rowsOf = (items: unknown): readonly unknown[] => (Array.isArray(items) ? items : []);
const cell = (json: unknown, name: string): string => printable(text(json, name)) || '-';

function memberTable(items: unknown): readonly string[] {
  const rows = rowsOf(items).map((one) => [
    cell(one, 'node_id'),
    cell(one, 'kind'),
    cell(one, 'role'),
    member(one, 'alive') === true ? 'yes' : 'no',
    member(one, 'drained') === true ? 'yes' : 'no',
    cell(one, 'match_index'),
    cell(one, 'lag_ms'),
    cell(one, 'http_url'),
    cell(one, 'instance'),
  ]);
  return table(['NODE', 'KIND', 'ROLE', 'ALIVE', 'DRAINED', 'MATCH', 'LAG_MS', 'HTTP', 'INSTANCE'], rows);
}

function auditTable(items: unknown): readonly string[] {
  const rows = rowsOf(items).map((one) => [
    cell(one, 'at'),
    cell(one, 'by'),
    cell(one, 'operation'),
    outcomeInWords(one),
    printable(JSON.stringify(member(one, 'details') ?? {})),
  ]);
  return table(['AT', 'BY', 'OPERATION', 'OUTCOME', 'DETAILS'], rows);
}

function outcomeInWords(record: unknown): string {
  const outcome = text(record, 'outcome');
  const reason = text(record, 'reason');
  if (outcome === '') return 'not known';
  return printable(reason === '' ? outcome : `${outcome}: ${reason}`);
}

/** All that is kept, page by page: a trace file, as `--trace` of the simulator writes one. */
export async function showTrace(options: ClusterOptions, asked: Asked): Promise<ExitCode> {
  const { terminal } = asked;
  const client = await clientOfNode(options, asked);
  if (typeof client === 'number') return client;
  let after = 0;
  let lines = 0;
  for (let until = 1; after < until; ) {
    const answer = await client.send({
      method: 'GET',
      path: `/v1/cluster/read-trace?after=${after}&limit=${TRACE_PAGE_MAX}`,
    });
    if (!answer.ok) return sayFailure(terminal, answer);
    const items = rowsOf(member(answer.json, 'items'));
    const dropped = member(answer.json, 'dropped');
    if (after === 0) {
      if (items.length === 0 && member(answer.json, 'on') !== true)
        terminal.err('no trace is kept: "xcron cluster trace on" begins one');
      terminal.out(JSON.stringify(member(answer.json, 'header')));
      // What comes while it is read is for the next time: a trace of reading a trace has no end.
      until = Number(member(answer.json, 'newest'));
    } else if (dropped !== 0) terminal.err(`xcron: ${String(dropped)} lines came and went meanwhile`);
    for (const line of items) terminal.out(JSON.stringify(line));
    if (items.length === 0) break;
    lines += items.length;
    after = Number(member(items.at(-1), 'line'));
  }
  terminal.out(JSON.stringify({ what: 'end', lines } satisfies EndLine));
  return EXIT.done;
}
