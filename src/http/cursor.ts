import type { DeadLetter, MissedPlace } from '../node/api.ts';
import type { TaskId } from '../tasks/task.ts';
import { parseTaskId } from '../tasks/task-id.ts';
import { CURSOR_CHARS_MAX } from './limits.ts';

/**
 * Where a list goes on. Opaque to clients: what is inside may change, so it carries the kind of list it belongs to, and one of
 * another list is refused instead of misread.
 */
type ListKind = 'tasks' | 'executions' | 'letters' | 'missed';

const print = (kind: ListKind, after: string): string => Buffer.from(`${kind}:${after}`).toString('base64url');

function read(kind: ListKind, cursor: string): string | null {
  if (cursor.length > CURSOR_CHARS_MAX) return null;
  const after = Buffer.from(cursor, 'base64url')
    .toString('latin1')
    .slice(kind.length + 1);
  // Printed again it must be the same: that covers the kind, and what base64url decoding overlooks.
  return print(kind, after) === cursor ? after : null;
}

export const taskCursor = (after: TaskId): string => print('tasks', after);

export function readTaskCursor(cursor: string): TaskId | null {
  const after = read('tasks', cursor);
  return after === null ? null : parseTaskId(after);
}

export const executionCursor = (beforeRun: number): string => print('executions', String(beforeRun));

export function readExecutionCursor(cursor: string): number | null {
  const beforeRun = read('executions', cursor);
  return beforeRun !== null && /^[1-9][0-9]{0,14}$/.test(beforeRun) ? Number(beforeRun) : null;
}

export const deadLetterCursor = ({ endedAtMs, taskId, run }: DeadLetter): string =>
  print('letters', `${endedAtMs}-${taskId}-${run}`);

export function readDeadLetterCursor(cursor: string): DeadLetter | null {
  const place = readPlace('letters', cursor);
  return place === null ? null : { endedAtMs: place.atMs, taskId: place.taskId, run: place.number };
}

export const missedCursor = ({ atMs, taskId, fromMs }: MissedPlace): string =>
  print('missed', `${atMs}-${taskId}-${fromMs}`);

export function readMissedCursor(cursor: string): MissedPlace | null {
  const place = readPlace('missed', cursor);
  return place === null ? null : { atMs: place.atMs, taskId: place.taskId, fromMs: place.number };
}

/** A time, a task, and a number that tells apart what was then with this task. */
function readPlace(kind: ListKind, cursor: string): { atMs: number; taskId: TaskId; number: number } | null {
  const [at = '', id = '', number = '', ...more] = read(kind, cursor)?.split('-') ?? [];
  const taskId = parseTaskId(id);
  const isNumber = (text: string): boolean => /^[1-9][0-9]{0,14}$/.test(text);
  if (taskId === null || !isNumber(at) || !isNumber(number) || more.length > 0) return null;
  return { atMs: Number(at), taskId, number: Number(number) };
}
