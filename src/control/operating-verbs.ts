import { type TObject, type TProperties, Type } from 'typebox';
import type { OperationOutcome } from '../node/api.ts';
import type { ClusterOperation } from '../tasks/operation.ts';
import { parseTaskId } from '../tasks/task-id.ts';
import {
  type ControlContext,
  type ControlErrorCode,
  done,
  failed,
  type Verb,
  type VerbInput,
  type VerbOutcome,
} from './verb.ts';

/** What changes the cluster: asked of any node, decided by its leader, audited in the log. */

const closed = { additionalProperties: false } as const;
const fields = <P extends TProperties>(properties: P): TObject => Type.Object(properties, closed);

const NODE_ID_PATTERN = '^[a-z0-9-]{1,32}$';
const nodeId = Type.String({ pattern: NODE_ID_PATTERN, description: 'a node id: 1 to 32 of a-z, 0-9 and -' });
const accept = (danger: string) => Type.Optional(Type.Boolean({ description: danger }));

const changedSchema = Type.Object(
  {
    changed: Type.Boolean({ description: 'False: it was so already.' }),
    warning: Type.Optional(
      Type.String({ description: 'It is done, and not all is well: a member that was added and is not heard.' }),
    ),
  },
  closed,
);

interface OperatingVerb {
  readonly name: string;
  readonly summary: string;
  readonly input?: TObject;
  readonly errors?: readonly ControlErrorCode[];
  readonly operation: (input: VerbInput) => ClusterOperation;
}

/** Ends of any operation of the cluster. */
const OPERATION_ERRORS: readonly ControlErrorCode[] = ['operation_refused', 'feature_level_too_low', 'outcome_unknown'];

const operatingVerb = ({ name, summary, input = fields({}), errors = [], operation }: OperatingVerb): Verb => ({
  name,
  access: 'admin',
  about: 'cluster',
  summary,
  input,
  output: changedSchema,
  errors: [...OPERATION_ERRORS, ...errors],
  run: async (asked, context) => outcomeOf(await operate(operation(asked), context)),
});

const operate = (operation: ClusterOperation, { node, asked, requestId }: ControlContext): Promise<OperationOutcome> =>
  node.operate(operation, asked, requestId);

function outcomeOf(outcome: OperationOutcome): VerbOutcome {
  switch (outcome.outcome) {
    case 'done': {
      const { changed, warning } = outcome;
      return done(warning === undefined ? { changed } : { changed, warning });
    }
    case 'refused':
      return failed(outcome.code, outcome.message);
    case 'unavailable': {
      const { reason: code, retryAfterMs } = outcome;
      return { ok: false, error: { code, detail: 'nothing was done', retryAfterMs } };
    }
    case 'unknown':
      return failed('outcome_unknown', 'it may have been done: look at the status before it is asked for again');
  }
}

const text = (value: unknown): string => String(value);

const runTask: Verb = {
  name: 'run-task',
  access: 'admin',
  about: 'cluster',
  summary: 'Run a task now, beside its schedule',
  input: fields({ task_id: Type.String({ pattern: '^[0-9]{1,19}$', description: 'a task id' }) }),
  output: Type.Object({ task_id: Type.String(), run_count: Type.Integer() }, closed),
  errors: ['task_not_found', 'task_finished', 'task_paused', 'task_busy', 'outcome_unknown'],
  async run(input, { node, asked, requestId }) {
    const taskId = parseTaskId(text(input.task_id));
    if (taskId === null) return failed('task_not_found', 'no task has this id');
    const outcome = await node.submit({ type: 'RunTask', taskId, version: null }, { ...asked, requestId });
    switch (outcome.outcome) {
      case 'committed':
        return done({ task_id: outcome.task.taskId, run_count: outcome.task.runCount });
      case 'refused':
        return failed(outcome.refusal.code, outcome.refusal.message);
      case 'unavailable': {
        const { reason: code, retryAfterMs } = outcome;
        return { ok: false, error: { code, detail: 'nothing was done', retryAfterMs } };
      }
      case 'unknown':
        return { ok: false, error: { code: 'outcome_unknown', detail: 'it may run', taskId: outcome.taskId } };
    }
  },
};

export const operatingVerbs: readonly Verb[] = [
  operatingVerb({
    name: 'add',
    summary: 'Take in a node that waits to be: as a learner, which becomes a voter by itself, or as a worker',
    input: fields({
      node_id: nodeId,
      instance: Type.String({
        minLength: 1,
        maxLength: 64,
        pattern: '^[A-Za-z0-9_-]+$',
        description: 'of its data directory',
      }),
      kind: Type.Optional(Type.Unsafe<string>({ type: 'string', enum: ['learner', 'worker'], default: 'learner' })),
    }),
    operation: (input) => ({
      type: 'add-member',
      nodeId: text(input.node_id),
      instance: text(input.instance),
      kind: input.kind === 'worker' ? 'worker' : 'learner',
    }),
  }),
  operatingVerb({
    name: 'promote',
    summary: 'Make a learner a voter now, if it has caught up',
    input: fields({ node_id: nodeId }),
    errors: ['member_not_found'],
    operation: (input) => ({ type: 'promote-member', nodeId: text(input.node_id) }),
  }),
  operatingVerb({
    name: 'remove',
    summary: 'Remove a member; what it had claimed is sent by others',
    input: fields({
      node_id: nodeId,
      accept_lost_majority: accept(
        'Also where the voters left that answer would be no majority, so that nothing can be agreed on, or where all others are drained, so that nobody sends.',
      ),
    }),
    errors: ['would_lose_majority', 'would_leave_no_sender'],
    operation: (input) => ({
      type: 'remove-member',
      nodeId: text(input.node_id),
      acceptLostMajority: input.accept_lost_majority === true,
    }),
  }),
  operatingVerb({
    name: 'transfer',
    summary: 'Hand leadership over, to a voter by name or to the one best placed',
    input: fields({ node_id: Type.Optional(nodeId) }),
    errors: ['member_not_found'],
    operation: (input) => ({
      type: 'transfer-leadership',
      to: input.node_id === undefined ? null : text(input.node_id),
    }),
  }),
  operatingVerb({
    name: 'drain',
    summary: 'Give a node no more claims and no leadership; what it has in hand it finishes',
    input: fields({
      node_id: nodeId,
      accept_no_sender: accept('Also where nobody would be left to send: all fires wait then.'),
    }),
    errors: ['member_not_found', 'would_leave_no_sender'],
    operation: (input) => ({
      type: 'drain-node',
      nodeId: text(input.node_id),
      acceptNoSender: input.accept_no_sender === true,
    }),
  }),
  operatingVerb({
    name: 'undrain',
    summary: 'Give a drained node claims again',
    input: fields({ node_id: nodeId }),
    operation: (input) => ({ type: 'undrain-node', nodeId: text(input.node_id) }),
  }),
  operatingVerb({
    name: 'pause',
    summary: 'Hold all scheduling: once this is answered nothing is sent until it is resumed',
    operation: () => ({ type: 'pause-scheduling' }),
  }),
  operatingVerb({
    name: 'resume',
    summary: 'Go on with all scheduling; the misfire policies decide on what fell due meanwhile',
    operation: () => ({ type: 'resume-scheduling' }),
  }),
  runTask,
];
