import { type TSchema, Type } from 'typebox';
import type { Consistency, SchedulerNode, TaskFilter } from '../node/api.ts';
import type { CancelTask, PauseTask, ResumeTask, RunTask } from '../tasks/command.ts';
import type { Task, TaskId, TaskState } from '../tasks/task.ts';
import { parseTaskId } from '../tasks/task-id.ts';
import { pageOf, taskSchema } from './answer-schema.ts';
import { type ApiError, apiError, failedSubmit, unavailableError } from './api-error.ts';
import { CONSISTENCY, consistencyOf, consistencyQuery } from './consistency.ts';
import { readTaskCursor, taskCursor } from './cursor.ts';
import type { ErrorCode } from './error-catalogue.ts';
import { readIdempotency } from './idempotency.ts';
import { etagOf, readIfMatch } from './if-match.ts';
import {
  CURSOR_CHARS_MAX,
  NAME_CHARS_MAX,
  PAGE_CHARS_MAX,
  PAGE_ITEMS_DEFAULT,
  PAGE_ITEMS_MAX,
  PAGE_SLICE_ITEMS,
  TAG_CHARS_MAX,
} from './limits.ts';
import type { Answer, ApiContext, ApiRequest, Operation } from './operation.ts';
import { readCount } from './page.ts';
import { IDEMPOTENCY_HEADER, IF_MATCH_HEADER } from './shared-parameters.ts';
import { draftTask } from './task-draft.ts';
import { pageJson, taskJson } from './task-json.ts';
import { createTaskBody, noBody, oneOf } from './task-schema.ts';

/** /v1/tasks: create, read, list, and what an owner does with one task. Updating stands in update-operation.ts. */

const TASK_ORDERS = ['oldest', 'newest'] as const;
const ETAG_TEXT = { ETag: 'The version of the task, for If-Match.' };

export function taskAnswer(task: Task, status = 200, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, body: taskJson(task), headers: { etag: etagOf(task.version), ...headers } };
}

/** Null for what no task can be called: answered like an id that is not there. */
export const readTaskId = (request: ApiRequest): TaskId | null => parseTaskId(request.params.task_id ?? '');

export function notFound(request: ApiRequest): ApiError {
  const asked = request.params.task_id ?? '';
  return apiError('task_not_found', `no task has the id ${/^[0-9]{1,20}$/.test(asked) ? asked : 'in the path'}`);
}

const createTask: Operation = {
  id: 'createTask',
  method: 'POST',
  path: '/v1/tasks',
  summary: 'Create a task',
  body: createTaskBody,
  headers: [IDEMPOTENCY_HEADER],
  success: {
    status: 201,
    description: 'Created; or created earlier under the same Idempotency-Key (`Idempotent-Replayed: true`).',
    schema: taskSchema,
    headers: {
      ...ETAG_TEXT,
      Location: 'Path of the task.',
      'Idempotent-Replayed': '`true` when an earlier creation is told again.',
    },
  },
  errors: [
    'schedule_refused',
    'instant_past',
    'timezone_refused',
    'callback_url_refused',
    'callback_headers_refused',
    'callback_body_too_large',
    'task_too_large',
    'idempotency_key_refused',
    'idempotency_key_reused',
    'outcome_unknown',
  ],
  async handle({ json, headers }, { node, rules, defaults, asked, basePath }) {
    if (json === null) return apiError('body_missing', 'a JSON object is needed as the body');
    const idempotency = readIdempotency(headers['idempotency-key'], 'POST /v1/tasks', json.text);
    if (!idempotency.ok) return idempotency.error;
    const draft = draftTask(json, defaults, rules);
    if (!draft.ok) return draft.error;
    const outcome = await node.submit(
      { type: 'CreateTask', draft: draft.value, idempotency: idempotency.value },
      asked,
    );
    if (outcome.outcome !== 'committed') return failedSubmit(outcome);
    const { task, created } = outcome;
    const location = `${basePath}/v1/tasks/${task.taskId}`;
    return taskAnswer(task, 201, created ? { location } : { location, 'idempotent-replayed': 'true' });
  },
};

