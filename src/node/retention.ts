import type { Projection } from '../store/projection.ts';
import type { Pair } from '../tasks/entry.ts';
import {
  DEAD_LETTERS_KEPT_MS,
  EXECUTIONS_KEPT,
  EXECUTIONS_PRUNE_SLACK,
  FINISHED_TASKS_KEPT_MS,
} from '../tasks/limits.ts';
import type { DeadLetters } from './dead-letters.ts';
import { RETENTION_BATCH } from './limits.ts';
import type { Replica } from './replica.ts';
import { proposed } from './settling.ts';

/**
 * Removes what nobody keeps: by committed events, so that every node forgets the same, and in bounded batches. Returns whether more
 * is left than one round takes.
 */
export async function retain(projection: Projection, replica: Replica, deadLetters: DeadLetters): Promise<boolean> {
  const logTimeMs = projection.entities.meta().logTimeMs;
  const pairs: Pair[] = [];
  const remember = (requires: Pair['requires'], events: Pair['events']) =>
    pairs.push({ requires, events, by: 'retention' });

  for (const { taskId, throughRun, runs } of await projection.prunable(
    EXECUTIONS_KEPT,
    EXECUTIONS_PRUNE_SLACK,
    RETENTION_BATCH,
  )) {
    remember([{ type: 'task-exists', taskId }], [{ type: 'HistoryPruned', taskId, throughRun, runs }]);
  }
  for (const { taskId, run } of await projection.deadLettersBefore(logTimeMs - DEAD_LETTERS_KEPT_MS, RETENTION_BATCH)) {
    remember([{ type: 'task-exists', taskId }], [{ type: 'HistoryPruned', taskId, throughRun: 0, runs: [run] }]);
  }
  for (const { taskId, runs, complete } of await projection.finishedTasksBefore(
    logTimeMs - FINISHED_TASKS_KEPT_MS,
    RETENTION_BATCH,
  )) {
    // A task goes with the last of its executions, so that none is left without one.
    if (complete) remember([{ type: 'task-finished', taskId }], [{ type: 'TaskRemoved', taskId, runs }]);
    else remember([{ type: 'task-exists', taskId }], [{ type: 'HistoryPruned', taskId, throughRun: 0, runs }]);
  }
  const keys = await projection.keysExpiredBefore(logTimeMs, RETENTION_BATCH);
  if (keys.length > 0) remember([], [{ type: 'IdempotencyKeysExpired', keys }]);

  pairs.push(...(await deadLetters.prune(projection)));

  const outcomes = await Promise.all(pairs.map((pair) => proposed(replica, pair)));
  if (outcomes.some(({ kind }) => kind === 'refused' || kind === 'unknown')) return false;
  return pairs.length >= RETENTION_BATCH || keys.length >= RETENTION_BATCH;
}
