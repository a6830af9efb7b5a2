import { type TObject, type TProperties, type TSchema, Type } from 'typebox';
import type { SchedulerNode } from '../node/api.ts';
import type { CommandId } from '../tasks/command-id.ts';
import type { ClusterOperation, OperationEnd } from '../tasks/operation.ts';
import { NODE_REQUESTS_KEPT } from './limits.ts';
import {
  type ControlContext,
  type ControlErrorCode,
  done,
  failed,
  LOG_LEVELS,
  type LogLevel,
  type Verb,
  type VerbInput,
  type VerbOutcome,
} from './verb.ts';

/**
 * What concerns one node alone. It is audited like all operations where there is a leader to do so; where there is none it is done all the
 * same, because that is when a log level is changed, and the answer says so.
 */

const closed = { additionalProperties: false } as const;
const target = {
  node_id: Type.Optional(
    Type.String({
      pattern: '^[a-z0-9-]{1,32}$',
      description: 'the node that is meant; whichever is asked where left out',
    }),
  ),
};
const audited = { node_id: Type.String(), audited: Type.Boolean() };

interface NodeVerb {
  readonly name: string;
  readonly summary: string;
  readonly input?: TProperties;
  readonly output?: Readonly<Record<string, TSchema>>;
  readonly errors?: readonly ControlErrorCode[];
  readonly operation: (nodeId: string, input: VerbInput) => ClusterOperation;
  readonly carryOut: (input: VerbInput, context: ControlContext) => Promise<VerbOutcome>;
}

function nodeVerb({ name, summary, input = {}, output = {}, errors = [], operation, carryOut }: NodeVerb): Verb {
  const inputSchema: TObject = Type.Object({ ...target, ...input }, closed);
  return {
    name,
    access: 'admin',
    about: 'node',
    summary,
    input: inputSchema,
    output: Type.Object({ ...audited, ...output }, closed),
    errors: ['other_node', ...errors],
    async run(asked, context) {
      const { nodeId, members } = context.node.status();
      if (asked.node_id !== undefined && asked.node_id !== nodeId) {
        const url = members.find((member) => member.nodeId === asked.node_id)?.httpUrl;
        return failed(
          'other_node',
          `this is ${nodeId}: ask ${String(asked.node_id)}${url == null ? '' : ` at ${url}`}`,
        );
      }
      return once(context, async () => {
        const { node, asked: by, requestId } = context;
        const { audited, result } = await node.operateHere(operation(nodeId, asked), by, requestId, async () => {
          const result = await carryOut(asked, context);
          return { result, end: endOf(result) };
        });
        return result.ok ? done({ node_id: nodeId, audited, ...result.result }) : result;
      });
    },
  };
}

const endOf = (outcome: VerbOutcome): OperationEnd =>
  outcome.ok ? { kind: 'done' } : { kind: 'refused', reason: outcome.error.detail };

/** What a node was asked for lately, by request: the audit is the cluster's, and asked of all nodes one request is each one's own. */
const askedOf = new WeakMap<SchedulerNode, Map<CommandId, Promise<VerbOutcome>>>();

function once({ node, requestId }: ControlContext, work: () => Promise<VerbOutcome>): Promise<VerbOutcome> {
  if (requestId === null) return work();
  const asked = askedOf.get(node) ?? new Map<CommandId, Promise<VerbOutcome>>();
  askedOf.set(node, asked);
  const before = asked.get(requestId);
  if (before !== undefined) return before;
  const outcome = work();
  asked.set(requestId, outcome);
  for (const oldest of asked.keys()) {
    if (asked.size <= NODE_REQUESTS_KEPT) break;
    asked.delete(oldest);
  }
  return outcome;
}

export const nodeVerbs: readonly Verb[] = [
  nodeVerb({
    name: 'snapshot',
    summary: 'Copy the state now, and let the log forget what the copy and the other members hold',
    errors: ['compaction_refused'],
    operation: (nodeId) => ({ type: 'compact-log', nodeId }),
    async carryOut(_input, { node }) {
      const problem = await node.compactLog();
      return problem === null ? done({}) : failed('compaction_refused', problem);
    },
  }),
  nodeVerb({
    name: 'backup',
    summary: 'Write a backup of the whole state into the data directory of this node, while it runs',
    output: {
      file: Type.String(),
      bytes: Type.Integer(),
      index: Type.Integer(),
      state_hash: Type.String(),
      made_at: Type.String(),
    },
    errors: ['backup_refused'],
    operation: (nodeId) => ({ type: 'back-up', nodeId }),
    async carryOut(_input, { node }) {
      const made = await node.backUp();
      if (!made.ok) return failed('backup_refused', made.error);
      const { file, bytes, index, stateHash, madeAtMs } = made.value;
      return done({ file, bytes, index, state_hash: stateHash, made_at: new Date(madeAtMs).toISOString() });
    },
  }),
  nodeVerb({
    name: 'log-level',
    summary: 'Change what this node logs, until it is restarted',
    input: { level: Type.Unsafe<LogLevel>({ type: 'string', enum: [...LOG_LEVELS] }) },
    output: { level: Type.String(), before: Type.String() },
    operation: (nodeId, { level }) => ({ type: 'set-log-level', nodeId, level: String(level) }),
    async carryOut({ level }, { host }) {
      const before = host.logLevel();
      host.setLogLevel(level as LogLevel);
      return done({ level, before });
    },
  }),
  nodeVerb({
    name: 'trace',
    summary: 'Keep, or forget, what consensus is told and answers on this node',
    input: { on: Type.Boolean() },
    output: { on: Type.Boolean() },
    operation: (nodeId, { on }) => ({ type: 'set-trace', nodeId, on: on === true }),
    async carryOut({ on }, { node }) {
      node.tracing.keep(on === true);
      return done({ on });
    },
  }),
];
