import { unreachable } from '../invariant.ts';
import type { Result } from '../result.ts';
import { ok, refused } from '../result.ts';
import type { Schedule } from '../schedule/types.ts';
import { fellDueWhilePaused, isYetToCome } from './ahead.ts';
import type { ChangeCommand, CreateTask, Refusal, TaskDraft, UpdateTask } from './command.ts';
import { refusal } from './command.ts';
import type { Pair } from './entry.ts';
import type { TaskEvent } from './event.ts';
import type { Execution } from './execution.ts';
import { manualExecutionId } from './execution.ts';
import { INSTANT_PAST_MAX_MS, OPEN_RUNS_MAX } from './limits.ts';
import type { SchedulePlanner } from './planner.ts';
import type { Precondition } from './precondition.ts';
import type { Task, TaskDefinition, TaskId } from './task.ts';

/**
 * Commands become events here, on the leader, once (I3). What is decided is checked again when it is applied (I5): a pair whose
 * task has changed in between is refused there, and decided again on the newer state.
 */
export interface DecisionContext {
  readonly nowMs: number;
  /** Of the newest entry: never decreases. */
  readonly logTimeMs: number;
  readonly planner: SchedulePlanner;
  readonly by: string;
}

type Decision = Result<Pair, Refusal>;

export function decideCreate(command: CreateTask, taskId: TaskId, context: DecisionContext): Decision {
  const planned = plan(command.draft, taskId, null, context);
  if (!planned.ok) return planned;
  const { schedule, nextAtMs } = planned.value;
  const { idempotency } = command;
  return ok({
    requires: [
      { type: 'task-is-new', taskId },
      ...(idempotency === null ? [] : [{ type: 'key-is-free' as const, key: idempotency.key }]),
    ],
    events: [
      {
        type: 'TaskCreated',
        taskId,
        definition: define(command.draft, schedule),
        nextAtMs,
        ...(idempotency === null ? {} : { idempotency }),
      },
    ],
    by: context.by,
  });
}

/** Whether the task's open executions have to be known for it. */
export const looksAtOpenRuns = (command: ChangeCommand): boolean =>
  command.type === 'ResumeTask' || (command.type === 'UpdateTask' && replaces(command));

/** `task` is the applied state, undefined when there is none; `open` are its open executions, where they have to be known. */
export function decideChange(
  command: ChangeCommand,
  task: Task | undefined,
  open: readonly Execution[],
  context: DecisionContext,
): Decision {
  if (task === undefined) return refused(refusal('task_not_found', `no task has the id ${command.taskId}`));
  if (command.version !== null && command.version !== task.version) {
    return refused(refusal('version_mismatch', `the task is at version ${task.version}, not ${command.version}`));
  }
  if (task.finishedAtMs !== null) {
    return refused(refusal('task_finished', `the task is ${task.state} and does not change any more`));
  }
  const withdrawn = withdrawnBy(command, open, context);
  const event = decideEvent(command, task, withdrawn, context);
  if (!event.ok) return event;
  const { taskId, version } = task;
  const requires: Precondition[] = [{ type: 'task-version', taskId, version }];
  // It says when the task is due next: a fire in between would be repeated.
  if (event.value.type === 'TaskUpdated' && task.state === 'scheduled' && task.nextAtMs !== null)
    requires.push({ type: 'task-due', taskId, dueAtMs: task.nextAtMs });
  if (event.value.type === 'ExecutionRequested') requires.push({ type: 'run-is-next', taskId, run: event.value.run });
  if (withdrawn.length === 0) return ok({ requires, events: [event.value], by: context.by });
  const runs = withdrawn.map(({ run }) => run);
  const takenThroughMs = command.type === 'UpdateTask' ? nowOf(context) : null;
  return ok({
    requires: [...requires, { type: 'executions-open', taskId, runs }],
    events: [event.value, { type: 'ExecutionsWithdrawn', taskId, runs, takenThroughMs }],
    by: context.by,
  });
}

const replaces = ({ changes }: UpdateTask): boolean =>
  changes.schedule !== undefined || changes.timezone !== undefined || changes.dst !== undefined;

/** Where clocks went back, what was fired by their old time stays fired. */
const nowOf = ({ nowMs, logTimeMs }: DecisionContext): number => Math.max(nowMs, logTimeMs);

/** Executions that were begun ahead of a due time which this takes from the task: ahead.ts. */
function withdrawnBy(
  command: ChangeCommand,
  open: readonly Execution[],
  context: DecisionContext,
): readonly Execution[] {
  if (command.type === 'ResumeTask') return open.filter((execution) => fellDueWhilePaused(execution, context.nowMs));
  if (command.type !== 'UpdateTask' || !replaces(command)) return [];
  return open.filter((execution) => isYetToCome(execution, nowOf(context)));
}

