import { invariant, unreachable } from '../invariant.ts';
import type { CommandId } from './command-id.ts';
import { keyOfCommand } from './command-id.ts';
import type { Entities, StateMeta } from './entities.ts';
import type { TaskEvent } from './event.ts';
import {
  beginExecution,
  claimAttempt,
  closeExecution,
  endAttempt,
  isEnded,
  reopen,
  requestExecution,
} from './evolve-execution.ts';
import { withEnded, withRequested } from './evolve-operation.ts';
import { closeRun, commandTask, openRun, pruneRuns, recordSkip, takeBack } from './evolve-task.ts';
import type { Execution } from './execution.ts';
import { COMMAND_RESULTS_KEPT_MS, IDEMPOTENCY_KEYS_KEPT_MS } from './limits.ts';
import { createTask } from './new-task.ts';
import type { Task, TaskId } from './task.ts';

/**
 * Folds one event into the state. Deterministic: no clock, no randomness, no zones (I3); called once per event, in log order (I4).
 */
export function evolve(state: Entities, event: TaskEvent, by: string, atMs: number): void {
  switch (event.type) {
    case 'TaskCreated': {
      state.addTask(createTask(event, by, atMs));
      state.putMeta({ ...state.meta(), lastTaskId: event.taskId });
      if (event.idempotency !== undefined) {
        state.putKey({ ...event.idempotency, taskId: event.taskId, expiresAtMs: atMs + IDEMPOTENCY_KEYS_KEPT_MS });
      }
      return;
    }
    case 'TaskUpdated': {
      const { definition, nextAtMs } = event;
      state.putTask(
        commandTask(known(state, event.taskId), 'UPDATE', { type: event.type, by, atMs, definition, nextAtMs }),
      );
      return;
    }
    case 'TaskPaused':
      state.putTask(
        commandTask(known(state, event.taskId), 'PAUSE', {
          type: event.reason === 'gone' ? 'TaskPausedAsGone' : 'TaskPaused',
          by,
          atMs,
        }),
      );
      return;
    case 'TaskResumed': {
      const { nextAtMs } = event;
      state.putTask(commandTask(known(state, event.taskId), 'RESUME', { type: event.type, by, atMs, nextAtMs }));
      return;
    }
    case 'TaskCancelled': {
      const task = known(state, event.taskId);
      for (const run of task.openRuns) {
        state.putExecution(closeExecution(knownRun(state, task.taskId, run), 'CANCEL', null, atMs));
      }
      state.putTask(commandTask(task, 'CANCEL', { type: event.type, by, atMs }));
      return;
    }
    case 'ExecutionRequested': {
      const task = known(state, event.taskId);
      assertNext(task, event.run);
      state.putExecution(requestExecution(task, event.run, event.executionId, atMs));
      state.putTask(openRun(task, event.run, null));
      return;
    }
    case 'DueTimesSkipped':
      state.putTask(recordSkip(known(state, event.taskId), event, by, atMs));
      return;
    case 'ExecutionClaimed': {
      const task = known(state, event.taskId);
      assertNext(task, event.run);
      state.putExecution(beginExecution(task, { ...event, sender: event, atMs }));
      state.putTask(openRun(task, event.run, event));
      return;
    }
    case 'AttemptClaimed': {
      const task = known(state, event.taskId);
      const execution = knownRun(state, event.taskId, event.run);
      state.putExecution(claimAttempt(execution, task, event.attempt, event, atMs));
      return;
    }
    case 'ExecutionSucceeded':
      endRun(state, endAttempt(knownRun(state, event.taskId, event.run), event, 'SUCCEED', atMs), atMs);
      return;
    case 'ExecutionFailed':
      endRun(state, endAttempt(knownRun(state, event.taskId, event.run), event, 'FAIL', atMs), atMs);
      return;
    case 'AttemptFailed':
      state.putExecution(endAttempt(knownRun(state, event.taskId, event.run), event, 'RETRY', event.nextAttemptAtMs));
      return;
    case 'ExecutionDoubted':
      endRun(state, closeExecution(knownRun(state, event.taskId, event.run), 'DOUBT', event.error, atMs), atMs);
      return;
    case 'AttemptLost':
      state.putExecution(reopen(knownRun(state, event.taskId, event.run), 'LOSE', event.nextAttemptAtMs, atMs));
      return;
    case 'AttemptWithheld':
      state.putExecution(reopen(knownRun(state, event.taskId, event.run), 'RELEASE', event.nextAttemptAtMs, atMs));
      return;
    case 'ExecutionsWithdrawn':
      for (const run of event.runs)
        endRun(state, closeExecution(knownRun(state, event.taskId, run), 'CANCEL', null, atMs), atMs);
      if (event.takenThroughMs !== null) state.putTask(takeBack(known(state, event.taskId), event.takenThroughMs));
      return;
    case 'NodeStarted': {
      const meta = state.meta();
      const { instance, incarnation } = event;
      state.putMeta({
        ...meta,
        nodes: { ...meta.nodes, [event.nodeId]: { instance, incarnation, startedAtMs: atMs } },
      });
      return;
    }
    case 'HistoryPruned':
      for (const run of event.runs) state.removeExecution(event.taskId, run);
      state.putTask(pruneRuns(known(state, event.taskId), event.throughRun));
      return;
    case 'TaskRemoved':
      for (const run of event.runs) state.removeExecution(event.taskId, run);
      state.removeTask(event.taskId);
      return;
    case 'IdempotencyKeysExpired':
      for (const key of event.keys) state.removeKey(key);
      return;
    case 'CommandDone':
      rememberResult(state, event.commandId, event.taskId, atMs);
      return;
    case 'OperationRequested':
      state.putMeta(withRequested(state.meta(), event, by, atMs));
      rememberResult(state, event.requestId, NO_TASK, atMs);
      return;
    case 'OperationEnded':
      state.putMeta(withEnded(state.meta(), event, atMs));
      return;
    case 'SchedulingPaused':
      state.putMeta({ ...state.meta(), schedulingPaused: true });
      return;
    case 'SchedulingResumed': {
      const { schedulingPaused: _, ...meta } = state.meta();
      state.putMeta(meta);
      return;
    }
    case 'NodeDrained':
      state.putMeta(
        withDrained(state.meta(), (drained) => [...drained.filter((id) => id !== event.nodeId), event.nodeId]),
      );
      return;
    case 'NodeUndrained':
      state.putMeta(withDrained(state.meta(), (drained) => drained.filter((id) => id !== event.nodeId)));
      return;
    default:
      unreachable(event);
  }
}

