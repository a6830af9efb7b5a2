import type { IdempotencyRecord } from '../tasks/entities.ts';
import type { Execution } from '../tasks/execution.ts';
import type { Task, TaskId } from '../tasks/task.ts';
import { type MissedDueTimes, missedBy } from './missed-due-times.ts';
import type { Overlay } from './overlay.ts';
import type { Change } from './overlay-collection.ts';
import type { DeadLetter, MissedPlace, RunRef, TaskFilter } from './projection.ts';
import type { ProjectionLink } from './projection-link.ts';
import { list } from './projection-merge.ts';
import {
  compareDeadLetters,
  compareMissed,
  compareRuns,
  compareTaskIds,
  compareTexts,
  foldName,
} from './projection-order.ts';
import type { ExecutionText, ExpiringKey, FinishedTask, TaskTexts } from './projection-protocol.ts';
import { openAttemptOf } from './projection-slices.ts';
import { decodeExecution, decodeTask, runKey } from './rows.ts';

/** The port's lists, over memory and file. */

export interface ClaimedRun extends RunRef {
  readonly nodeId: string;
  readonly incarnation: number;
}

export interface ProjectionReads {
  tasks(filter: TaskFilter, after: TaskId | null, limit: number): Promise<Task[]>;
  executions(taskId: TaskId, beforeRun: number | null, limit: number): Promise<Execution[]>;
  openClaims(after: RunRef | null, limit: number): Promise<ClaimedRun[]>;
  deadLetters(beforeMs: number, limit: number): Promise<DeadLetter[]>;
  newestDeadLetters(below: DeadLetter | null, limit: number): Promise<DeadLetter[]>;
  newestMissed(below: MissedPlace | null, limit: number): Promise<MissedDueTimes[]>;
  finishedTasks(beforeMs: number, limit: number): Promise<FinishedTask[]>;
  expiredKeys(beforeMs: number, limit: number): Promise<ExpiringKey[]>;
}

