import type { MissedOfTask } from '../node/api.ts';
import { missedSchema, pageOf } from './answer-schema.ts';
import { apiError, unavailableError } from './api-error.ts';
import { consistencyOf } from './consistency.ts';
import { missedCursor, readMissedCursor } from './cursor.ts';
import { instantJson } from './execution-json.ts';
import { EXECUTION_PAGE_ITEMS_DEFAULT, EXECUTION_PAGE_ITEMS_MAX } from './limits.ts';
import type { Operation } from './operation.ts';
import { readCount } from './page.ts';
import { pageJson } from './task-json.ts';
import { pageQuery } from './task-operations.ts';

/** What was missed in an outage, of all tasks: it is not made up for, and a person may want to. */

const listMissed: Operation = {
  id: 'listMissed',
  method: 'GET',
  path: '/v1/missed',
  summary:
    'List due times that the misfire policy passed over, of all tasks, the last ones first (of each task’s newest 50 events)',
  query: pageQuery(EXECUTION_PAGE_ITEMS_DEFAULT, EXECUTION_PAGE_ITEMS_MAX),
  success: { status: 200, description: 'One page.', schema: pageOf(missedSchema) },
  errors: ['cursor_refused'],
  async handle({ query }, { node }) {
    const bounds = { standard: EXECUTION_PAGE_ITEMS_DEFAULT, max: EXECUTION_PAGE_ITEMS_MAX };
    const limit = readCount(query, 'limit', bounds);
    if (!limit.ok) return limit.error;
    const below = query.cursor === undefined ? null : readMissedCursor(query.cursor);
    if (below === null && query.cursor !== undefined) {
      return apiError('cursor_refused', 'the cursor is none of this list', [
        { path: '/cursor', message: 'must be next_cursor of the page before' },
      ]);
    }
    const read = await node.listMissed(below, limit.value + 1, consistencyOf(query));
    if (!read.ok) return unavailableError(read.reason, read.retryAfterMs);
    const shown = read.value.slice(0, limit.value);
    const last = shown.at(-1);
    const next = read.value.length > shown.length && last !== undefined ? missedCursor(last.missed) : null;
    return { status: 200, body: pageJson(shown.map(missedJson), next) };
  },
};

const missedJson = ({ task: { taskId, definition, state }, missed }: MissedOfTask): string =>
  JSON.stringify({
    task: { id: taskId, name: definition.name, state },
    at: instantJson(missed.atMs),
    from: instantJson(missed.fromMs),
    through: instantJson(missed.throughMs),
  });

export const missedOperations: readonly Operation[] = [listMissed];
