import { taskSchema } from './answer-schema.ts';
import { type ApiError, apiError, failedSubmit, unavailableError } from './api-error.ts';
import { readIfMatch } from './if-match.ts';
import type { JsonBody } from './json-body.ts';
import { UPDATE_TRIES_MAX } from './limits.ts';
import type { Answer, ApiContext, ApiRequest, Operation } from './operation.ts';
import { IF_MATCH_HEADER } from './shared-parameters.ts';
import { draftChanges } from './task-draft.ts';
import { notFound, readTaskId, taskAnswer } from './task-operations.ts';
import { updateTaskBody } from './task-schema.ts';

export const updateTask: Operation = {
  id: 'updateTask',
  method: 'PATCH',
  path: '/v1/tasks/{task_id}',
  summary: 'Change a task (RFC 7396: what is left out stays, null removes)',
  body: updateTaskBody,
  headers: [IF_MATCH_HEADER],
  success: {
    status: 200,
    description: 'The task as it is now.',
    schema: taskSchema,
    headers: { ETag: 'The version of the task, for If-Match.' },
  },
  errors: [
    'task_not_found',
    'task_finished',
    'schedule_refused',
    'instant_past',
    'timezone_refused',
    'callback_url_refused',
    'callback_headers_refused',
    'callback_body_too_large',
    'task_too_large',
    'version_mismatch',
    'update_contended',
    'if_match_refused',
    'outcome_unknown',
  ],
  async handle(request, context) {
    const { json } = request;
    if (json === null) return apiError('body_missing', 'a JSON object is needed as the body');
    const ifMatch = readIfMatch(request.headers['if-match']);
    if (!ifMatch.ok) return ifMatch.error;
    if (ifMatch.value !== null) return update(request, json, ifMatch.value, context);
    // The merge is made on a version that was read, so that version must still be there when it is decided.
    for (let tries = 0; tries < UPDATE_TRIES_MAX; tries += 1) {
      const answer = await update(request, json, null, context);
      if (!('failed' in answer) || answer.code !== 'version_mismatch') return answer;
    }
    return apiError('update_contended', `${UPDATE_TRIES_MAX} times another change came in between; try again`);
  },
};

async function update(
  request: ApiRequest,
  json: JsonBody,
  ifMatch: number | null,
  { node, rules, defaults, asked }: ApiContext,
): Promise<Answer | ApiError> {
  const taskId = readTaskId(request);
  if (taskId === null) return notFound(request);
  const read = await node.readTask(taskId);
  if (!read.ok) return unavailableError(read.reason, read.retryAfterMs);
  const task = read.value;
  if (task === undefined) return notFound(request);
  const changes = draftChanges(json, task, defaults, rules);
  if (!changes.ok) return changes.error;
  const version = ifMatch ?? task.version;
  const outcome = await node.submit({ type: 'UpdateTask', taskId, version, changes: changes.value }, asked);
  return outcome.outcome === 'committed' ? taskAnswer(outcome.task) : failedSubmit(outcome);
}
