import type { EntityRef } from '../tasks/needs.ts';
import type { Overlay } from './overlay.ts';
import type { DuePosition } from './projection.ts';
import type { ProjectionLink } from './projection-link.ts';
import { list } from './projection-merge.ts';
import { compareDue } from './projection-order.ts';
import { runKey } from './rows.ts';

/**
 * What falls due, over memory and file. The file's index of waiting executions leaves out those of paused tasks; so a task that is
 * paused or resumed in memory takes its executions with it here.
 */
export async function listDue(
  overlay: Overlay,
  link: ProjectionLink,
  bring: (refs: readonly EntityRef[]) => Promise<void>,
  range: { readonly after: DuePosition | null; readonly untilMs: number; readonly limit: number },
): Promise<readonly DuePosition[]> {
  const { tasks, executions } = overlay;
  const { untilMs } = range;

  const resumed: EntityRef[] = [];
  tasks.eachShadow((_, change) => {
    if (!change.note.resumed) return;
    const { value } = change;
    if (value?.state === 'scheduled' && value.openRuns.length > 0)
      resumed.push({ kind: 'open-executions', taskId: value.taskId });
  });
  if (resumed.length > 0) await bring(resumed);

  /** In memory, of a task that is not: then its state is the one it had when the execution was put (see ExecutionNote). */
  const isParked = (key: string, taskId: DuePosition['taskId']): boolean => {
    const task = tasks.shadow(taskId);
    if (task !== undefined) return task.value?.state !== 'scheduled';
    return (executions.shadow(key)?.note.taskState ?? 'scheduled') !== 'scheduled';
  };

  function inMemory(): DuePosition[] {
    const due = new Map<string, DuePosition>();
    const addRun = (key: string): void => {
      const execution = executions.has(key) ? executions.get(key) : undefined;
      if (execution?.state !== 'waiting' || execution.nextAttemptAtMs === null) return;
      const { taskId, run, nextAttemptAtMs: dueAtMs } = execution;
      if (dueAtMs <= untilMs && !isParked(key, taskId)) due.set(key, { dueAtMs, taskId, run });
    };
    tasks.eachShadow((taskId, change) => {
      const { note } = change;
      if (note.createdBy !== null && note.createdBy.dueFromMs > untilMs) return;
      const { value } = change;
      if (value?.state !== 'scheduled') return;
      if (value.nextAtMs !== null && value.nextAtMs <= untilMs)
        due.set(taskId, { dueAtMs: value.nextAtMs, taskId: value.taskId, run: 0 });
      if (note.resumed) for (const run of value.openRuns) addRun(runKey(value.taskId, run));
    });
    executions.eachShadow(addRun);
    return [...due.values()];
  }

  function fromFile(position: DuePosition): DuePosition | undefined {
    const { taskId, run } = position;
    const task = tasks.shadow(taskId);
    if (run === 0) return task === undefined ? position : undefined;
    if (executions.shadow(runKey(taskId, run)) !== undefined) return undefined;
    if (task === undefined) return position;
    // Paused in memory, or resumed in memory and listed from there.
    return task.value?.state === 'scheduled' && !task.note.resumed ? position : undefined;
  }

  const found = await list<'due', DuePosition, DuePosition, DuePosition>(
    link,
    {
      name: 'due',
      ask: (after, limit) => ({ after, untilMs, limit }),
      fromFile,
      inMemory,
      position: (position) => position,
      compare: compareDue,
    },
    range.after,
    range.limit,
  );
  await bring(
    found.flatMap(({ taskId, run }): EntityRef[] =>
      run === 0
        ? [{ kind: 'task', taskId }]
        : [
            { kind: 'task', taskId },
            { kind: 'execution', taskId, run },
          ],
    ),
  );
  return found;
}
