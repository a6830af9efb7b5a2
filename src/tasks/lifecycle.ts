import type { ExecutionLifeEvent } from '../../machines/execution.ts';
import { executionMachine } from '../../machines/execution.ts';
import type { TaskLifeEvent } from '../../machines/task.ts';
import { taskMachine } from '../../machines/task.ts';
import { invariant } from '../invariant.ts';
import type { ExecutionState } from './execution.ts';
import type { TaskState } from './task.ts';

/**
 * The legal moves, read once from the machines. Stepping a machine costs microseconds, and a million tasks have no actors: evolve
 * looks the next state up here, and a test walks every path of both machines against it.
 */
type Table = Readonly<Record<string, Readonly<Record<string, string>>>>;

interface ReadableState {
  readonly key: string;
  readonly on: Readonly<
    Record<string, readonly { readonly target?: readonly { readonly key: string }[] | undefined }[]>
  >;
}

function transitionTable(states: Readonly<Record<string, ReadableState>>): Table {
  const table: Record<string, Record<string, string>> = {};
  for (const state of Object.values(states)) {
    const moves: Record<string, string> = {};
    for (const [event, transitions] of Object.entries(state.on))
      moves[event] = transitions[0]?.target?.[0]?.key ?? state.key;
    table[state.key] = moves;
  }
  return table;
}

const taskMoves = transitionTable(taskMachine.root.states as never);
const executionMoves = transitionTable(executionMachine.root.states as never);

export const mayMoveTask = (from: TaskState, event: TaskLifeEvent['type']): boolean =>
  taskMoves[from]?.[event] !== undefined;

export function moveTask(from: TaskState, event: TaskLifeEvent['type']): TaskState {
  const to = taskMoves[from]?.[event];
  invariant(to !== undefined, 'I7', `a ${from} task cannot ${event}`);
  return to as TaskState;
}

export function moveExecution(from: ExecutionState | 'due', event: ExecutionLifeEvent['type']): ExecutionState {
  const to = executionMoves[from]?.[event];
  invariant(to !== undefined, 'I7', `an execution that is ${from} cannot ${event}`);
  return to as ExecutionState;
}
