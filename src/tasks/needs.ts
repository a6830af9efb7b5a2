import type { EntryContent } from './entry.ts';
import type { TaskId } from './task.ts';

/** What must be in memory before an entry can be applied; the shell loads it, so that applying itself does no I/O (I3). */
export type EntityRef =
  | { readonly kind: 'task'; readonly taskId: TaskId }
  | { readonly kind: 'execution'; readonly taskId: TaskId; readonly run: number }
  /** All open executions of a task: they end with it. */
  | { readonly kind: 'open-executions'; readonly taskId: TaskId }
  | { readonly kind: 'key'; readonly key: string };

/** A run is never looked at without its task. */
export const refsOfRun = (taskId: TaskId, run: number): readonly EntityRef[] => [
  { kind: 'task', taskId },
  { kind: 'execution', taskId, run },
];

export function needsOf(content: EntryContent): readonly EntityRef[] {
  const needs: EntityRef[] = [];
  for (const pair of content.pairs) {
    for (const requirement of pair.requires) {
      if (requirement.type === 'key-is-free') needs.push({ kind: 'key', key: requirement.key });
      else if (requirement.type === 'attempt-due' || requirement.type === 'attempt-open') {
        const { taskId, run } = requirement;
        needs.push(...refsOfRun(taskId, run));
      } else if ('taskId' in requirement && requirement.type !== 'task-is-new') {
        needs.push({ kind: 'task', taskId: requirement.taskId });
      }
    }
    for (const event of pair.events) {
      if (event.type === 'ExecutionsWithdrawn')
        needs.push(...event.runs.flatMap((run) => refsOfRun(event.taskId, run)));
      if (event.type === 'TaskCancelled') needs.push({ kind: 'open-executions', taskId: event.taskId });
    }
  }
  return needs;
}
