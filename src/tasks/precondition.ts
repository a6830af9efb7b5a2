import { unreachable } from '../invariant.ts';
import type { CommandId } from './command-id.ts';
import type { Entities } from './entities.ts';
import { openOperation } from './evolve-operation.ts';
import type { TaskId } from './task.ts';
import { isLaterTaskId } from './task-id.ts';

/**
 * What a pair asks of the state it is applied to, and no more than it needs (I5). The leader decided on what it had applied; other
 * pairs may have come in between. One that does not hold makes its pair a no-op on every node alike.
 */
export type Precondition =
  /** Ids only grow, so a new one needs no look into the store. */
  | { readonly type: 'task-is-new'; readonly taskId: TaskId }
  | { readonly type: 'key-is-free'; readonly key: string }
  | { readonly type: 'task-exists'; readonly taskId: TaskId }
  | { readonly type: 'task-scheduled'; readonly taskId: TaskId }
  /** Not finished, and as its owner last left it. A fire does not raise the version, and the last one may finish the task. */
  | { readonly type: 'task-version'; readonly taskId: TaskId; readonly version: number }
  /** Not paused, and its next due time is this one; the claim advances it. */
  | { readonly type: 'task-due'; readonly taskId: TaskId; readonly dueAtMs: number }
  /** Runs are numbered without gaps: a claim and a run asked for, decided at the same time, must not take the same number. */
  | { readonly type: 'run-is-next'; readonly taskId: TaskId; readonly run: number }
  /** Not paused, and this attempt is the next one of a waiting execution. */
  | { readonly type: 'attempt-due'; readonly taskId: TaskId; readonly run: number; readonly attempt: number }
  | { readonly type: 'attempt-open'; readonly taskId: TaskId; readonly run: number; readonly attempt: number }
  | { readonly type: 'executions-open'; readonly taskId: TaskId; readonly runs: readonly number[] }
  | { readonly type: 'task-finished'; readonly taskId: TaskId }
  /** It stands in the audit, and what came of it does not. */
  | { readonly type: 'operation-open'; readonly requestId: CommandId }
  /** Later than the incarnation that the state knows of. */
  | {
      readonly type: 'incarnation-is-new';
      readonly nodeId: string;
      readonly instance: string;
      readonly incarnation: number;
    };

export function holds(precondition: Precondition, state: Entities): boolean {
  switch (precondition.type) {
    case 'task-is-new':
      return isLaterTaskId(precondition.taskId, state.meta().lastTaskId);
    case 'key-is-free':
      return state.key(precondition.key) === undefined;
    case 'task-exists':
      return state.task(precondition.taskId) !== undefined;
    case 'task-scheduled':
      return state.task(precondition.taskId)?.state === 'scheduled';
    case 'task-version': {
      const task = state.task(precondition.taskId);
      return task?.version === precondition.version && task.finishedAtMs === null;
    }
    case 'task-due': {
      const task = state.task(precondition.taskId);
      return task?.state === 'scheduled' && task.nextAtMs === precondition.dueAtMs;
    }
    case 'run-is-next':
      return state.task(precondition.taskId)?.runCount === precondition.run - 1;
    case 'attempt-due': {
      if (state.task(precondition.taskId)?.state !== 'scheduled') return false;
      const execution = state.execution(precondition.taskId, precondition.run);
      return execution?.state === 'waiting' && (execution.attempts.at(-1)?.number ?? 0) + 1 === precondition.attempt;
    }
    case 'attempt-open': {
      const execution = state.execution(precondition.taskId, precondition.run);
      return execution?.state === 'attempting' && execution.attempts.at(-1)?.number === precondition.attempt;
    }
    case 'executions-open': {
      const { taskId, runs } = precondition;
      const isOpen = (run: number): boolean => state.task(taskId)?.openRuns.includes(run) === true;
      return runs.every(isOpen);
    }
    case 'task-finished':
      return state.task(precondition.taskId)?.finishedAtMs != null;
    case 'operation-open':
      return openOperation(state.meta(), precondition.requestId) !== undefined;
    case 'incarnation-is-new': {
      const known = state.meta().nodes[precondition.nodeId];
      return known?.instance !== precondition.instance || known.incarnation < precondition.incarnation;
    }
    default:
      return unreachable(precondition);
  }
}