/** What an operation is the result of is no task. */
const NO_TASK = '0' as TaskId;

function rememberResult(state: Entities, commandId: CommandId, taskId: TaskId, atMs: number): void {
  const expiresAtMs = atMs + COMMAND_RESULTS_KEPT_MS;
  state.putKey({ key: keyOfCommand(commandId), fingerprint: '', taskId, expiresAtMs });
}

/** Sorted, and absent where empty: the same state has one form, and so one hash (I4). */
function withDrained(meta: StateMeta, change: (drained: readonly string[]) => readonly string[]): StateMeta {
  const { drained = [], ...rest } = meta;
  const changed = change(drained).toSorted();
  return changed.length === 0 ? rest : { ...rest, drained: changed };
}

function assertNext(task: Task, run: number): void {
  invariant(run === task.runCount + 1, 'I4', `run ${run} of task ${task.taskId} follows ${task.runCount}`);
}

function endRun(state: Entities, execution: Execution, atMs: number): void {
  invariant(isEnded(execution), 'I7', `run ${execution.run} of task ${execution.taskId} has not ended`);
  state.putExecution(execution);
  state.putTask(closeRun(known(state, execution.taskId), execution.run, atMs));
}

function known(state: Entities, taskId: TaskId): Task {
  const task = state.task(taskId);
  invariant(task !== undefined, 'I4', `an event speaks of task ${taskId}, which is not there`);
  return task;
}

function knownRun(state: Entities, taskId: TaskId, run: number): Execution {
  const execution = state.execution(taskId, run);
  invariant(execution !== undefined, 'I4', `an event speaks of run ${run} of task ${taskId}, which is not there`);
  return execution;
}