function decideEvent(
  command: ChangeCommand,
  task: Task,
  withdrawn: readonly Execution[],
  context: DecisionContext,
): Result<TaskEvent, Refusal> {
  const { taskId } = task;
  switch (command.type) {
    case 'UpdateTask':
      return decideUpdate(command, task, withdrawn, context);
    case 'PauseTask':
      if (task.state === 'paused') return refused(refusal('task_paused', 'the task is paused already'));
      return ok({ type: 'TaskPaused', taskId, reason: 'asked' });
    case 'ResumeTask': {
      if (task.state !== 'paused') return refused(refusal('task_not_paused', 'only a paused task can be resumed'));
      // What fell due while paused is not made up for: the owner asked for silence.
      const nextAtMs = context.planner.nextFireMs(
        task.definition.schedule,
        Math.max(context.nowMs, task.lastScheduledAtMs ?? 0),
      );
      if (nextAtMs === null && task.openRuns.length === withdrawn.length) {
        const message = 'its last due time passed while the task was paused: give it a new schedule, or delete it';
        return refused(refusal('schedule_exhausted', message));
      }
      return ok({ type: 'TaskResumed', taskId, nextAtMs });
    }
    case 'CancelTask':
      return ok({ type: 'TaskCancelled', taskId });
    case 'RunTask': {
      if (task.state === 'paused') return refused(refusal('task_paused', 'the task is paused: resume it first'));
      if (task.openRuns.length >= OPEN_RUNS_MAX) {
        return refused(
          refusal('task_busy', `${task.openRuns.length} executions of the task are open; ${OPEN_RUNS_MAX} are allowed`),
        );
      }
      const run = task.runCount + 1;
      return ok({ type: 'ExecutionRequested', taskId, run, executionId: manualExecutionId(taskId, run) });
    }
    default:
      return unreachable(command);
  }
}

function decideUpdate(
  command: UpdateTask,
  task: Task,
  withdrawn: readonly Execution[],
  context: DecisionContext,
): Result<TaskEvent, Refusal> {
  const { taskId, definition } = task;
  const draft: TaskDraft = { ...draftOf(definition), ...command.changes };
  if (!replaces(command)) {
    return ok({ type: 'TaskUpdated', taskId, definition: define(draft, definition.schedule), nextAtMs: task.nextAtMs });
  }
  const lastTakenAtMs = withdrawn.length > 0 ? nowOf(context) : task.lastScheduledAtMs;
  const planned = plan(draft, taskId, { lastTakenAtMs }, context);
  if (!planned.ok) return planned;
  const { schedule, nextAtMs } = planned.value;
  return ok({ type: 'TaskUpdated', taskId, definition: define(draft, schedule), nextAtMs });
}

interface Plan {
  readonly schedule: Schedule;
  readonly nextAtMs: number;
}

/** What a task took already. Null: it is new. */
interface Taken {
  readonly lastTakenAtMs: number | null;
}

function plan(draft: TaskDraft, taskId: TaskId, taken: Taken | null, context: DecisionContext): Result<Plan, Refusal> {
  const { nowMs, planner } = context;
  const { timezone, dst } = draft;
  const parsed = planner.parse(draft.schedule, { timezone, dst, nowMs, seed: taskId });
  if (!parsed.ok) {
    const { part, message } = parsed.error;
    return refused(refusal(part === 'timezone' ? 'timezone_refused' : 'schedule_refused', message, `/${part}`));
  }
  const schedule = parsed.value;
  if (schedule.kind === 'once' && schedule.atMs <= nowMs) {
    const fired = taken !== null && taken.lastTakenAtMs !== null && schedule.atMs <= taken.lastTakenAtMs;
    if (fired || schedule.atMs < nowMs - INSTANT_PAST_MAX_MS) {
      const message = `the instant ${new Date(schedule.atMs).toISOString()} has passed; up to ${INSTANT_PAST_MAX_MS / 1_000} s late is fired at once`;
      return refused(refusal('instant_past', message, '/schedule'));
    }
    return ok({ schedule, nextAtMs: schedule.atMs });
  }
  // A change of schedule never fires the past, nor an instant that was fired already: identity is (task, scheduled time).
  const nextAtMs = planner.nextFireMs(schedule, Math.max(nowMs, taken?.lastTakenAtMs ?? 0));
  if (nextAtMs === null) {
    return refused(refusal('schedule_refused', 'the schedule has no due time in the future', '/schedule'));
  }
  return ok({ schedule, nextAtMs });
}

function define(draft: TaskDraft, schedule: Schedule): TaskDefinition {
  const { name, tags, callback, retry, misfire, overlap, delivery } = draft;
  return { name, tags, schedule, callback, retry, misfire, overlap, delivery };
}

function draftOf({ schedule, ...rest }: TaskDefinition): TaskDraft {
  const zone =
    schedule.kind === 'cron' ? { timezone: schedule.timezone, dst: schedule.dst } : { timezone: 'UTC', dst: 'once' };
  return { ...rest, schedule: schedule.format, ...zone };
}
