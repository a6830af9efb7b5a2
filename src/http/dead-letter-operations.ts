import type { FailedExecution } from '../node/api.ts';
import { deadLetterSchema, pageOf } from './answer-schema.ts';
import { apiError, unavailableError } from './api-error.ts';
import { consistencyOf } from './consistency.ts';
import { deadLetterCursor, readDeadLetterCursor } from './cursor.ts';
import { executionJson } from './execution-json.ts';
import { EXECUTION_PAGE_ITEMS_DEFAULT, EXECUTION_PAGE_ITEMS_MAX } from './limits.ts';
import type { Operation } from './operation.ts';
import { readCount } from './page.ts';
import { pageJson } from './task-json.ts';
import { pageQuery } from './task-operations.ts';

/** What failed for good, of all tasks. To send it again is to run its task again, or to create one like it. */

const listDeadLetters: Operation = {
  id: 'listDeadLetters',
  method: 'GET',
  path: '/v1/dead-letters',
  summary: 'List executions that failed for good, of all tasks, those that ended last first',
  query: pageQuery(EXECUTION_PAGE_ITEMS_DEFAULT, EXECUTION_PAGE_ITEMS_MAX),
  success: { status: 200, description: 'One page.', schema: pageOf(deadLetterSchema) },
  errors: ['cursor_refused'],
  async handle({ query }, { node }) {
    const bounds = { standard: EXECUTION_PAGE_ITEMS_DEFAULT, max: EXECUTION_PAGE_ITEMS_MAX };
    const limit = readCount(query, 'limit', bounds);
    if (!limit.ok) return limit.error;
    const below = query.cursor === undefined ? null : readDeadLetterCursor(query.cursor);
    if (below === null && query.cursor !== undefined) {
      return apiError('cursor_refused', 'the cursor is none of this list', [
        { path: '/cursor', message: 'must be next_cursor of the page before' },
      ]);
    }
    const read = await node.listDeadLetters(below, limit.value + 1, consistencyOf(query));
    if (!read.ok) return unavailableError(read.reason, read.retryAfterMs);
    const shown = read.value.slice(0, limit.value);
    const last = shown.at(-1);
    const next = read.value.length > shown.length && last !== undefined ? cursorOf(last) : null;
    return { status: 200, body: pageJson(shown.map(deadLetterJson), next) };
  },
};

const cursorOf = ({ execution: { taskId, run, endedAtMs } }: FailedExecution): string =>
  deadLetterCursor({ taskId, run, endedAtMs: endedAtMs ?? 0 });

function deadLetterJson({ task, execution }: FailedExecution): string {
  const { taskId, definition, state } = task;
  const told = JSON.stringify({ id: taskId, name: definition.name, state });
  return `{"task":${told},"execution":${executionJson(execution)}}`;
}

export const deadLetterOperations: readonly Operation[] = [listDeadLetters];