const readTask: Operation = {
  id: 'readTask',
  method: 'GET',
  path: '/v1/tasks/{task_id}',
  summary: 'Read a task',
  query: consistencyQuery,
  success: { status: 200, description: 'The task.', schema: taskSchema, headers: ETAG_TEXT },
  errors: ['task_not_found'],
  async handle(request, { node }) {
    const taskId = readTaskId(request);
    if (taskId === null) return notFound(request);
    const read = await node.readTask(taskId, consistencyOf(request.query));
    if (!read.ok) return unavailableError(read.reason, read.retryAfterMs);
    return read.value === undefined ? notFound(request) : taskAnswer(read.value);
  },
};

export const pageQuery = (standard: number, max: number, filters: Record<string, TSchema> = {}): TSchema =>
  Type.Object(
    {
      limit: Type.Optional(Type.String({ description: `Items on a page: 1 to ${max}, ${standard} where left out.` })),
      cursor: Type.Optional(
        Type.String({ maxLength: CURSOR_CHARS_MAX, description: '`next_cursor` of the page before.' }),
      ),
      ...CONSISTENCY,
      ...filters,
    },
    { additionalProperties: false },
  );

const listTasks: Operation = {
  id: 'listTasks',
  method: 'GET',
  path: '/v1/tasks',
  summary: 'List tasks',
  query: pageQuery(PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX, {
    state: Type.Optional(oneOf<TaskState>(['scheduled', 'paused', 'completed', 'cancelled'])),
    tag: Type.Optional(Type.String({ minLength: 1, maxLength: TAG_CHARS_MAX, description: 'Tasks with this tag.' })),
    name: Type.Optional(
      Type.String({ minLength: 1, maxLength: NAME_CHARS_MAX, description: 'Names that contain this, in any case.' }),
    ),
    order: Type.Optional(oneOf(TASK_ORDERS, 'By creation; the oldest first where left out.')),
  }),
  success: { status: 200, description: 'One page.', schema: pageOf(taskSchema) },
  errors: ['cursor_refused'],
  async handle({ query }, { node }) {
    const limit = readCount(query, 'limit', { standard: PAGE_ITEMS_DEFAULT, max: PAGE_ITEMS_MAX });
    if (!limit.ok) return limit.error;
    const after = query.cursor === undefined ? null : readTaskCursor(query.cursor);
    if (after === null && query.cursor !== undefined) {
      return apiError('cursor_refused', 'the cursor is none of this list', [
        { path: '/cursor', message: 'must be next_cursor of the page before' },
      ]);
    }
    const filter = {
      ...(query.state === undefined ? {} : { state: query.state as TaskState }),
      ...(query.tag === undefined ? {} : { tag: query.tag }),
      ...(query.name === undefined ? {} : { name: query.name }),
      newestFirst: query.order === 'newest',
    };
    return listPage(node, filter, after, limit.value, consistencyOf(query));
  },
};

/** In slices, so that neither the page nor what is read for it grows with the size of the tasks (I10). */
async function listPage(
  node: SchedulerNode,
  filter: TaskFilter,
  from: TaskId | null,
  limit: number,
  consistency: Consistency,
): Promise<Answer | ApiError> {
  const items: string[] = [];
  let chars = 0;
  let after = from;
  for (;;) {
    // One more than is wanted tells whether another page follows.
    const wanted = Math.min(limit - items.length + 1, PAGE_SLICE_ITEMS);
    const read = await node.listTasks(filter, after, wanted, consistency);
    if (!read.ok) return unavailableError(read.reason, read.retryAfterMs);
    for (const task of read.value) {
      if (items.length === limit || chars >= PAGE_CHARS_MAX) {
        return { status: 200, body: pageJson(items, after === null ? null : taskCursor(after)) };
      }
      const text = taskJson(task);
      chars += text.length;
      after = task.taskId;
      items.push(text);
    }
    if (read.value.length < wanted) return { status: 200, body: pageJson(items, null) };
  }
}

