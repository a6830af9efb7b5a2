import { Type } from 'typebox';
import type { ClusterStatus, SchedulerNode } from '../node/api.ts';
import { TRACE_PAGE_MAX, TRACE_WATCH_MS_MAX } from '../node/limits.ts';
import type { OperationRecord } from '../tasks/operation.ts';
import { TRACE_FORMAT, TRACE_VERSION, type TraceHeader } from '../trace/format.ts';
import { done, type Verb } from './verb.ts';

/** How the cluster stands, as the node that is asked sees it: answered without a leader, too. */

const closed = { additionalProperties: false } as const;
const nothing = Type.Object({}, closed);
const orNull = (type: 'string' | 'number' | 'integer') => Type.Unsafe<unknown>({ type: [type, 'null'] });

const memberSchema = Type.Object(
  {
    node_id: Type.String(),
    instance: Type.String(),
    kind: Type.Unsafe<string>({ type: 'string', enum: ['voter', 'learner', 'worker'] }),
    role: orNull('string'),
    drained: Type.Boolean(),
    http_url: orNull('string'),
    match_index: orNull('integer'),
    lag_ms: orNull('number'),
    alive: Type.Boolean(),
  },
  closed,
);

export const statusSchema = Type.Object(
  {
    cluster_id: Type.String(),
    node_id: Type.String(),
    state: Type.String(),
    ready: Type.Boolean(),
    reason: orNull('string'),
    role: Type.String(),
    term: Type.Integer({ minimum: 0 }),
    leader_id: orNull('string'),
    commit_index: Type.Integer({ minimum: 0 }),
    applied_index: Type.Integer({ minimum: 0 }),
    scheduling: Type.Unsafe<string>({ type: 'string', enum: ['running', 'paused'] }),
    members: Type.Array(memberSchema),
  },
  closed,
);

export function statusJson(node: SchedulerNode): Readonly<Record<string, unknown>> {
  const status = node.status();
  const { state, ready, reason } = node.health();
  return {
    cluster_id: status.clusterId,
    node_id: status.nodeId,
    state,
    ready,
    reason,
    role: status.role,
    term: status.term,
    leader_id: status.leaderId,
    commit_index: status.commitIndex,
    applied_index: status.appliedIndex,
    scheduling: status.schedulingPaused ? 'paused' : 'running',
    members: status.members.map(memberJson),
  };
}

const memberJson = (member: ClusterStatus['members'][number]): Readonly<Record<string, unknown>> => ({
  node_id: member.nodeId,
  instance: member.instance,
  kind: member.kind,
  role: member.role,
  drained: member.drained,
  http_url: member.httpUrl,
  match_index: member.matchIndex,
  lag_ms: member.lagMs,
  alive: member.alive,
});

const status: Verb = {
  name: 'status',
  access: 'read',
  about: 'cluster',
  summary: 'Say how the cluster stands, as this node sees it',
  input: nothing,
  output: statusSchema,
  errors: [],
  run: async (_input, { node }) => done(statusJson(node)),
};

const members: Verb = {
  name: 'members',
  access: 'read',
  about: 'cluster',
  summary: 'List the members; how far each is, only the leader knows',
  input: nothing,
  output: Type.Object({ items: Type.Array(memberSchema) }, closed),
  errors: [],
  run: async (_input, { node }) => done({ items: node.status().members.map(memberJson) }),
};

const audit: Verb = {
  name: 'audit',
  access: 'read',
  about: 'cluster',
  summary: 'List what operators asked for and what came of it, as far as this node has applied it, the newest first',
  input: nothing,
  output: Type.Object(
    {
      items: Type.Array(
        Type.Object(
          {
            at: Type.String(),
            by: Type.String(),
            request_id: Type.String(),
            operation: Type.String(),
            details: Type.Unsafe<unknown>({ type: 'object' }),
            outcome: Type.Unsafe<string | null>({
              type: ['string', 'null'],
              enum: ['done', 'refused', 'unknown', null],
              description: 'Null: under way, or lost with the node that carried it out, so that nobody knows.',
            }),
            reason: orNull('string'),
            ended_at: orNull('string'),
          },
          closed,
        ),
      ),
    },
    closed,
  ),
  errors: [],
  run: async (_input, { node }) => done({ items: node.operations().map(recordJson).toReversed() }),
};

function recordJson({ atMs, by, requestId, operation, ended }: OperationRecord): Readonly<Record<string, unknown>> {
  const { type, ...rest } = operation;
  const details = Object.entries(rest).map(([name, value]) => [inSnakeCase(name), value] as const);
  return {
    at: new Date(atMs).toISOString(),
    by,
    request_id: requestId,
    operation: type,
    details: Object.fromEntries(details),
    outcome: ended?.end.kind ?? null,
    reason: ended?.end.kind === 'refused' ? ended.end.reason : null,
    ended_at: ended === undefined ? null : new Date(ended.atMs).toISOString(),
  };
}

const inSnakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

export const traceHeader = (node: SchedulerNode, nodes: readonly string[]): TraceHeader => ({
  format: TRACE_FORMAT,
  version: TRACE_VERSION,
  source: 'live',
  clusterId: node.status().clusterId,
  nodes,
  made: 'kept by a running node',
});

const readTrace: Verb = {
  name: 'read-trace',
  access: 'read',
  about: 'node',
  summary: 'Read what consensus was told and answered on this node since it was asked to keep that',
  input: Type.Object(
    {
      after: Type.Optional(
        Type.Integer({ minimum: 0, description: 'Lines after this one; all that are kept where left out.' }),
      ),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: TRACE_PAGE_MAX })),
      watch_ms: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: TRACE_WATCH_MS_MAX,
          description: 'Keep a trace for so long from now, if none is kept: as long as somebody asks again in time.',
        }),
      ),
    },
    closed,
  ),
  output: Type.Object(
    {
      on: Type.Boolean(),
      /** Of those that were asked for: no longer kept. */
      dropped: Type.Integer({ minimum: 0 }),
      /** The last line there is: where `items` ends before it, there is more. */
      newest: Type.Integer({ minimum: 0 }),
      header: Type.Unsafe<unknown>({ type: 'object' }),
      items: Type.Array(Type.Unsafe<unknown>({ type: 'object' })),
    },
    closed,
  ),
  errors: [],
  async run({ after, limit, watch_ms: watchMs }, { node }) {
    const { tracing } = node;
    if (watchMs !== undefined) tracing.watch(Number(watchMs));
    const { lines, dropped, newest } = tracing.after(Number(after ?? 0), Number(limit ?? TRACE_PAGE_MAX));
    return done({ on: tracing.isOn, dropped, newest, header: traceHeader(node, [tracing.node]), items: lines });
  },
};

export const readingVerbs: readonly Verb[] = [status, members, audit, readTrace];
