import { createMemoryReads } from '../../src/store/memory-projection-reads.ts';
import type { MissedDueTimes } from '../../src/store/missed-due-times.ts';
import type {
  DeadLetter,
  DuePosition,
  MissedPlace,
  Projection,
  RunRef,
  TaskFilter,
} from '../../src/store/projection.ts';
import type { Task, TaskId } from '../../src/tasks/task.ts';
import type { EntitiesInMaps } from '../tasks/entities-in-maps.ts';
import { START_MS } from '../tasks/scenario.ts';

export const FAR_MS = START_MS + 10 * 365 * 86_400_000;

/** Any implementation of the reading questions, as asked by `askEverything`. */
export type Reads = Pick<
  Projection,
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
  | 'keysExpiredBefore'
  | 'readTask'
  | 'readExecution'
  | 'readKey'
>;

/** The plainest answers, on the plainest state. */
export function oracle(state: EntitiesInMaps): Reads {
  const reads = createMemoryReads({
    tasks: state.tasks,
    executions: state.executions,
    keys: state.keys,
    meta: () => state.meta(),
  });
  const later =
    <Q extends unknown[], A>(read: (...question: Q) => A) =>
    async (...question: Q): Promise<A> =>
      read(...question);
  return {
    listTasks: later(reads.listTasks),
    listExecutions: later(reads.listExecutions),
    dueAfter: later(reads.dueAfter),
    openClaims: later(reads.openClaims),
    orphanedClaims: later(reads.orphanedClaims),
    prunable: later(reads.prunable),
    newestDeadLetters: later(reads.newestDeadLetters),
    newestMissed: later(reads.newestMissed),
    deadLettersBefore: later(reads.deadLettersBefore),
    finishedTasksBefore: later(reads.finishedTasksBefore),
    keysExpiredBefore: later(reads.keysExpiredBefore),
    readTask: async (taskId) => state.task(taskId),
    readExecution: async (taskId, run) => state.execution(taskId, run),
    readKey: async (key) => state.key(key),
  };
}

export const FILTERS: readonly TaskFilter[] = [
  {},
  { state: 'scheduled' },
  { state: 'paused' },
  { state: 'completed' },
  { state: 'cancelled' },
  { tag: 'ops' },
  { tag: '100%' },
  { tag: 'ops', state: 'paused' },
  { name: 'NIGHTLY' },
  { name: '%' },
  { name: 'a_b' },
  { name: 'ärger' },
  { name: 'i', tag: 'db', state: 'scheduled' },
  { newestFirst: true },
  { newestFirst: true, state: 'paused' },
  { newestFirst: true, tag: 'ops' },
  { newestFirst: true, name: 'n' },
];

/** Pages through `read` to its end. */
export async function allPages<T, P>(
  read: (after: P | null) => Promise<readonly T[]>,
  at: (item: T) => P,
): Promise<T[]> {
  const all: T[] = [];
  for (let after: P | null = null; ; ) {
    const page: readonly T[] = await read(after);
    all.push(...page);
    const last = page.at(-1);
    if (last === undefined) return all;
    after = at(last);
  }
}

/** Every reading question of the port, small pages and large, in a form that can be compared. */
export async function askEverything(reads: Reads, known: EntitiesInMaps): Promise<Record<string, unknown>> {
  const answers: Record<string, unknown> = {};
  const taskIds = [...known.tasks.keys(), '1' as TaskId];
  for (const limit of [2, 100]) {
    for (const filter of FILTERS)
      answers[`tasks ${JSON.stringify(filter)} by ${limit}`] = await allPages<Task, TaskId>(
        (after) => reads.listTasks(filter, after, limit),
        ({ taskId }) => taskId,
      );
    for (const untilMs of [START_MS + 60_000, FAR_MS])
      answers[`due until ${untilMs} by ${limit}`] = await allPages<DuePosition, DuePosition>(
        (after) => reads.dueAfter(after, untilMs, limit),
        (position) => position,
      );
    answers[`claims by ${limit}`] = await allPages<RunRef, RunRef>(
      (after) => reads.openClaims(after, limit),
      (claim) => claim,
    );
    answers[`newest letters by ${limit}`] = await allPages<DeadLetter, DeadLetter>(
      (below) => reads.newestDeadLetters(below, limit),
      (letter) => letter,
    );
    answers[`missed by ${limit}`] = await allPages<MissedDueTimes, MissedPlace>(
      (below) => reads.newestMissed(below, limit),
      (missed) => missed,
    );
    answers[`orphans, ${limit}`] = await reads.orphanedClaims(limit);
    for (const kept of [0, 2, 60]) answers[`prunable ${kept}, ${limit}`] = await reads.prunable(kept, 1, limit);
    for (const beforeMs of [START_MS + 120_000, FAR_MS]) {
      answers[`letters ${beforeMs}, ${limit}`] = await reads.deadLettersBefore(beforeMs, limit);
      answers[`finished ${beforeMs}, ${limit}`] = await reads.finishedTasksBefore(beforeMs, limit);
      answers[`keys ${beforeMs}, ${limit}`] = await reads.keysExpiredBefore(beforeMs, limit);
    }
    for (const taskId of taskIds)
      answers[`executions of ${taskId} by ${limit}`] = await allPages(
        (before: number | null) => reads.listExecutions(taskId, before, limit),
        ({ run }) => run,
      );
  }
  for (const taskId of taskIds) answers[`task ${taskId}`] = await reads.readTask(taskId);
  for (const { taskId, run } of known.executions.values())
    answers[`run ${taskId}/${run}`] = await reads.readExecution(taskId, run);
  for (const key of [...known.keys.keys(), 'no such key']) answers[`key ${key}`] = await reads.readKey(key);
  return answers;
}
