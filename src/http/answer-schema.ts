import { type TSchema, Type } from 'typebox';
import { DST_POLICIES } from '../schedule/types.ts';
import { CALLBACK_METHODS, DELIVERIES, MISFIRE_POLICIES, OVERLAP_POLICIES } from '../tasks/task.ts';
import { ERROR_CODES } from './error-catalogue.ts';
import { oneOf } from './task-schema.ts';

/** What the API answers, for /openapi.json; tests hold the answers themselves to these schemas. */

const closed = { additionalProperties: false } as const;
const instant = Type.String({ format: 'date-time', description: 'RFC 3339, UTC, milliseconds.' });
const id = Type.String({ pattern: '^[1-9][0-9]{0,18}$', description: 'Decimal digits of a 63-bit number.' });
const count = Type.Integer({ minimum: 0 });
const orNull = <T extends TSchema>(schema: T) => ({ ...schema, type: [(schema as { type?: string }).type, 'null'] });
const enumOrNull = (values: readonly string[]) => ({ type: ['string', 'null'], enum: [...values, null] }) as TSchema;
const wrap = (schema: TSchema | object): TSchema => Type.Unsafe(schema as TSchema);

export const taskSchema = Type.Object(
  {
    id,
    name: wrap(orNull(Type.String())),
    tags: Type.Array(Type.String()),
    schedule: Type.String(),
    timezone: wrap({ ...orNull(Type.String()), description: 'Null where the schedule is no crontab line.' }),
    dst: wrap(enumOrNull(DST_POLICIES)),
    callback: Type.Object(
      {
        url: Type.String(),
        method: oneOf(CALLBACK_METHODS),
        headers: wrap({ type: 'object', additionalProperties: { type: 'string' } }),
        body: Type.Optional(Type.Unknown({ description: 'Byte for byte as it was sent; absent when there is none.' })),
      },
      closed,
    ),
    retry: Type.Object({ attempts: count, backoff: Type.String(), backoff_max: Type.String() }, closed),
    misfire: oneOf(MISFIRE_POLICIES),
    overlap: oneOf(OVERLAP_POLICIES),
    delivery: oneOf(DELIVERIES),
    state: oneOf(['scheduled', 'paused', 'completed', 'cancelled']),
    version: Type.Integer({ minimum: 1, description: 'Raised by each change of its owner; the ETag.' }),
    next_at: wrap({ ...orNull(instant), description: 'Null when no call is coming: paused, or nothing left.' }),
    last_scheduled_at: wrap(orNull(instant)),
    run_count: count,
    open_executions: count,
    created_at: instant,
    updated_at: instant,
    finished_at: wrap(orNull(instant)),
  },
  closed,
);

const attemptSchema = Type.Object(
  {
    number: count,
    node_id: Type.String(),
    incarnation: count,
    task_version: count,
    result: oneOf(['open', 'succeeded', 'failed', 'lost', 'withheld']),
    claimed_at: instant,
    started_at: wrap(orNull(instant)),
    ended_at: wrap(orNull(instant)),
    status: wrap(orNull(Type.Integer())),
    error: wrap(orNull(Type.String())),
    excerpt: wrap({ ...orNull(Type.String()), description: 'The beginning of a failed response.' }),
  },
  closed,
);

export const executionSchema = Type.Object(
  {
    id: Type.String({ description: 'What the target sees as webhook-id, the same for all attempts.' }),
    task_id: id,
    run: count,
    trigger: oneOf(['schedule', 'manual']),
    scheduled_at: instant,
    late: Type.Boolean(),
    state: oneOf(['attempting', 'waiting', 'succeeded', 'failed', 'skipped', 'cancelled', 'unknown']),
    failures: count,
    next_attempt_at: wrap(orNull(instant)),
    created_at: instant,
    ended_at: wrap(orNull(instant)),
    attempts: Type.Array(attemptSchema),
  },
  closed,
);

const namedTask = Type.Object({ id, name: wrap(orNull(Type.String())), state: taskSchema.properties.state }, closed);

export const deadLetterSchema = Type.Object({ task: namedTask, execution: executionSchema }, closed);

export const missedSchema = Type.Object(
  {
    task: namedTask,
    at: wrap({ ...instant, description: 'When they were passed over.' }),
    from: wrap({ ...instant, description: 'The first due time of them.' }),
    through: wrap({ ...instant, description: 'Every due time up to here; the one after it was sent.' }),
  },
  closed,
);

export const recordSchema = Type.Object(
  {
    at: instant,
    type: Type.String(),
    by: Type.String(),
    from: Type.Optional(instant),
    through: Type.Optional(instant),
  },
  closed,
);

export const pageOf = (item: TSchema): TSchema =>
  Type.Object(
    {
      items: Type.Array(item),
      next_cursor: wrap({ ...orNull(Type.String()), description: 'Null on the last page.' }),
    },
    closed,
  );

export const previewSchema = Type.Object(
  {
    next: Type.Array(
      Type.Object(
        {
          at: instant,
          local: Type.String({ description: 'Local time with its offset.' }),
          note: Type.Optional(Type.String({ description: 'Said where a clock change touches this fire.' })),
        },
        closed,
      ),
    ),
    text: Type.String({ description: 'The schedule in words.' }),
  },
  closed,
);

export const healthSchema = Type.Object(
  { ready: Type.Boolean(), state: Type.String(), reason: wrap(orNull(Type.String())) },
  closed,
);

export const problemSchema = Type.Object(
  {
    type: Type.String({ description: 'urn:xcron:error: and the code.' }),
    title: Type.String(),
    status: Type.Integer(),
    code: oneOf(ERROR_CODES),
    detail: Type.String(),
    errors: Type.Array(
      Type.Object({ path: Type.String({ description: 'JSON Pointer.' }), message: Type.String() }, closed),
    ),
    task_id: Type.Optional(id),
  },
  closed,
);
