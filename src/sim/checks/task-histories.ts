import type { LogIndex } from '../../raft/types.ts';
import { checkLinearizable, type Operation, type Outcome } from './linearizability.ts';
import { holds } from './rule.ts';
import { afterCall, type TaskCall, type TaskSeen, taskModel } from './task-model.ts';

/** What clients asked of each task and what they were told, to be held against one copy of that task. */
export class TaskHistories {
  readonly #histories = new Map<string, Recorded[]>();
  /** What each task was after the entries that name it, oldest first. */
  readonly #states = new Map<string, { readonly index: LogIndex; readonly seen: TaskSeen }[]>();
  #foldedThrough: LogIndex = 0;
  /** Calls and returns in the order in which they happened. */
  #clock = 0;

  /** Unknown until it is settled. */
  asked(task: string, call: TaskCall): Recorded {
    this.#clock += 1;
    const recorded: Recorded = { call, invokedAt: this.#clock, outcome: { kind: 'unknown' } };
    const history = this.#histories.get(task);
    if (history === undefined) this.#histories.set(task, [recorded]);
    else history.push(recorded);
    return recorded;
  }

  refused(recorded: Recorded): void {
    recorded.outcome = { kind: 'refused' };
  }

  /** The client was told what stands there once everything through `index` is applied. */
  answered(recorded: Recorded, task: string, index: LogIndex): void {
    this.#clock += 1;
    const result = this.#states.get(task)?.findLast((state) => state.index <= index)?.seen ?? taskModel.initial;
    recorded.outcome = { kind: 'ok', result, returnedAt: this.#clock };
  }

  /** Every node applies the same (State Machine Safety): the first one says what it is. */
  applied(index: LogIndex, data: string): void {
    if (index !== this.#foldedThrough + 1) return;
    this.#foldedThrough = index;
    const command = readCommand(data);
    if (command === null) return;
    const { task, call } = command;
    const states = this.#states.get(task) ?? [];
    this.#states.set(task, states);
    states.push({ index, seen: afterCall(states.at(-1)?.seen ?? taskModel.initial, call) });
  }

  /** Returns how many tasks it looked at. */
  check(): number {
    for (const [task, history] of this.#histories) {
      const verdict = checkLinearizable(history, taskModel);
      holds(
        verdict.kind === 'linearizable',
        'Linearizable Histories',
        () =>
          `${task} is ${verdict.kind}: ${verdict.kind === 'contradiction' ? verdict.part.map(shown).join('; ') : ''}`,
      );
    }
    return this.#histories.size;
  }
}

/** In use as an `Operation` once nothing more is settled. */
export interface Recorded {
  readonly call: TaskCall;
  readonly invokedAt: number;
  outcome: Outcome<TaskSeen>;
}

/** `number` makes it unlike any other. */
export const commandOf = (task: string, call: TaskCall, number: number): string => `${call} ${task} c${number}`;

function readCommand(data: string): { readonly task: string; readonly call: TaskCall } | null {
  const [call, task] = data.split(' ', 2);
  return task !== undefined && (call === 'create' || call === 'cancel') ? { task, call } : null;
}

function shown({ call, invokedAt, outcome }: Operation<TaskCall, TaskSeen>): string {
  return outcome.kind === 'ok'
    ? `${call} ${invokedAt}–${outcome.returnedAt} → ${outcome.result}`
    : `${call} ${invokedAt}– ${outcome.kind}`;
}
