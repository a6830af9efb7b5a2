import { Type } from 'typebox';
import type { Result } from '../result.ts';
import { ok, refused } from '../result.ts';
import { describeSchedule } from '../schedule/describe.ts';
import { parseSchedule } from '../schedule/parse.ts';
import { previewFires } from '../schedule/preview.ts';
import type { ScheduleRefusal } from '../schedule/types.ts';
import { previewSchema } from './answer-schema.ts';
import { type ApiError, apiError, fieldError } from './api-error.ts';
import { PREVIEW_COUNT_DEFAULT, PREVIEW_COUNT_MAX } from './limits.ts';
import type { Operation } from './operation.ts';
import { readCount } from './page.ts';

/** Seeds `H` where there is no task yet, and so no id: a task’s own slot is its own. */
const PREVIEW_SEED = 'preview';

const previewSchedule: Operation = {
  id: 'previewSchedule',
  method: 'GET',
  path: '/v1/schedule/preview',
  summary: 'Say when a schedule would fire, and what it means in words',
  query: Type.Object(
    {
      format: Type.String({ description: 'The schedule, as a task would have it.' }),
      timezone: Type.Optional(Type.String({ description: 'An IANA name; the node’s default where left out.' })),
      dst: Type.Optional(Type.String({ description: 'The DST policy.' })),
      from: Type.Optional(Type.String({ description: 'RFC 3339; now where left out.' })),
      count: Type.Optional(
        Type.String({ description: `1 to ${PREVIEW_COUNT_MAX}, ${PREVIEW_COUNT_DEFAULT} where left out.` }),
      ),
    },
    { additionalProperties: false },
  ),
  success: { status: 200, description: 'The next fires after `from`.', schema: previewSchema },
  errors: ['schedule_refused', 'timezone_refused'],
  handle({ query }, { clock, defaults }) {
    const count = readCount(query, 'count', { standard: PREVIEW_COUNT_DEFAULT, max: PREVIEW_COUNT_MAX });
    if (!count.ok) return count.error;
    const fromMs = readInstant(query.from, clock.nowMs());
    if (!fromMs.ok) return fromMs.error;
    const timezone = query.timezone ?? defaults.timezone;
    const context = { timezone, dst: query.dst ?? 'once', nowMs: fromMs.value, seed: PREVIEW_SEED };
    const parsed = parseSchedule(query.format ?? '', context);
    if (!parsed.ok) return previewError(parsed.error);
    const next = previewFires(parsed.value, fromMs.value, count.value, timezone).map(({ atMs, local, note }) => ({
      at: new Date(atMs).toISOString(),
      local,
      ...(note === undefined ? {} : { note }),
    }));
    return { status: 200, body: JSON.stringify({ next, text: describeSchedule(parsed.value) }) };
  },
};

function previewError({ part, message }: ScheduleRefusal): ApiError {
  const path = part === 'schedule' ? '/format' : `/${part}`;
  return apiError(part === 'timezone' ? 'timezone_refused' : 'schedule_refused', message, [{ path, message }]);
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

function readInstant(text: string | undefined, nowMs: number): Result<number, ApiError> {
  if (text === undefined) return ok(nowMs);
  const ms = RFC_3339.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return ok(ms);
  return refused(fieldError('validation_failed', '/from', 'must be an instant as 2027-03-14T07:00:00.000Z'));
}

export const scheduleOperations: readonly Operation[] = [previewSchedule];
