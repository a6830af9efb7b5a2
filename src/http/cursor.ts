import type { TaskId } from '../tasks/task.ts';
import { parseTaskId } from '../tasks/task-id.ts';
import { CURSOR_CHARS_MAX } from './limits.ts';

/**
 * Where a list goes on. Opaque to clients: what is inside may change, so it carries the kind of list it belongs to, and one of
 * another list is refused instead of misread.
 */
type ListKind = 'tasks' | 'executions';

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
