import { type TSchema, Type } from 'typebox';
import { DST_POLICIES } from '../schedule/types.ts';
import { DEFAULT_RETRY, RETRY_ATTEMPTS_MAX, RETRY_BACKOFF_MAX_MS } from '../tasks/limits.ts';
import { CALLBACK_METHODS, DELIVERIES, MISFIRE_POLICIES, OVERLAP_POLICIES } from '../tasks/task.ts';
import { DURATION_PATTERN, printDuration } from './duration.ts';
import { NAME_CHARS_MAX, TAG_CHARS_MAX, TAGS_MAX } from './limits.ts';

/** What clients send. One definition checks requests, types the handlers and is printed in /openapi.json. */

const closed = { additionalProperties: false } as const;

export const oneOf = <T extends string>(values: readonly T[], description?: string) =>
  Type.Unsafe<T>({ type: 'string', enum: [...values], ...(description === undefined ? {} : { description }) });

const NO_CONTROL_CHARACTERS = '^[^\\u0000-\\u001f\\u007f]*$';
const duration = Type.String({
  pattern: DURATION_PATTERN,
  maxLength: 12,
  description: 'a duration such as 250ms, 30s, 5m or 2h',
});

const nullable = (schema: TSchema) => ({ ...schema, type: [(schema as { type?: string }).type ?? 'string', 'null'] });

const nameSchema = Type.String({
  minLength: 1,
  maxLength: NAME_CHARS_MAX,
  pattern: NO_CONTROL_CHARACTERS,
  description: 'a name without control characters',
});

const fields = {
  name: Type.Unsafe<string | null>(nullable(nameSchema)),
  tags: Type.Array(
    Type.String({
      minLength: 1,
      maxLength: TAG_CHARS_MAX,
      pattern: NO_CONTROL_CHARACTERS,
      description: 'a tag without control characters',
    }),
    { maxItems: TAGS_MAX, uniqueItems: true },
  ),
  schedule: Type.String({
    description: 'a crontab line of 5 or 6 fields, a macro, @every with a duration, or one instant',
  }),
  timezone: Type.String({ description: 'an IANA name such as Europe/Berlin; the node’s default where left out' }),
  dst: oneOf(DST_POLICIES),
  misfire: oneOf(MISFIRE_POLICIES),
  overlap: oneOf(OVERLAP_POLICIES),
  delivery: oneOf(DELIVERIES),
};

const retryFields = {
  attempts: Type.Integer({ minimum: 1, maximum: RETRY_ATTEMPTS_MAX, description: 'Attempts that may fail.' }),
  backoff: duration,
  backoff_max: duration,
};

const RETRY_DEFAULTS_TEXT = `${DEFAULT_RETRY.attempts} attempts, ${printDuration(DEFAULT_RETRY.backoffMs)} doubling up to ${printDuration(DEFAULT_RETRY.backoffMaxMs)}; at most ${printDuration(RETRY_BACKOFF_MAX_MS)}`;

const urlField = Type.String({ description: 'an absolute http or https URL' });
const methodField = oneOf(CALLBACK_METHODS, 'POST where left out.');
const bodyField = Type.Unknown({ description: 'Any JSON value; sent byte for byte as it stands in this request.' });

export const createTaskBody = Type.Object(
  {
    name: Type.Optional(fields.name),
    tags: Type.Optional(fields.tags),
    schedule: fields.schedule,
    timezone: Type.Optional(fields.timezone),
    dst: Type.Optional(fields.dst),
    callback: Type.Object(
      {
        url: urlField,
        method: Type.Optional(methodField),
        headers: Type.Optional(
          Type.Unsafe<Record<string, string>>({ type: 'object', additionalProperties: { type: 'string' } }),
        ),
        body: Type.Optional(bodyField),
      },
      closed,
    ),
    retry: Type.Optional(Type.Partial(Type.Object(retryFields), { ...closed, description: RETRY_DEFAULTS_TEXT })),
    misfire: Type.Optional(fields.misfire),
    overlap: Type.Optional(fields.overlap),
    delivery: Type.Optional(fields.delivery),
  },
  closed,
);

/** RFC 7396: what is left out stays, null removes, objects are merged member by member. */
export const updateTaskBody = Type.Object(
  {
    name: Type.Optional(fields.name),
    tags: Type.Optional(fields.tags),
    schedule: Type.Optional(fields.schedule),
    timezone: Type.Optional(fields.timezone),
    dst: Type.Optional(fields.dst),
    callback: Type.Optional(
      Type.Object(
        {
          url: Type.Optional(urlField),
          method: Type.Optional(methodField),
          headers: Type.Optional(
            Type.Unsafe<Record<string, string | null>>({
              type: 'object',
              additionalProperties: { type: ['string', 'null'] },
              description: 'Merged by name; null removes a header.',
            }),
          ),
          body: Type.Optional(
            Type.Unknown({ description: 'Any JSON value, kept byte for byte; null removes the body.' }),
          ),
        },
        closed,
      ),
    ),
    retry: Type.Optional(Type.Partial(Type.Object(retryFields), closed)),
    misfire: Type.Optional(fields.misfire),
    overlap: Type.Optional(fields.overlap),
    delivery: Type.Optional(fields.delivery),
  },
  closed,
);

/** The original API. `type` and the two strings are checked by hand, for the codes that older clients know. */
export const originalCreateBody = Type.Object(
  {
    type: Type.Unsafe<1 | 2>({ type: 'number', enum: [1, 2], description: '1 periodic, 2 once; `format` decides.' }),
    format: Type.String({ description: 'a crontab line, or ten digits: unix seconds' }),
    callback: Type.Object({ url: urlField, body: Type.Optional(bodyField) }, closed),
  },
  closed,
);

export const originalDeleteBody = Type.Object(
  {
    task_id: Type.Unsafe<string | number>({
      type: ['string', 'integer'],
      description: 'A string; a number is read digit by digit from the text.',
    }),
  },
  closed,
);

export const noBody = Type.Object({}, closed);
