import { randomUUID } from 'node:crypto';
import { Type } from 'typebox';
import type { Result } from '../result.ts';
import { ok, refused } from '../result.ts';
import type { TaskId } from '../tasks/task.ts';
import { parseTaskId } from '../tasks/task-id.ts';
import { type ApiError, apiError, failedSubmit, unavailableError } from './api-error.ts';
import { CATALOGUE, type ErrorCode } from './error-catalogue.ts';
import { readIdempotency } from './idempotency.ts';
import type { JsonBody } from './json-body.ts';
import { cutAt } from './json-span.ts';
import type { Answer, Operation } from './operation.ts';
import { IDEMPOTENCY_HEADER } from './shared-parameters.ts';
import { draftOriginal } from './task-draft.ts';
import { originalTaskJson } from './task-json.ts';
import { originalCreateBody, originalDeleteBody } from './task-schema.ts';

/** The original API: what older clients are written against. Status 200 always, `{uuid, code, message?, data?}`. */
export const ORIGINAL_PREFIX = '/xcron/';

const envelope = (data: string): Answer => ({
  status: 200,
  body: `{"uuid":"${randomUUID()}","code":0,"data":${data}}`,
});

export function envelopeError(error: ApiError): string {
  const { number, title } = CATALOGUE[error.code];
  const message = error.detail === '' ? title : `${title}: ${error.detail}`;
  const data = error.taskId === null ? {} : { data: { task_id: error.taskId } };
  return JSON.stringify({ uuid: randomUUID(), code: number, message, ...data });
}

/** Older clients know numbers for what is wrong with a creation, by field. */
export function originalCode(error: ApiError): ErrorCode {
  if (error.code !== 'validation_failed') return error.code;
  const [first] = error.errors;
  if (first?.path === '/type') return 'type_refused';
  if (first?.path === '/format') return 'schedule_refused';
  if (first?.path === '/callback/url' || first?.path === '/callback') return 'callback_url_refused';
  return error.code;
}

const envelopeSchema = (data: Parameters<typeof Type.Object>[0]) =>
  Type.Object({
    uuid: Type.String({ description: 'Random, for each answer.' }),
    code: Type.Integer({ description: '0, or the number of an error.' }),
    message: Type.Optional(Type.String()),
    data: Type.Optional(Type.Object(data)),
  });

const createTask: Operation = {
  id: 'originalCreateTask',
  method: 'POST',
  path: '/xcron/createTask',
  summary: 'Create a task (original API)',
  body: originalCreateBody,
  headers: [IDEMPOTENCY_HEADER],
  success: { status: 200, description: 'Created.', schema: envelopeSchema({ task_id: Type.String() }) },
  errors: [
    'schedule_refused',
    'instant_past',
    'timezone_refused',
    'callback_url_refused',
    'callback_body_too_large',
    'task_too_large',
    'type_refused',
    'idempotency_key_refused',
    'idempotency_key_reused',
    'outcome_unknown',
  ],
  async handle({ json, headers }, { node, rules, defaults, asked }) {
    if (json === null) return apiError('body_missing', 'a JSON object is needed as the body');
    const idempotency = readIdempotency(headers['idempotency-key'], 'POST /xcron/createTask', json.text);
    if (!idempotency.ok) return idempotency.error;
    const draft = draftOriginal(json, defaults, rules);
    if (!draft.ok) return inOriginalWords(draft.error);
    const outcome = await node.submit(
      { type: 'CreateTask', draft: draft.value, idempotency: idempotency.value },
      asked,
    );
    if (outcome.outcome !== 'committed') return inOriginalWords(failedSubmit(outcome));
    return envelope(`{"task_id":"${outcome.task.taskId}"}`);
  },
};

/** The schedule is called `format` here. */
function inOriginalWords(error: ApiError): ApiError {
  if (!error.errors.some(({ path }) => path === '/schedule')) return error;
  const errors = error.errors.map((one) => (one.path === '/schedule' ? { ...one, path: '/format' } : one));
  return { ...error, errors };
}

const deleteTask: Operation = {
  id: 'originalDeleteTask',
  method: 'POST',
  path: '/xcron/deleteTask',
  summary: 'Delete a task (original API)',
  body: originalDeleteBody,
  success: { status: 200, description: 'Deleted.', schema: envelopeSchema({ task_id: Type.String() }) },
  errors: ['task_not_found', 'task_finished', 'outcome_unknown'],
  async handle({ json }, { node, asked }) {
    if (json === null) return apiError('body_missing', 'a JSON object is needed as the body');
    const taskId = readTaskId(json);
    if (!taskId.ok) return taskId.error;
    const outcome = await node.submit({ type: 'CancelTask', taskId: taskId.value, version: null }, asked);
    if (outcome.outcome !== 'committed') return failedSubmit(outcome);
    return envelope(`{"task_id":"${taskId.value}"}`);
  },
};

/** Older clients send the id as a number, which JSON.parse would round beyond 2^53: its digits are read from the text. */
function readTaskId(json: JsonBody): Result<TaskId, ApiError> {
  const { task_id: parsed } = json.value as { readonly task_id: string | number };
  const text = typeof parsed === 'string' ? parsed : (cutAt(json.text, ['task_id']) ?? '');
  const taskId = parseTaskId(text);
  if (taskId !== null) return ok(taskId);
  return refused(apiError('task_not_found', 'a task id is a whole number from 1 to 2^63 - 1, in decimal digits'));
}

const queryTask: Operation = {
  id: 'originalQueryTask',
  method: 'GET',
  path: '/xcron/queryTask',
  summary: 'Read a task (original API)',
  query: Type.Object(
    { task_id: Type.String({ description: 'The id as createTask gave it.' }) },
    { additionalProperties: false },
  ),
  success: {
    status: 200,
    description: 'The task.',
    schema: envelopeSchema({
      task_id: Type.String(),
      create_time: Type.Integer({ description: 'Unix seconds.' }),
      type: Type.Integer({ description: '1 periodic, 2 once.' }),
      format: Type.String(),
      run_count: Type.Integer(),
      callback: Type.Object({ url: Type.String(), body: Type.Optional(Type.Unknown()) }),
    }),
  },
  errors: ['task_not_found'],
  async handle({ query }, { node }) {
    const asked = query.task_id ?? '';
    const taskId = parseTaskId(asked);
    if (taskId === null) {
      return apiError('task_not_found', 'a task id is a whole number from 1 to 2^63 - 1, in decimal digits');
    }
    const read = await node.readTask(taskId);
    if (!read.ok) return unavailableError(read.reason, read.retryAfterMs);
    if (read.value === undefined) return apiError('task_not_found', `no task has the id ${taskId}`);
    return envelope(originalTaskJson(read.value));
  },
};

export const originalOperations: readonly Operation[] = [createTask, deleteTask, queryTask];
