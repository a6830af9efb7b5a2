import type { Callback, Task } from '../tasks/task.ts';
import { printDuration } from './duration.ts';

/** Entities as the full API writes them. By hand, because a callback's body goes in as the bytes it came in. */

const instant = (ms: number): string => `"${new Date(ms).toISOString()}"`;
const instantOrNull = (ms: number | null): string => (ms === null ? 'null' : instant(ms));

export function taskJson(task: Task): string {
  const { definition } = task;
  const { schedule, retry } = definition;
  const zone = schedule.kind === 'cron' ? schedule : null;
  return (
    `{"id":"${task.taskId}","name":${JSON.stringify(definition.name)},"tags":${JSON.stringify(definition.tags)}` +
    `,"schedule":${JSON.stringify(schedule.format)},"timezone":${JSON.stringify(zone?.timezone ?? null)}` +
    `,"dst":${JSON.stringify(zone?.dst ?? null)},"callback":${callbackJson(definition.callback)}` +
    `,"retry":{"attempts":${retry.attempts},"backoff":"${printDuration(retry.backoffMs)}","backoff_max":"${printDuration(retry.backoffMaxMs)}"}` +
    `,"misfire":"${definition.misfire}","overlap":"${definition.overlap}","delivery":"${definition.delivery}"` +
    `,"state":"${task.state}","version":${task.version}` +
    `,"next_at":${instantOrNull(nextAtMs(task))},"last_scheduled_at":${instantOrNull(task.lastScheduledAtMs)}` +
    `,"run_count":${task.runCount},"open_executions":${task.openRuns.length}` +
    `,"created_at":${instant(task.createdAtMs)},"updated_at":${instant(task.updatedAtMs)}` +
    `,"finished_at":${instantOrNull(task.finishedAtMs)}}`
  );
}

/** A paused task keeps its due time, but is not called then: to say it would promise a call. */
const nextAtMs = (task: Task): number | null => (task.state === 'scheduled' ? task.nextAtMs : null);

function callbackJson({ url, method, headers, body }: Callback): string {
  // Without a body there is no member: `"body":null` is a body, of four bytes.
  const bodyMember = body === null ? '' : `,"body":${body}`;
  return `{"url":${JSON.stringify(url)},"method":"${method}","headers":${JSON.stringify(headers)}${bodyMember}}`;
}

export function originalTaskJson(task: Task): string {
  const { schedule, callback } = task.definition;
  const body = callback.body === null ? '' : `,"body":${callback.body}`;
  return (
    `{"task_id":"${task.taskId}","create_time":${Math.floor(task.createdAtMs / 1_000)}` +
    `,"type":${schedule.kind === 'once' ? 2 : 1},"format":${JSON.stringify(schedule.format)}` +
    `,"run_count":${task.runCount},"callback":{"url":${JSON.stringify(callback.url)}${body}}}`
  );
}

export const pageJson = (items: readonly string[], nextCursor: string | null): string =>
  `{"items":[${items.join(',')}],"next_cursor":${JSON.stringify(nextCursor)}}`;
