import { Type } from 'typebox';
import { STATISTICS_WINDOWS, type StatisticsCounts, type StatisticsWindow } from '../node/statistics.ts';
import { fieldError } from './api-error.ts';
import { printDuration } from './duration.ts';
import type { Operation } from './operation.ts';
import { oneOf } from './task-schema.ts';

const closed = { additionalProperties: false } as const;
const instant = Type.String({ format: 'date-time' });
const count = (description: string) => Type.Integer({ minimum: 0, description });
const milliseconds = Type.Number({ minimum: 0 });
const WINDOWS = Object.keys(STATISTICS_WINDOWS) as readonly StatisticsWindow[];

const counts = {
  created: count('Tasks created.'),
  fires: count('Due times claimed, and runs that were asked for.'),
  succeeded: count('Executions that succeeded.'),
  failed_attempts: count('Attempts that failed.'),
  dead_letters: count('Executions that failed for good.'),
  unknown: count('At-most-once executions of which it is not known.'),
  lost_attempts: count('Attempts that were lost with their node.'),
  skips: count('Times that due times were passed over by the misfire policy.'),
  lateness: Type.Unsafe<unknown>({
    type: ['object', 'null'],
    description:
      'Of first attempts, how long after their time they left: the bound of a bucket that so many stayed within; the greatest is exact. Null without any.',
    properties: { p50_ms: milliseconds, p90_ms: milliseconds, p99_ms: milliseconds, max_ms: milliseconds },
    required: ['p50_ms', 'p90_ms', 'p99_ms', 'max_ms'],
    additionalProperties: false,
  }),
};

const statisticsSchema = Type.Object(
  {
    window: oneOf(WINDOWS),
    bucket: Type.String({ description: 'How long a bucket is.' }),
    since: Type.String({
      format: 'date-time',
      description: 'Log time from which on this node has counted: its start, or a snapshot that it took.',
    }),
    total: Type.Object(counts, closed),
    buckets: Type.Array(Type.Object({ at: instant, ...counts }, closed), {
      description: 'The oldest first; the last has not ended.',
    }),
  },
  closed,
);

export const statisticsOperation: Operation = {
  id: 'readStatistics',
  method: 'GET',
  path: '/v1/stats',
  summary: 'Say what the whole cluster did lately, as far as this node has applied it',
  query: Type.Object(
    { window: Type.Optional(Type.String({ description: `${WINDOWS.join(' or ')}; hour where left out.` })) },
    closed,
  ),
  success: { status: 200, description: 'Counts, by log time.', schema: statisticsSchema },
  errors: [],
  handle({ query }, { node }) {
    const window = WINDOWS.find((name) => name === (query.window ?? 'hour'));
    if (window === undefined) return fieldError('validation_failed', '/window', `must be ${WINDOWS.join(' or ')}`);
    const { bucketMs, sinceMs, total, buckets } = node.statistics(window);
    const body = {
      window,
      bucket: printDuration(bucketMs),
      since: new Date(sinceMs).toISOString(),
      total: countsJson(total),
      buckets: buckets.map((bucket) => ({ at: new Date(bucket.atMs).toISOString(), ...countsJson(bucket) })),
    };
    return { status: 200, body: JSON.stringify(body) };
  },
};

const countsJson = (seen: StatisticsCounts) => ({
  created: seen.created,
  fires: seen.fires,
  succeeded: seen.succeeded,
  failed_attempts: seen.failedAttempts,
  dead_letters: seen.deadLetters,
  unknown: seen.unknown,
  lost_attempts: seen.lostAttempts,
  skips: seen.skips,
  lateness:
    seen.lateness === null
      ? null
      : {
          p50_ms: seen.lateness.p50Ms,
          p90_ms: seen.lateness.p90Ms,
          p99_ms: seen.lateness.p99Ms,
          max_ms: seen.lateness.maxMs,
        },
});
