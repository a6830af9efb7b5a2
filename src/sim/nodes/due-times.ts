import { schedulePlanner } from '../../node/schedule-planner.ts';
import type { ExecutionClaimed, TaskEvent } from '../../tasks/event.ts';
import type { TaskDefinition, TaskId } from '../../tasks/task.ts';
import { holds } from '../checks/rule.ts';

/**
 * Each due time of a task is claimed once, or stands as passed over, and the next one follows from the schedule: a chain without a
 * gap, from the facts alone. And of what is claimed, one claim is open at a time.
 */
interface Followed {
  definition: TaskDefinition;
  nextAtMs: number | null;
  /** What stands as passed over, through here, until the claim that it goes with. */
  skippedThroughMs: number | null;
  state: 'scheduled' | 'paused' | 'cancelled';
}

interface OpenExecution {
  readonly taskId: TaskId;
  readonly executionId: string;
  readonly sinceMs: number;
  /** When it is to go on, if no attempt is open. */
  waitsUntilMs: number | null;
  attempt: number;
}

export class DueTimes {
  readonly #tasks = new Map<TaskId, Followed>();
  readonly #begun = new Set<string>();
  readonly #open = new Map<string, OpenExecution>();

  /** `latestMs`: no clock that is right shows more. */
  follow(event: TaskEvent, atMs: number, latestMs: number): void {
    switch (event.type) {
      case 'TaskCreated':
        this.#tasks.set(event.taskId, {
          definition: event.definition,
          nextAtMs: event.nextAtMs,
          skippedThroughMs: null,
          state: 'scheduled',
        });
        return;
      case 'TaskUpdated':
        Object.assign(this.#task(event.taskId), { definition: event.definition, nextAtMs: event.nextAtMs });
        return;
      case 'TaskPaused':
        this.#task(event.taskId).state = 'paused';
        return;
      case 'TaskResumed':
        Object.assign(this.#task(event.taskId), { state: 'scheduled', nextAtMs: event.nextAtMs });
        return;
      case 'TaskCancelled':
        this.#task(event.taskId).state = 'cancelled';
        for (const [key, { taskId }] of this.#open) if (taskId === event.taskId) this.#open.delete(key);
        return;
      case 'DueTimesSkipped': {
        const task = this.#task(event.taskId);
        holds(
          event.fromMs === task.nextAtMs,
          'No Due Time Lost',
          () => `task ${event.taskId} passes over due times from ${event.fromMs}, and ${task.nextAtMs} was its next`,
        );
        task.skippedThroughMs = event.throughMs;
        return;
      }
      case 'ExecutionClaimed':
        this.#claimed(event, atMs, latestMs);
        return;
      case 'ExecutionRequested':
        this.#begin(event.taskId, event.run, event.executionId, atMs, 0);
        return;
      case 'AttemptClaimed': {
        const execution = this.#open.get(keyOf(event));
        holds(
          execution !== undefined && execution.waitsUntilMs !== null,
          'One Live Claim',
          () => `attempt ${event.attempt} of ${keyOf(event)} is claimed while another is open`,
        );
        holds(
          event.attempt === execution.attempt + 1,
          'One Live Claim',
          () => `attempt ${event.attempt} of ${keyOf(event)} follows ${execution.attempt}`,
        );
        execution.attempt = event.attempt;
        execution.waitsUntilMs = null;
        return;
      }
      case 'AttemptFailed':
      case 'AttemptLost':
      case 'AttemptWithheld': {
        const execution = this.#open.get(keyOf(event));
        if (execution !== undefined) execution.waitsUntilMs = event.nextAttemptAtMs;
        return;
      }
      case 'ExecutionsWithdrawn':
        // Nothing was sent for it: the same due time may come again, in another schedule.
        for (const run of event.runs) {
          this.#begun.delete(this.#open.get(keyOf({ taskId: event.taskId, run }))?.executionId ?? '');
          this.#open.delete(keyOf({ taskId: event.taskId, run }));
        }
        return;
      case 'ExecutionSucceeded':
      case 'ExecutionFailed':
      case 'ExecutionDoubted':
        this.#open.delete(keyOf(event));
        return;
      default:
        return;
    }
  }

  #claimed(event: ExecutionClaimed, atMs: number, latestMs: number): void {
    const { taskId, scheduledAtMs, nextAtMs } = event;
    holds(
      scheduledAtMs <= latestMs,
      'Not Before Its Time',
      () => `task ${taskId} is claimed ${scheduledAtMs - latestMs} ms too early for ${scheduledAtMs}`,
    );
    const task = this.#task(taskId);
    const { schedule } = task.definition;
    holds(
      task.state === 'scheduled',
      'Silence Once Acknowledged',
      () => `task ${taskId} is ${task.state}, and fires for ${scheduledAtMs}`,
    );
    const skipped = task.skippedThroughMs;
    const expectedMs = skipped === null ? task.nextAtMs : schedulePlanner.nextFireMs(schedule, skipped);
    holds(
      scheduledAtMs === expectedMs,
      'No Due Time Lost',
      () => `task ${taskId} fires for ${scheduledAtMs}, and ${expectedMs} was its next`,
    );
    const followsMs = schedulePlanner.nextFireMs(schedule, scheduledAtMs);
    holds(
      nextAtMs === followsMs,
      'No Due Time Lost',
      () => `task ${taskId} goes on to ${nextAtMs} after ${scheduledAtMs}, and ${followsMs} follows`,
    );
    task.nextAtMs = nextAtMs;
    task.skippedThroughMs = null;
    this.#begin(taskId, event.run, event.executionId, atMs, 1);
  }

  #begin(taskId: TaskId, run: number, executionId: string, atMs: number, attempt: number): void {
    holds(!this.#begun.has(executionId), 'One Live Claim', () => `execution ${executionId} is begun twice`);
    this.#begun.add(executionId);
    const waitsUntilMs = attempt === 0 ? atMs : null;
    this.#open.set(keyOf({ taskId, run }), { taskId, executionId, sinceMs: atMs, attempt, waitsUntilMs });
  }

  #task(taskId: TaskId): Followed {
    const task = this.#tasks.get(taskId);
    holds(task !== undefined, 'State Machine Safety', () => `a fact speaks of task ${taskId}, which is not there`);
    return task;
  }

  /** A due time before this that has not been taken. */
  overdue(beforeMs: number): string | null {
    for (const [taskId, { state, nextAtMs }] of this.#tasks) {
      if (state === 'scheduled' && nextAtMs !== null && nextAtMs < beforeMs)
        return `task ${taskId} was due at ${nextAtMs} and has not fired`;
    }
    return null;
  }

  /** An execution that could have gone on before this, and has not; those of paused tasks wait. */
  leftBehind(beforeMs: number): string | null {
    for (const [key, { taskId, sinceMs, waitsUntilMs, attempt }] of this.#open) {
      if (waitsUntilMs !== null && this.#task(taskId).state !== 'scheduled') continue;
      if (Math.max(sinceMs, waitsUntilMs ?? 0) < beforeMs)
        return `execution ${key}, begun at ${sinceMs}, ${waitsUntilMs === null ? `has attempt ${attempt} open` : 'waits'}`;
    }
    return null;
  }
}

const keyOf = ({ taskId, run }: { readonly taskId: TaskId; readonly run: number }): string => `${taskId}/${run}`;
