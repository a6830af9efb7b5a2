import { executionSchema, pageOf, recordSchema } from './answer-schema.ts';
import { apiError, unavailableError } from './api-error.ts';
import { consistencyOf, consistencyQuery } from './consistency.ts';
import { executionCursor, readExecutionCursor } from './cursor.ts';
import { executionJson, recordJson } from './execution-json.ts';
import { EXECUTION_PAGE_ITEMS_DEFAULT, EXECUTION_PAGE_ITEMS_MAX } from './limits.ts';
import type { Operation } from './operation.ts';
import { readCount } from './page.ts';
import { pageJson } from './task-json.ts';
import { notFound, pageQuery, readTaskId } from './task-operations.ts';

/** What became of a task: its executions with their attempts, and its own list of events. */

const listExecutions: Operation = {
  id: 'listExecutions',
  method: 'GET',
  path: '/v1/tasks/{task_id}/executions',
  summary: 'List the executions of a task with their attempts, the newest first',
  query: pageQuery(EXECUTION_PAGE_ITEMS_DEFAULT, EXECUTION_PAGE_ITEMS_MAX),
  success: { status: 200, description: 'One page.', schema: pageOf(executionSchema) },
  errors: ['task_not_found', 'cursor_refused'],
  async handle(request, { node }) {
    const { query } = request;
    const taskId = readTaskId(request);
    if (taskId === null) return notFound(request);
    const bounds = { standard: EXECUTION_PAGE_ITEMS_DEFAULT, max: EXECUTION_PAGE_ITEMS_MAX };
    const limit = readCount(query, 'limit', bounds);
    if (!limit.ok) return limit.error;
    const beforeRun = query.cursor === undefined ? null : readExecutionCursor(query.cursor);
    if (beforeRun === null && query.cursor !== undefined) {
      return apiError('cursor_refused', 'the cursor is none of this list', [
        { path: '/cursor', message: 'must be next_cursor of the page before' },
      ]);
    }
    const read = await node.listExecutions(taskId, beforeRun, limit.value + 1, consistencyOf(query));
    if (!read.ok) return unavailableError(read.reason, read.retryAfterMs);
    if (read.value === undefined) return notFound(request);
    const items = read.value.slice(0, limit.value);
    const last = items.at(-1);
    const next = read.value.length > items.length && last !== undefined ? executionCursor(last.run) : null;
    return { status: 200, body: pageJson(items.map(executionJson), next) };
  },
};

const readExecution: Operation = {
  id: 'readExecution',
  method: 'GET',
  path: '/v1/tasks/{task_id}/executions/{run}',
  summary: 'Read one execution with its attempts',
  query: consistencyQuery,
  success: { status: 200, description: 'The execution.', schema: executionSchema },
  errors: ['execution_not_found'],
  async handle(request, { node }) {
    const taskId = readTaskId(request);
    const run = /^[1-9][0-9]{0,14}$/.test(request.params.run ?? '') ? Number(request.params.run) : null;
    const missing = apiError('execution_not_found', 'no execution of this task has the run number in the path');
    if (taskId === null || run === null) return missing;
    const read = await node.readExecution(taskId, run, consistencyOf(request.query));
    if (!read.ok) return unavailableError(read.reason, read.retryAfterMs);
    return read.value === undefined ? missing : { status: 200, body: executionJson(read.value) };
  },
};

const listEvents: Operation = {
  id: 'listTaskEvents',
  method: 'GET',
  path: '/v1/tasks/{task_id}/events',
  summary: 'List what happened to the task itself, the oldest first (the newest 50 are kept)',
  query: consistencyQuery,
  success: { status: 200, description: 'All that are kept.', schema: pageOf(recordSchema) },
  errors: ['task_not_found'],
  async handle(request, { node }) {
    const taskId = readTaskId(request);
    if (taskId === null) return notFound(request);
    const read = await node.readTask(taskId, consistencyOf(request.query));
    if (!read.ok) return unavailableError(read.reason, read.retryAfterMs);
    if (read.value === undefined) return notFound(request);
    return { status: 200, body: pageJson(read.value.records.map(recordJson), null) };
  },
};

export const executionOperations: readonly Operation[] = [listExecutions, readExecution, listEvents];
