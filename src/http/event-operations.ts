import { Type } from 'typebox';
import type { EventsAfter, SubscribeRefusal } from '../node/event-feed.ts';
import { EVENT_KINDS, isEventKind } from '../node/event-kinds.ts';
import type { FeedEvent } from '../node/feed-event.ts';
import { SUBSCRIBERS_MAX } from '../node/limits.ts';
import { ok, type Result, refused } from '../result.ts';
import { parseTaskId } from '../tasks/task-id.ts';
import { type ApiError, apiError, fieldError, unavailableError } from './api-error.ts';
import { EventStream } from './event-stream.ts';
import { EVENTS_RETRY_AFTER_MS } from './limits.ts';
import type { ApiRequest, Operation } from './operation.ts';

/** What happened, as it happens. */

const readEvents: Operation = {
  id: 'readEvents',
  method: 'GET',
  path: '/v1/events',
  summary: 'Follow what happens, as Server-Sent Events from the log that this node has applied',
  query: Type.Object(
    {
      after: Type.Optional(
        Type.String({
          description:
            'The id of an event, to go on behind it, at this node or another of its cluster; `oldest` for all that the log still holds; from now on where left out.',
        }),
      ),
      kind: Type.Optional(Type.String({ description: `Only these, separated by commas: ${EVENT_KINDS.join(', ')}.` })),
      task_id: Type.Optional(Type.String({ description: 'Only events of this task.' })),
    },
    { additionalProperties: false },
  ),
  headers: [{ name: 'Last-Event-ID', description: 'As `after`, and before it: what a browser sends by itself.' }],
  success: {
    status: 200,
    description:
      'A stream without an end. `id` is opaque, `event` the kind, `data` a JSON object in one line: `id`, `kind`, `at` (log time; null for what consensus itself says), `by`, and what the kind brings: docs/events.md. `gap` says that events were passed over, `end` that the node ends the stream.',
    schema: Type.String(),
    contentType: 'text/event-stream',
  },
  errors: ['event_id_refused', 'too_many_subscribers', 'starting', 'stopping'],
  handle(request, { node, clock }) {
    const filter = filterOf(request);
    if (!filter.ok) return filter.error;
    const stream = new EventStream(clock, filter.value);
    const subscribed = node.feed.subscribe(afterOf(request), stream);
    if (!subscribed.ok) return refusalOf(subscribed.error);
    return {
      status: 200,
      contentType: 'text/event-stream; charset=utf-8',
      // What stands in between is to hand on each event as it comes.
      headers: { 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
      stream: (to) => stream.begin(subscribed.value, to),
    };
  },
};

function afterOf({ query, headers }: ApiRequest): EventsAfter {
  // Whoever connects again by itself asks for the same address, and knows better meanwhile.
  const given = headers['last-event-id'];
  const after = typeof given === 'string' && given !== '' ? given : query.after;
  if (after === undefined) return 'now';
  return after === 'oldest' ? after : { id: after };
}

function filterOf({ query }: ApiRequest): Result<(event: FeedEvent) => boolean, ApiError> {
  const names = query.kind?.split(',').map((name) => name.trim());
  const unknown = names?.find((name) => !isEventKind(name));
  if (unknown !== undefined)
    return refused(fieldError('validation_failed', '/kind', `must be of ${EVENT_KINDS.join(', ')}`));
  const taskId = query.task_id === undefined ? null : parseTaskId(query.task_id);
  if (taskId === null && query.task_id !== undefined)
    return refused(fieldError('validation_failed', '/task_id', 'must be the id of a task'));
  const kinds = names === undefined ? null : new Set<string>(names);
  return ok((event) => (kinds === null || kinds.has(event.kind)) && (taskId === null || event.taskId === taskId));
}

function refusalOf(why: SubscribeRefusal): ApiError {
  switch (why) {
    case 'malformed':
      return eventIdRefused('the id is none that this API gives');
    case 'foreign':
      return eventIdRefused('the id is of another cluster');
    case 'too_many_subscribers':
      return {
        ...apiError(why, `${SUBSCRIBERS_MAX} readers follow this node, which is as many as it tells`),
        headers: { 'retry-after': String(EVENTS_RETRY_AFTER_MS / 1_000) },
      };
    case 'starting':
    case 'stopping':
      return unavailableError(why, EVENTS_RETRY_AFTER_MS);
  }
}

const eventIdRefused = (detail: string): ApiError =>
  apiError('event_id_refused', detail, [{ path: '/after', message: 'must be the id of an event, or oldest' }]);

export const eventOperations: readonly Operation[] = [readEvents];
