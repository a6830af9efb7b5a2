import { openMemoryProjection } from '../../src/store/memory-projection.ts';
import type { EntryContent, Pair } from '../../src/tasks/entry.ts';
import { ENTRY_VERSION } from '../../src/tasks/entry-version.ts';
import type { TaskId } from '../../src/tasks/task.ts';
import { applyTo } from '../contract/projection.ts';
import { Scenario, START_MS } from '../tasks/scenario.ts';

/** A log of large entries, the same in every process: each makes tasks, and changes some of those that the one before made. */

export const TASKS_PER_ENTRY = 400;

const { definition } = new Scenario().create().task;

const idOf = (index: number, nth: number): TaskId => String(10 ** 12 + index * TASKS_PER_ENTRY + nth) as TaskId;

export function bulkEntry(index: number): EntryContent {
  const nths = Array.from({ length: TASKS_PER_ENTRY }, (_, nth) => nth);
  const created = nths.map((nth): Pair => {
    const taskId = idOf(index, nth);
    const callback = { ...definition.callback, body: `"${index} ${nth} ${'.'.repeat(nth)}"` };
    return {
      requires: [{ type: 'task-is-new', taskId }],
      events: [
        {
          type: 'TaskCreated',
          taskId,
          definition: { ...definition, callback, name: nth % 10 === 0 ? `task ${nth}` : null },
          nextAtMs: START_MS + nth * 1_000,
          ...(nth % 7 === 0 ? { idempotency: { key: `${index} ${nth}`, fingerprint: 'f' } } : {}),
        },
      ],
      by: 'test',
    };
  });
  const changed = nths
    .filter((nth) => index > 1 && nth % 3 === 0)
    .map((nth): Pair => {
      const taskId = idOf(index - 1, nth);
      return {
        requires: [{ type: 'task-exists', taskId }],
        events: [
          { type: 'ExecutionRequested', taskId, run: 1, executionId: `${taskId}-run-1` as never },
          ...(nth % 2 === 0 ? [{ type: 'TaskPaused' as const, taskId, reason: 'asked' as const }] : []),
        ],
        by: 'test',
      };
    });
  return { v: ENTRY_VERSION, atMs: START_MS + index, pairs: [...created, ...changed] };
}

/** The state hash at each index up to `last`, 0 first. */
export async function bulkHashes(last: number): Promise<readonly string[]> {
  const reference = openMemoryProjection();
  const hashes = [(await reference.stateHash()).hash];
  for (let index = 1; index <= last; index += 1) {
    await applyTo(reference, index, bulkEntry(index));
    hashes.push((await reference.stateHash()).hash);
  }
  return hashes;
}