type OwnerCommand = PauseTask | ResumeTask | CancelTask | RunTask;

async function command(
  type: OwnerCommand['type'],
  request: ApiRequest,
  { node, asked }: ApiContext,
): Promise<Task | ApiError> {
  const taskId = readTaskId(request);
  if (taskId === null) return notFound(request);
  const version = readIfMatch(request.headers['if-match']);
  if (!version.ok) return version.error;
  const outcome = await node.submit({ type, taskId, version: version.value }, asked);
  return outcome.outcome === 'committed' ? outcome.task : failedSubmit(outcome);
}

function action(
  name: 'pause' | 'resume',
  type: OwnerCommand['type'],
  summary: string,
  errors: readonly ErrorCode[],
): Operation {
  return {
    id: `${name}Task`,
    method: 'POST',
    path: `/v1/tasks/{task_id}/${name}`,
    summary,
    body: noBody,
    bodyOptional: true,
    headers: [IF_MATCH_HEADER],
    success: { status: 200, description: 'The task as it is now.', schema: taskSchema, headers: ETAG_TEXT },
    errors: ['task_not_found', 'task_finished', 'version_mismatch', 'if_match_refused', 'outcome_unknown', ...errors],
    async handle(request, context) {
      const done = await command(type, request, context);
      return 'failed' in done ? done : taskAnswer(done);
    },
  };
}

const pauseTask = action('pause', 'PauseTask', 'Pause a task', ['task_paused']);
const resumeTask = action('resume', 'ResumeTask', 'Resume a paused task; what fell due meanwhile is not made up for', [
  'task_not_paused',
  'schedule_exhausted',
]);

const runTask: Operation = {
  id: 'runTask',
  method: 'POST',
  path: '/v1/tasks/{task_id}/run',
  summary: 'Run a task now, beside its schedule',
  body: noBody,
  bodyOptional: true,
  headers: [IF_MATCH_HEADER],
  success: {
    status: 202,
    description: 'An execution is committed and due at once. The task as it is now.',
    schema: taskSchema,
    headers: { ...ETAG_TEXT, Location: 'Path of the list of executions, the newest first.' },
  },
  errors: [
    'task_not_found',
    'task_finished',
    'task_paused',
    'task_busy',
    'version_mismatch',
    'if_match_refused',
    'idempotency_key_refused',
    'outcome_unknown',
  ],
  async handle(request, context) {
    if (request.headers['idempotency-key'] !== undefined) {
      // To take the header and not keep its promise would make a repeated request a second call.
      return apiError(
        'idempotency_key_refused',
        'running a task takes no Idempotency-Key: use If-Match, or create a task',
      );
    }
    const done = await command('RunTask', request, context);
    if ('failed' in done) return done;
    return taskAnswer(done, 202, { location: `${context.basePath}/v1/tasks/${done.taskId}/executions` });
  },
};

const deleteTask: Operation = {
  id: 'deleteTask',
  method: 'DELETE',
  path: '/v1/tasks/{task_id}',
  summary: 'Cancel a task: nothing of it is sent any more; it stays readable for seven days',
  body: noBody,
  bodyOptional: true,
  headers: [IF_MATCH_HEADER],
  success: { status: 200, description: 'The cancelled task.', schema: taskSchema, headers: ETAG_TEXT },
  errors: ['task_not_found', 'task_finished', 'version_mismatch', 'if_match_refused', 'outcome_unknown'],
  async handle(request, context) {
    const done = await command('CancelTask', request, context);
    return 'failed' in done ? done : taskAnswer(done);
  },
};

export const taskOperations: readonly Operation[] = [
  createTask,
  listTasks,
  readTask,
  pauseTask,
  resumeTask,
  runTask,
  deleteTask,
];