export function createReads({ tasks, executions, keys }: Overlay, link: ProjectionLink): ProjectionReads {
  function* changed<V, N, T>(
    layer: { eachShadow(visit: (key: string, change: Pick<Change<V, N>, 'value' | 'note'>) => void): void },
    pick: (value: V) => T | undefined,
    concerns: (note: N) => boolean = () => true,
  ): Generator<T> {
    const values: V[] = [];
    layer.eachShadow((_, change) => {
      if (!concerns(change.note)) return;
      const { value } = change;
      if (value !== undefined) values.push(value);
    });
    for (const value of values) {
      const item = pick(value);
      if (item !== undefined) yield item;
    }
  }
  const isShadowed = ({ taskId, run }: RunRef): boolean => executions.shadow(runKey(taskId, run)) !== undefined;

  return {
    tasks: (filter, after, limit) => {
      const matches = taskFilter(filter);
      return list<'tasks', TaskTexts, TaskId, Task>(
        link,
        {
          name: 'tasks',
          ask: (from, rows) => ({ filter, after: from, limit: rows }),
          fromFile: ([taskId, status, definition]) =>
            tasks.shadow(taskId) === undefined ? decodeTask(taskId, status, definition) : undefined,
          inMemory: () => changed(tasks, (task: Task) => (matches(task) ? task : undefined)),
          position: ({ taskId }) => taskId,
          compare: taskOrder(filter),
        },
        after,
        limit,
      );
    },
    executions: (taskId, beforeRun, limit) =>
      list<'executions', ExecutionText, number, Execution>(
        link,
        {
          name: 'executions',
          ask: (from, rows) => ({ taskId, beforeRun: from, limit: rows }),
          fromFile: ([run, document]) =>
            isShadowed({ taskId, run }) ? undefined : decodeExecution(taskId, run, document),
          inMemory: () =>
            changed(executions, (execution: Execution) => (execution.taskId === taskId ? execution : undefined)),
          position: ({ run }) => run,
          compare: (a, b) => b - a,
        },
        beforeRun,
        limit,
      ),
    openClaims: (after, limit) =>
      list<'open-claims', readonly [TaskId, number, string, number], RunRef, ClaimedRun>(
        link,
        {
          name: 'open-claims',
          ask: (from, rows) => ({ after: from, limit: rows }),
          fromFile: ([taskId, run, nodeId, incarnation]) =>
            isShadowed({ taskId, run }) ? undefined : { taskId, run, nodeId, incarnation },
          inMemory: () =>
            changed(executions, (execution: Execution) => {
              const sender = openAttemptOf(execution);
              if (sender === undefined) return undefined;
              const { taskId, run } = execution;
              return { taskId, run, nodeId: sender.nodeId, incarnation: sender.incarnation };
            }),
          position: (claim) => claim,
          compare: compareRuns,
        },
        after,
        limit,
      ),
    deadLetters: (beforeMs, limit) =>
      list<'dead-letters', DeadLetter, DeadLetter, DeadLetter>(
        link,
        {
          name: 'dead-letters',
          ask: (after, rows) => ({ after, beforeMs, limit: rows }),
          fromFile: (row) => (isShadowed(row) ? undefined : row),
          inMemory: () =>
            changed(executions, ({ taskId, run, state, endedAtMs }: Execution) =>
              state === 'failed' && endedAtMs !== null && endedAtMs < beforeMs ? { taskId, run, endedAtMs } : undefined,
            ),
          position: (letter) => letter,
          compare: compareDeadLetters,
        },
        null,
        limit,
      ),
    newestDeadLetters: (below, limit) =>
      list<'newest-dead-letters', DeadLetter, DeadLetter, DeadLetter>(
        link,
        {
          name: 'newest-dead-letters',
          ask: (from, rows) => ({ below: from, limit: rows }),
          fromFile: (row) => (isShadowed(row) ? undefined : row),
          inMemory: () =>
            changed(executions, ({ taskId, run, state, endedAtMs }: Execution) =>
              state === 'failed' && endedAtMs !== null ? { taskId, run, endedAtMs } : undefined,
            ),
          position: (letter) => letter,
          compare: (a, b) => compareDeadLetters(b, a),
        },
        below,
        limit,
      ),
    newestMissed: (below, limit) =>
      list<'newest-missed', MissedDueTimes, MissedPlace, MissedDueTimes>(
        link,
        {
          name: 'newest-missed',
          ask: (from, rows) => ({ below: from, limit: rows }),
          fromFile: (row) => (tasks.shadow(row.taskId) === undefined ? row : undefined),
          *inMemory() {
            // What was only created has missed nothing yet.
            for (const missed of changed(tasks, missedBy, ({ createdBy }) => createdBy === null)) yield* missed;
          },
          position: (missed) => missed,
          compare: (a, b) => compareMissed(b, a),
        },
        below,
        limit,
      ),
    finishedTasks: (beforeMs, limit) =>
      list<'finished-tasks', FinishedTask, FinishedTask, FinishedTask>(
        link,
        {
          name: 'finished-tasks',
          ask: (after, rows) => ({ after, beforeMs, limit: rows }),
          fromFile: (row) => (tasks.shadow(row.taskId) === undefined ? row : undefined),
          inMemory: () =>
            changed(
              tasks,
              ({ taskId, finishedAtMs }: Task) =>
                finishedAtMs !== null && finishedAtMs < beforeMs ? { taskId, finishedAtMs } : undefined,
              ({ createdBy }) => createdBy === null,
            ),
          position: (task) => task,
          compare: (a, b) => a.finishedAtMs - b.finishedAtMs || compareTaskIds(a.taskId, b.taskId),
        },
        null,
        limit,
      ),
    expiredKeys: (beforeMs, limit) =>
      list<'expired-keys', ExpiringKey, ExpiringKey, ExpiringKey>(
        link,
        {
          name: 'expired-keys',
          ask: (after, rows) => ({ after, beforeMs, limit: rows }),
          fromFile: (row) => (keys.shadow(row.key) === undefined ? row : undefined),
          inMemory: () =>
            changed(keys, ({ key, expiresAtMs }: IdempotencyRecord) =>
              expiresAtMs < beforeMs ? { key, expiresAtMs } : undefined,
            ),
          position: (expiring) => expiring,
          compare: (a, b) => a.expiresAtMs - b.expiresAtMs || compareTexts(a.key, b.key),
        },
        null,
        limit,
      ),
  };
}

/** The order in which a filter lists. */
export const taskOrder = ({ newestFirst }: TaskFilter): typeof compareTaskIds =>
  newestFirst === true ? (a, b) => compareTaskIds(b, a) : compareTaskIds;

/** The same question that projection-search.ts puts to the file. */
export function taskFilter({ state, tag, name }: TaskFilter): (task: Task) => boolean {
  const folded = name === undefined ? undefined : foldName(name);
  return (task) => {
    if (state !== undefined && task.state !== state) return false;
    if (tag !== undefined && !task.definition.tags.includes(tag)) return false;
    return folded === undefined || (task.definition.name !== null && foldName(task.definition.name).includes(folded));
  };
}
