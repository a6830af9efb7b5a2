import type { Result } from '../result.ts';
import { ok, refused } from '../result.ts';
import { mayBeClaimedAhead } from './ahead.ts';
import type { Pair } from './entry.ts';
import type { ClaimHolder, ExecutionClaimed, TaskEvent } from './event.ts';
import type { Execution } from './execution.ts';
import { scheduledExecutionId } from './execution.ts';
import { MISFIRE_AFTER_MS, OPEN_RUNS_MAX } from './limits.ts';
import type { SchedulePlanner } from './planner.ts';
import type { Precondition } from './precondition.ts';
import type { Task } from './task.ts';

/** The leader's decision at a due time: who sends what, and when the task is due next. */

export interface ClaimContext {
  readonly nowMs: number;
  /** How far ahead of its time a task that allows it is claimed. */
  readonly aheadMs: number;
  readonly planner: SchedulePlanner;
  /** The node and incarnation that is to send it. */
  readonly sender: ClaimHolder;
}

/** Why nothing is claimed. `busy`: the task waits until one of its open executions ends. */
export type NoClaim = 'not-due' | 'busy';

export interface DueClaim {
  readonly pair: Pair;
  readonly claimed: ExecutionClaimed;
}

export function decideClaim(task: Task, context: ClaimContext): Result<DueClaim, NoClaim> {
  const { nowMs, aheadMs, planner, sender } = context;
  const dueAtMs = task.nextAtMs;
  const dueByMs = nowMs + (mayBeClaimedAhead(task.definition) ? aheadMs : 0);
  if (task.state !== 'scheduled' || dueAtMs === null || dueAtMs > dueByMs) return refused('not-due');
  if (task.openRuns.length >= OPEN_RUNS_MAX) return refused('busy');
  const { schedule } = task.definition;
  const events: TaskEvent[] = [];
  let scheduledAtMs = dueAtMs;
  // Up to MISFIRE_AFTER_MS behind, every due time is sent, in order. What is older falls to the policy: `latest` sends one.
  const oldestKeptMs = nowMs - MISFIRE_AFTER_MS;
  if (dueAtMs < oldestKeptMs) {
    scheduledAtMs = planner.latestFireMs(schedule, dueAtMs, oldestKeptMs - 1);
    if (scheduledAtMs > dueAtMs) {
      events.push({ type: 'DueTimesSkipped', taskId: task.taskId, fromMs: dueAtMs, throughMs: scheduledAtMs - 1 });
    }
  }
  const run = task.runCount + 1;
  const claimed: ExecutionClaimed = {
    type: 'ExecutionClaimed',
    taskId: task.taskId,
    run,
    executionId: scheduledExecutionId(task.taskId, scheduledAtMs),
    scheduledAtMs,
    nextAtMs: planner.nextFireMs(schedule, scheduledAtMs),
    attempt: 1,
    ...sender,
  };
  const { taskId } = task;
  const requires: readonly Precondition[] = [
    { type: 'task-due', taskId, dueAtMs },
    { type: 'run-is-next', taskId, run },
    // A schedule that takes the place of this one in between may have the same next due time, and another after it.
    { type: 'task-version', taskId, version: task.version },
  ];
  return ok({ pair: { requires, events: [...events, claimed], by: 'schedule' }, claimed });
}

export function decideAttempt(task: Task, execution: Execution, context: ClaimContext): Result<Pair, NoClaim> {
  if (task.state !== 'scheduled' || execution.state !== 'waiting') return refused('not-due');
  if (execution.nextAttemptAtMs === null || execution.nextAttemptAtMs > context.nowMs) return refused('not-due');
  const { taskId, run } = execution;
  const attempt = (execution.attempts.at(-1)?.number ?? 0) + 1;
  return ok({
    requires: [{ type: 'attempt-due', taskId, run, attempt }],
    events: [{ type: 'AttemptClaimed', taskId, run, attempt, ...context.sender }],
    by: 'schedule',
  });
}
