import { produce } from 'immer';
import { beginsAnew } from './ahead.ts';
import type { AttemptMeasured, ClaimHolder } from './event.ts';
import type { Attempt, Execution, ExecutionId, ExecutionState } from './execution.ts';
import { moveExecution } from './lifecycle.ts';
import { ATTEMPTS_KEPT, LATE_AFTER_MS } from './limits.ts';
import type { Task } from './task.ts';

/** How one execution changes. Every next state comes from the machine's table. */

const FINAL: ReadonlySet<ExecutionState> = new Set(['succeeded', 'failed', 'skipped', 'cancelled', 'unknown']);
export const isEnded = (execution: Execution): boolean => FINAL.has(execution.state);

const openAttempt = (task: Task, number: number, sender: ClaimHolder, atMs: number): Attempt => ({
  number,
  nodeId: sender.nodeId,
  incarnation: sender.incarnation,
  ...(sender.instance === undefined ? {} : { instance: sender.instance }),
  version: task.version,
  claimedAtMs: atMs,
  result: 'open',
  startedAtMs: null,
  endedAtMs: null,
  status: null,
  error: null,
  excerpt: null,
});

export function beginExecution(
  task: Task,
  begin: { run: number; executionId: ExecutionId; scheduledAtMs: number; sender: ClaimHolder; atMs: number },
): Execution {
  return {
    executionId: begin.executionId,
    taskId: task.taskId,
    run: begin.run,
    trigger: 'schedule',
    scheduledAtMs: begin.scheduledAtMs,
    late: begin.atMs - begin.scheduledAtMs > LATE_AFTER_MS || begin.scheduledAtMs < task.createdAtMs,
    state: moveExecution('due', 'CLAIM'),
    attempts: [openAttempt(task, 1, begin.sender, begin.atMs)],
    failures: 0,
    nextAttemptAtMs: null,
    createdAtMs: begin.atMs,
    endedAtMs: null,
  };
}

export function requestExecution(task: Task, run: number, executionId: ExecutionId, atMs: number): Execution {
  return {
    executionId,
    taskId: task.taskId,
    run,
    trigger: 'manual',
    scheduledAtMs: atMs,
    late: false,
    state: moveExecution('due', 'REQUEST'),
    attempts: [],
    failures: 0,
    nextAttemptAtMs: atMs,
    createdAtMs: atMs,
    endedAtMs: null,
  };
}

export function claimAttempt(
  execution: Execution,
  task: Task,
  number: number,
  sender: ClaimHolder,
  atMs: number,
): Execution {
  return produce(execution, (draft) => {
    draft.state = moveExecution(execution.state, 'CLAIM');
    draft.nextAttemptAtMs = null;
    if (beginsAnew(execution) && atMs - execution.scheduledAtMs > LATE_AFTER_MS) draft.late = true;
    draft.attempts.push(openAttempt(task, number, sender, atMs));
    if (draft.attempts.length > ATTEMPTS_KEPT) draft.attempts.shift();
  });
}

type Ending = 'SUCCEED' | 'FAIL';

export function endAttempt(
  execution: Execution,
  measured: AttemptMeasured,
  move: Ending | 'RETRY',
  next: number,
): Execution {
  return produce(execution, (draft) => {
    draft.state = moveExecution(execution.state, move);
    const attempt = draft.attempts.at(-1);
    if (attempt !== undefined) {
      attempt.result = move === 'SUCCEED' ? 'succeeded' : 'failed';
      attempt.startedAtMs = measured.startedAtMs;
      attempt.endedAtMs = measured.endedAtMs;
      attempt.status = measured.status;
      attempt.error = measured.error;
      attempt.excerpt = measured.excerpt;
    }
    if (move !== 'SUCCEED') draft.failures += 1;
    if (move === 'RETRY') draft.nextAttemptAtMs = next;
    else draft.endedAtMs = next;
  });
}

/** The attempt came to nothing through no fault of the target; another follows. */
export function reopen(
  execution: Execution,
  move: 'LOSE' | 'RELEASE',
  nextAttemptAtMs: number,
  atMs: number,
): Execution {
  return produce(execution, (draft) => {
    draft.state = moveExecution(execution.state, move);
    draft.nextAttemptAtMs = nextAttemptAtMs;
    const attempt = draft.attempts.at(-1);
    if (attempt !== undefined) {
      attempt.result = move === 'LOSE' ? 'lost' : 'withheld';
      attempt.endedAtMs = atMs;
    }
  });
}

export function closeExecution(
  execution: Execution,
  move: 'CANCEL' | 'DOUBT',
  error: string | null,
  atMs: number,
): Execution {
  return produce(execution, (draft) => {
    draft.state = moveExecution(execution.state, move);
    draft.nextAttemptAtMs = null;
    draft.endedAtMs = atMs;
    const attempt = draft.attempts.at(-1);
    if (attempt?.result === 'open') {
      attempt.result = 'lost';
      attempt.endedAtMs = atMs;
      attempt.error = error;
    }
  });
}
