import type { IdempotencyRecord, StateMeta } from '../tasks/entities.ts';
import type { Execution } from '../tasks/execution.ts';
import type { Task } from '../tasks/task.ts';
import { missedBy } from './missed-due-times.ts';
import type { DeadLetter, DuePosition, Projection } from './projection.ts';
import { RUNS_PER_ANSWER_MAX } from './projection-bounds.ts';
import {
  compareDeadLetters,
  compareDue,
  compareMissed,
  compareRuns,
  compareTaskIds,
  compareTexts,
} from './projection-order.ts';
import { taskFilter, taskOrder } from './projection-reads.ts';
import { countsAsHistory, prunableRuns } from './projection-retention.ts';
import { openAttemptOf } from './projection-slices.ts';

type Synchronous<F> = F extends (...question: infer Q) => Promise<infer A> ? (...question: Q) => A : never;
type MemoryReads = {
  readonly [Name in
    | 'listTasks'
    | 'listExecutions'
    | 'dueAfter'
    | 'openClaims'
    | 'orphanedClaims'
    | 'prunable'
    | 'newestDeadLetters'
    | 'newestMissed'
    | 'deadLettersBefore'
    | 'finishedTasksBefore'
    | 'keysExpiredBefore']: Synchronous<Projection[Name]>;
};

interface MemoryState {
  readonly tasks: ReadonlyMap<string, Task>;
  readonly executions: ReadonlyMap<string, Execution>;
  readonly keys: ReadonlyMap<string, IdempotencyRecord>;
  meta(): StateMeta;
}

/** The plainest answer to each question: look at all of it, sort, cut. What the file's indexes must agree with. */
export function createMemoryReads({ tasks, executions, keys, meta }: MemoryState): MemoryReads {
  const openClaims = () =>
    [...executions.values()].filter((execution) => openAttemptOf(execution) !== undefined).sort(compareRuns);
  const runsOf = (taskId: Task['taskId'], only: (execution: Execution) => boolean): number[] =>
    [...executions.values()]
      .filter((execution) => execution.taskId === taskId && only(execution))
      .map(({ run }) => run)
      .sort((a, b) => a - b);
  const refs = (found: readonly Execution[], limit: number) =>
    found.slice(0, limit).map(({ taskId, run }) => ({ taskId, run }));

  return {
    listTasks: (filter, after, limit) =>
      [...tasks.values()]
        .filter(taskFilter(filter))
        .filter(({ taskId }) => after === null || taskOrder(filter)(taskId, after) > 0)
        .sort((a, b) => taskOrder(filter)(a.taskId, b.taskId))
        .slice(0, limit),
    listExecutions: (taskId, beforeRun, limit) =>
      [...executions.values()]
        .filter((execution) => execution.taskId === taskId && (beforeRun === null || execution.run < beforeRun))
        .sort((a, b) => b.run - a.run)
        .slice(0, limit),
    dueAfter(after, untilMs, limit) {
      const due: DuePosition[] = [];
      for (const { taskId, state, nextAtMs } of tasks.values())
        if (state === 'scheduled' && nextAtMs !== null) due.push({ dueAtMs: nextAtMs, taskId, run: 0 });
      for (const { taskId, run, state, nextAttemptAtMs } of executions.values())
        if (state === 'waiting' && nextAttemptAtMs !== null && tasks.get(taskId)?.state === 'scheduled')
          due.push({ dueAtMs: nextAttemptAtMs, taskId, run });
      return due
        .filter((position) => position.dueAtMs <= untilMs && (after === null || compareDue(position, after) > 0))
        .sort(compareDue)
        .slice(0, limit);
    },
    openClaims: (after, limit) =>
      refs(
        openClaims().filter((claim) => after === null || compareRuns(claim, after) > 0),
        limit,
      ),
    orphanedClaims(limit) {
      const { nodes } = meta();
      const orphans = openClaims().filter((execution) => {
        const sender = openAttemptOf(execution);
        return sender !== undefined && nodes[sender.nodeId]?.incarnation !== sender.incarnation;
      });
      return refs(orphans, limit);
    },
    prunable: (kept, excess, limit) =>
      [...tasks.values()]
        .sort((a, b) => compareTaskIds(a.taskId, b.taskId))
        .map((task) => {
          const oldestRuns = runsOf(task.taskId, countsAsHistory);
          return prunableRuns({ ...task, count: oldestRuns.length, oldestRuns }, kept, excess);
        })
        .filter((found) => found !== undefined)
        .slice(0, limit),
    newestDeadLetters: (below, limit) =>
      [...executions.values()]
        .filter(({ state }) => state === 'failed')
        .map(({ taskId, run, endedAtMs }): DeadLetter => ({ taskId, run, endedAtMs: endedAtMs ?? 0 }))
        .filter((letter) => below === null || compareDeadLetters(letter, below) < 0)
        .sort((a, b) => compareDeadLetters(b, a))
        .slice(0, limit),
    newestMissed: (below, limit) =>
      [...tasks.values()]
        .flatMap(missedBy)
        .filter((missed) => below === null || compareMissed(missed, below) < 0)
        .sort((a, b) => compareMissed(b, a))
        .slice(0, limit),
    deadLettersBefore: (endedBeforeMs, limit) =>
      refs(
        [...executions.values()]
          .filter(({ state, endedAtMs }) => state === 'failed' && endedAtMs !== null && endedAtMs < endedBeforeMs)
          .sort((a, b) => (a.endedAtMs ?? 0) - (b.endedAtMs ?? 0) || compareRuns(a, b)),
        limit,
      ),
    finishedTasksBefore: (finishedBeforeMs, limit) =>
      [...tasks.values()]
        .filter(({ finishedAtMs }) => finishedAtMs !== null && finishedAtMs < finishedBeforeMs)
        .sort((a, b) => (a.finishedAtMs ?? 0) - (b.finishedAtMs ?? 0) || compareTaskIds(a.taskId, b.taskId))
        .slice(0, limit)
        .map(({ taskId }) => {
          const runs = runsOf(taskId, () => true);
          return { taskId, runs: runs.slice(0, RUNS_PER_ANSWER_MAX), complete: runs.length <= RUNS_PER_ANSWER_MAX };
        }),
    keysExpiredBefore: (expiresBeforeMs, limit) =>
      [...keys.values()]
        .filter(({ expiresAtMs }) => expiresAtMs < expiresBeforeMs)
        .sort((a, b) => a.expiresAtMs - b.expiresAtMs || compareTexts(a.key, b.key))
        .slice(0, limit)
        .map(({ key }) => key),
  };
}
