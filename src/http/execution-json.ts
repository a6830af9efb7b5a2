import type { Attempt, Execution } from '../tasks/execution.ts';
import type { TaskRecord } from '../tasks/task.ts';

export const instantJson = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

export function executionJson(execution: Execution): string {
  return JSON.stringify({
    id: execution.executionId,
    task_id: execution.taskId,
    run: execution.run,
    trigger: execution.trigger,
    scheduled_at: instantJson(execution.scheduledAtMs),
    late: execution.late,
    state: execution.state,
    failures: execution.failures,
    next_attempt_at: instantJson(execution.nextAttemptAtMs),
    created_at: instantJson(execution.createdAtMs),
    ended_at: instantJson(execution.endedAtMs),
    attempts: execution.attempts.map(attempt),
  });
}

function attempt(made: Attempt) {
  return {
    number: made.number,
    node_id: made.nodeId,
    incarnation: made.incarnation,
    task_version: made.version,
    result: made.result,
    claimed_at: instantJson(made.claimedAtMs),
    started_at: instantJson(made.startedAtMs),
    ended_at: instantJson(made.endedAtMs),
    status: made.status,
    error: made.error,
    excerpt: made.excerpt,
  };
}

export const recordJson = ({ atMs, type, by, fromMs, throughMs }: TaskRecord): string =>
  JSON.stringify({
    at: instantJson(atMs),
    type,
    by,
    ...(fromMs === undefined ? {} : { from: instantJson(fromMs) }),
    ...(throughMs === undefined ? {} : { through: instantJson(throughMs) }),
  });
