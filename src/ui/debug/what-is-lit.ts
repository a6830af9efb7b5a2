import type { MoveLine, StepLine } from '../../trace/format.ts';
import { replayRole } from '../../trace/role-replay.ts';
import type { TraceBook } from '../../trace/trace-book.ts';
import type { Debugger } from './debugger.ts';
import type { Lit } from './lit.ts';

/** Where each machine stands at the place that one looks at, and by which move it came there. */

const NOWHERE: Lit = { state: null, move: null, refused: false, key: '' };
/** A move that lies further back is not looked for. */
export const LOOK_BACK_LINES = 20_000;

export function litBy(machine: string, debug: Debugger): Lit {
  const { book } = debug;
  if (book === null) return NOWHERE;
  switch (machine) {
    case 'raft-role':
      return role(book, debug.node, debug.place);
    case 'node':
      return moved(book, debug.place, (line) => line.machine === 'node' && line.node === debug.node);
    case 'attempt':
      return moved(
        book,
        debug.place,
        (line) => line.machine === 'attempt' && (debug.task === null || line.of.startsWith(`${debug.task}/`)),
      );
    case 'task':
    case 'execution':
      return entity(machine, debug);
    default:
      return NOWHERE;
  }
}

function role(book: TraceBook, node: string | null, place: number): Lit {
  const step = node === null ? null : book.stepAt(node, place);
  if (step === null) return NOWHERE;
  const key = `${step.node} ${step.line}`;
  const own = lastMove(step);
  if (own !== null) return { state: step.role, ...own, key };
  // The move that led to the role of now, if this line has none of its own.
  const since = book.spansOf(step.node).findLast(({ from }) => from <= place);
  const before = since === undefined ? undefined : book.line(since.from);
  const led = before?.what === 'step' ? lastMove(before) : null;
  return { state: step.role, move: led?.move ?? null, refused: false, key: `${step.node} ${since?.from}` };
}

const QUIET: ReadonlySet<string> = new Set(['PROPOSED', 'READ_ASKED']);

function lastMove(step: StepLine): Pick<Lit, 'move' | 'refused'> | null {
  const moves = replayRole(step);
  const last =
    moves.findLast(({ from, to }) => from.role !== to.role) ?? moves.findLast(({ event }) => !QUIET.has(event.type));
  if (last === undefined) return null;
  const { event, from, to, refused } = last;
  return { move: { event: event.type, from: from.role, to: to.role }, refused: refused !== null };
}

function moved(book: TraceBook, place: number, isIt: (line: MoveLine) => boolean): Lit {
  for (let at = place; at >= Math.max(book.first, place - LOOK_BACK_LINES); at -= 1) {
    const line = book.line(at);
    if (line?.what !== 'move' || !isIt(line)) continue;
    const { event, from, to } = line;
    const move = event === 'watched' ? null : { event, from, to };
    return { state: to, move, refused: false, key: `${at}` };
  }
  return NOWHERE;
}

/** Which event of the machine an event of the log is. */
const TASK_MOVES: Readonly<Record<string, string>> = {
  TaskUpdated: 'UPDATE',
  TaskPaused: 'PAUSE',
  TaskResumed: 'RESUME',
  TaskCancelled: 'CANCEL',
  ExecutionClaimed: 'FIRE',
  ExecutionRequested: 'FIRE',
};
const EXECUTION_MOVES: Readonly<Record<string, string>> = {
  ExecutionClaimed: 'CLAIM',
  AttemptClaimed: 'CLAIM',
  ExecutionRequested: 'REQUEST',
  ExecutionSucceeded: 'SUCCEED',
  AttemptFailed: 'RETRY',
  AttemptWithheld: 'RELEASE',
  AttemptLost: 'LOSE',
  ExecutionFailed: 'FAIL',
  ExecutionDoubted: 'DOUBT',
  ExecutionsWithdrawn: 'CANCEL',
  TaskCancelled: 'CANCEL',
};

function entity(machine: 'task' | 'execution', debug: Debugger): Lit {
  const at = debug.folded;
  if (at === null) return NOWHERE;
  const { changes, events } = at.folded;
  const isOfTask = (id: string): boolean => debug.task === null || id === debug.task || id.startsWith(`${debug.task}/`);
  const change = changes.findLast(({ kind, id }) => kind === machine && isOfTask(id));
  const key = `${at.entry.index}`;
  if (change === undefined) {
    if (debug.task === null) return NOWHERE;
    const state =
      machine === 'task'
        ? at.state.tasks.get(debug.task as never)?.state
        : at.state.runs.get(`${debug.task}/${at.state.tasks.get(debug.task as never)?.runCount}`)?.state;
    return { ...NOWHERE, state: state ?? null };
  }
  const moves = machine === 'task' ? TASK_MOVES : EXECUTION_MOVES;
  const taskId = change.id.split('/')[0];
  const cause = events.findLast(
    ({ event }) => 'taskId' in event && event.taskId === taskId && moves[event.type] !== undefined,
  );
  const [from, to] = [change.before?.state, change.after?.state ?? null];
  if (to === null) return NOWHERE;
  const first = machine === 'execution' ? 'due' : null;
  const begin = from ?? first;
  // A task whose last execution ended is finished by that, and no event of its own says so.
  const event =
    machine === 'task' && to === 'completed'
      ? 'FINISH'
      : cause === undefined
        ? null
        : (moves[cause.event.type] ?? null);
  const move = begin === null || event === null ? null : { event, from: begin, to };
  return { state: to, move, refused: false, key };
}
