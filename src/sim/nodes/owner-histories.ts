import type { ReadOutcome, SubmitOutcome } from '../../node/api.ts';
import type { Command } from '../../tasks/command.ts';
import type { Task, TaskId } from '../../tasks/task.ts';
import { checkLinearizable, type Operation, type Outcome } from '../checks/linearizability.ts';
import {
  type OwnerCall,
  type OwnerSeen,
  ownedTaskModel,
  type ShownTask,
  shownCall,
  shownSeen,
} from '../checks/owned-task-model.ts';
import { holds } from '../checks/rule.ts';

/** What owners asked of each task at any node and what they were told, to be held against one copy of that task. */
/** The creation whose answer nobody got, of a task that is asked about all the same: it was done at some time before. */
const LOST: Asking = { call: { kind: 'create' }, invokedAt: 0, outcome: { kind: 'unknown' } };

export class OwnerHistories {
  readonly #histories = new Map<TaskId, Asking[]>();
  /** Calls and returns in the order in which they happened. */
  #clock = 0;

  /** Of a creation, nobody knows the task before its answer. Unknown until it is answered. */
  asked(call: OwnerCall): Asking {
    this.#clock += 1;
    return { call, invokedAt: this.#clock, outcome: { kind: 'unknown' } };
  }

  about(taskId: TaskId, asking: Asking): Asking {
    const history = this.#histories.get(taskId);
    if (history === undefined) this.#histories.set(taskId, asking.call.kind === 'create' ? [asking] : [LOST, asking]);
    else history.push(asking);
    return asking;
  }

  answered(asking: Asking, outcome: SubmitOutcome): void {
    this.#clock += 1;
    if (outcome.outcome === 'committed') asking.outcome = this.#told({ task: seen(outcome.task) });
    else if (outcome.outcome === 'unavailable') asking.outcome = { kind: 'refused' };
    else if (outcome.outcome === 'refused') {
      const { code } = outcome.refusal;
      const tells = code === 'task_paused' || code === 'task_not_paused';
      // A task may be finished because its last due time has passed, and a schedule be refused for what the clock says.
      asking.outcome = tells ? this.#told({ refused: code }) : { kind: 'refused' };
    }
  }

  read(asking: Asking, outcome: ReadOutcome<Task | undefined>): void {
    this.#clock += 1;
    asking.outcome = outcome.ok
      ? this.#told({ task: outcome.value === undefined ? { life: 'absent' } : seen(outcome.value) })
      : { kind: 'refused' };
  }

  #told(result: OwnerSeen): Outcome<OwnerSeen> {
    return { kind: 'ok', result, returnedAt: this.#clock };
  }

  /** Returns how many tasks it looked at. */
  check(): number {
    for (const [taskId, history] of this.#histories) {
      const verdict = checkLinearizable(history, ownedTaskModel);
      holds(
        verdict.kind === 'linearizable',
        'Linearizable Histories',
        () =>
          `task ${taskId} is ${verdict.kind}: ${verdict.kind === 'contradiction' ? verdict.part.map(shown).join('; ') : ''}`,
      );
    }
    return this.#histories.size;
  }
}

/** In use as an `Operation` once nothing more is answered. */
export interface Asking {
  readonly call: OwnerCall;
  readonly invokedAt: number;
  outcome: Outcome<OwnerSeen>;
}

export function callOf(command: Command): OwnerCall {
  switch (command.type) {
    case 'CreateTask':
      return { kind: 'create' };
    case 'UpdateTask':
      return { kind: 'update', body: command.changes.callback?.body ?? '' };
    case 'PauseTask':
      return { kind: 'pause' };
    case 'ResumeTask':
      return { kind: 'resume' };
    case 'CancelTask':
      return { kind: 'cancel' };
    case 'RunTask':
      return { kind: 'run' };
  }
}

function seen({ state, version, definition }: Task): ShownTask {
  const life = state === 'scheduled' ? 'active' : state;
  return { life, version, body: definition.callback.body ?? '' };
}

function shown({ call, invokedAt, outcome }: Operation<OwnerCall, OwnerSeen>): string {
  return outcome.kind === 'ok'
    ? `${shownCall(call)} ${invokedAt}–${outcome.returnedAt} → ${shownSeen(outcome.result)}`
    : `${shownCall(call)} ${invokedAt}– ${outcome.kind}`;
}
