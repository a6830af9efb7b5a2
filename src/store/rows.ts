import { unreachable } from '../invariant.ts';
import type { Schedule } from '../schedule/types.ts';
import type { IdempotencyRecord, StateMeta } from '../tasks/entities.ts';
import type { Attempt, Execution } from '../tasks/execution.ts';
import type { Task, TaskDefinition, TaskId, TaskRecord } from '../tasks/task.ts';

/**
 * Entities as canonical text: every object is written key by key in a fixed order, so that equal entities have equal bytes, and
 * hence equal hashes, on every node and however they came to be (I4). The types make the compiler refuse a field that is left out.
 *
 * A task is two rows: `status` changes at every fire and is narrow; `definition` holds the callback's body and the event list, and
 * is written only when its owner changed something.
 */

type TaskStatus = Omit<Task, 'taskId' | 'definition' | 'records'>;
interface TaskWide {
  readonly definition: TaskDefinition;
  readonly records: readonly TaskRecord[];
}

export function encodeTaskStatus(task: Task): string {
  const status: TaskStatus = {
    state: task.state,
    version: task.version,
    createdAtMs: task.createdAtMs,
    updatedAtMs: task.updatedAtMs,
    nextAtMs: task.nextAtMs,
    lastScheduledAtMs: task.lastScheduledAtMs,
    runCount: task.runCount,
    openRuns: task.openRuns,
    prunedThroughRun: task.prunedThroughRun,
    finishedAtMs: task.finishedAtMs,
  };
  return JSON.stringify(status);
}

export function encodeTaskDefinition({ definition, records }: Task): string {
  const { callback, retry } = definition;
  const wide: TaskWide = {
    definition: {
      name: definition.name,
      tags: definition.tags,
      schedule: canonicalSchedule(definition.schedule),
      callback: {
        url: callback.url,
        method: callback.method,
        headers: sortedByKey(callback.headers),
        body: callback.body,
      },
      retry: { attempts: retry.attempts, backoffMs: retry.backoffMs, backoffMaxMs: retry.backoffMaxMs },
      misfire: definition.misfire,
      overlap: definition.overlap,
      delivery: definition.delivery,
    },
    records: records.map(
      ({ atMs, type, by, fromMs, throughMs }): TaskRecord =>
        fromMs === undefined || throughMs === undefined ? { atMs, type, by } : { atMs, type, by, fromMs, throughMs },
    ),
  };
  return JSON.stringify(wide);
}

function canonicalSchedule(schedule: Schedule): Schedule {
  switch (schedule.kind) {
    case 'cron': {
      const { kind, format, fields, timezone, dst } = schedule;
      return { kind, format, fields, timezone, dst };
    }
    case 'every': {
      const { kind, format, everyMs, anchorMs } = schedule;
      return { kind, format, everyMs, anchorMs };
    }
    case 'once': {
      const { kind, format, atMs } = schedule;
      return { kind, format, atMs };
    }
    default:
      return unreachable(schedule);
  }
}

/** By code unit: no locale has a say. */
function sortedByKey<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  const keys = Object.keys(record);
  return keys.length < 2
    ? record
    : Object.fromEntries(keys.sort((a, b) => (a < b ? -1 : 1)).map((key) => [key, record[key] as T]));
}

export function decodeTask(taskId: TaskId, status: string, wide: string): Task {
  const { definition, records } = JSON.parse(wide) as TaskWide;
  const { state, version, createdAtMs, updatedAtMs, nextAtMs, lastScheduledAtMs, ...rest } = JSON.parse(
    status,
  ) as TaskStatus;
  return {
    taskId,
    definition,
    state,
    version,
    createdAtMs,
    updatedAtMs,
    nextAtMs,
    lastScheduledAtMs,
    ...rest,
    records,
  };
}

export function encodeExecution(execution: Execution): string {
  const canonical: Omit<Execution, 'taskId' | 'run'> = {
    executionId: execution.executionId,
    trigger: execution.trigger,
    scheduledAtMs: execution.scheduledAtMs,
    late: execution.late,
    state: execution.state,
    attempts: execution.attempts.map(canonicalAttempt),
    failures: execution.failures,
    nextAttemptAtMs: execution.nextAttemptAtMs,
    createdAtMs: execution.createdAtMs,
    endedAtMs: execution.endedAtMs,
  };
  return JSON.stringify(canonical);
}

const canonicalAttempt = (attempt: Attempt): Attempt => ({
  number: attempt.number,
  nodeId: attempt.nodeId,
  incarnation: attempt.incarnation,
  ...(attempt.instance === undefined ? {} : { instance: attempt.instance }),
  version: attempt.version,
  claimedAtMs: attempt.claimedAtMs,
  result: attempt.result,
  startedAtMs: attempt.startedAtMs,
  endedAtMs: attempt.endedAtMs,
  status: attempt.status,
  error: attempt.error,
  excerpt: attempt.excerpt,
});

export function decodeExecution(taskId: TaskId, run: number, document: string): Execution {
  const { executionId, ...rest } = JSON.parse(document) as Omit<Execution, 'taskId' | 'run'>;
  return { executionId, taskId, run, ...rest };
}

export function encodeKey(record: IdempotencyRecord): string {
  const canonical: Omit<IdempotencyRecord, 'key'> = {
    fingerprint: record.fingerprint,
    taskId: record.taskId,
    expiresAtMs: record.expiresAtMs,
  };
  return JSON.stringify(canonical);
}

export function decodeKey(key: string, document: string): IdempotencyRecord {
  return { key, ...(JSON.parse(document) as Omit<IdempotencyRecord, 'key'>) };
}

type KnownNode = StateMeta['nodes'][string];

export function encodeMeta(meta: StateMeta): string {
  const nodes = Object.entries(meta.nodes).map(([nodeId, { instance, incarnation, startedAtMs }]) => {
    const node: KnownNode = { instance, incarnation, startedAtMs };
    return [nodeId, node] as const;
  });
  const canonical: StateMeta = {
    lastTaskId: meta.lastTaskId,
    logTimeMs: meta.logTimeMs,
    nodes: sortedByKey(Object.fromEntries(nodes)),
    ...(meta.schedulingPaused === undefined ? {} : { schedulingPaused: meta.schedulingPaused }),
    ...(meta.drained === undefined ? {} : { drained: meta.drained }),
    ...(meta.operations === undefined ? {} : { operations: meta.operations }),
  };
  return JSON.stringify(canonical);
}

export const decodeMeta = (document: string): StateMeta => JSON.parse(document) as StateMeta;

export const runKey = (taskId: TaskId, run: number): string => `${taskId}/${run}`;

export function parseRunKey(key: string): { readonly taskId: TaskId; readonly run: number } {
  const slash = key.indexOf('/');
  return { taskId: key.slice(0, slash) as TaskId, run: Number(key.slice(slash + 1)) };
}
