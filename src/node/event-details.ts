import { unreachable } from '../invariant.ts';
import type { Configuration, Member } from '../raft/types.ts';
import type { AttemptMeasured, TaskEvent } from '../tasks/event.ts';
import type { ClusterOperation } from '../tasks/operation.ts';
import type { TaskDefinition } from '../tasks/task.ts';

/**
 * What an event shows to whoever reads the feed, in the API's own spelling. A task's callback is not shown: its URL, headers and body may
 * hold secrets, and so may what a target answered (I11); who may read them finds them at the task. Null: not told.
 */
export type EventDetails = Readonly<Record<string, unknown>>;

const instant = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

export function detailsOf(event: TaskEvent): EventDetails | null {
  switch (event.type) {
    case 'TaskCreated':
    case 'TaskUpdated':
      return { task_id: event.taskId, ...labels(event.definition), next_at: instant(event.nextAtMs) };
    case 'TaskPaused':
      return { task_id: event.taskId, reason: event.reason };
    case 'TaskResumed':
      return { task_id: event.taskId, next_at: instant(event.nextAtMs) };
    case 'TaskCancelled':
    case 'TaskRemoved':
      return { task_id: event.taskId };
    case 'ExecutionRequested':
      return { task_id: event.taskId, run: event.run, execution_id: event.executionId };
    case 'DueTimesSkipped':
      return { task_id: event.taskId, from: instant(event.fromMs), through: instant(event.throughMs) };
    case 'ExecutionClaimed':
      return {
        ...attempt(event),
        execution_id: event.executionId,
        node_id: event.nodeId,
        scheduled_at: instant(event.scheduledAtMs),
        next_at: instant(event.nextAtMs),
      };
    case 'AttemptClaimed':
      return { ...attempt(event), node_id: event.nodeId };
    case 'ExecutionSucceeded':
    case 'ExecutionFailed':
      return measured(event);
    case 'AttemptFailed':
      return { ...measured(event), next_attempt_at: instant(event.nextAttemptAtMs) };
    case 'ExecutionDoubted':
      return { ...attempt(event), error: event.error };
    case 'AttemptLost':
    case 'AttemptWithheld':
      return { ...attempt(event), next_attempt_at: instant(event.nextAttemptAtMs) };
    case 'ExecutionsWithdrawn':
    case 'HistoryPruned':
      return { task_id: event.taskId, runs: event.runs };
    case 'NodeStarted':
      return { node_id: event.nodeId, instance: event.instance, incarnation: event.incarnation };
    case 'NodeDrained':
    case 'NodeUndrained':
      return { node_id: event.nodeId };
    case 'SchedulingPaused':
    case 'SchedulingResumed':
      return {};
    case 'OperationRequested':
      return operationDetails(event.operation);
    case 'OperationEnded': {
      const { kind: outcome } = event.end;
      const reason = event.end.kind === 'refused' ? event.end.reason : null;
      return { ...operationDetails(event.operation), outcome, reason };
    }
    case 'CommandDone':
    case 'IdempotencyKeysExpired':
      return null;
    default:
      return unreachable(event);
  }
}

const labels = ({ name, tags }: TaskDefinition): EventDetails => ({ name, tags });

const attempt = ({ taskId, run, attempt }: Pick<AttemptMeasured, 'taskId' | 'run' | 'attempt'>): EventDetails => ({
  task_id: taskId,
  run,
  attempt,
});

const measured = (event: AttemptMeasured): EventDetails => ({
  ...attempt(event),
  started_at: instant(event.startedAtMs),
  ended_at: instant(event.endedAtMs),
  status: event.status,
  error: event.error,
});

/** Under which id it was asked for is its caller's own affair. */
function operationDetails({ type, ...rest }: ClusterOperation): EventDetails {
  const details = Object.entries(rest).map(([name, value]) => [inSnakeCase(name), value] as const);
  return { operation: type, details: Object.fromEntries(details) };
}

const inSnakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** `joint` while the voters that are being left count as well (paper §6). */
export const membersDetails = ({ members, outgoing }: Configuration): EventDetails => ({
  members: members.map(({ nodeId, instance, kind }: Member) => ({ node_id: nodeId, instance, kind })),
  joint: outgoing !== undefined,
});
