import type { Clock } from '../clock.ts';
import type { Projection } from '../store/projection.ts';
import type { Pair } from '../tasks/entry.ts';
import { decideOutcome } from '../tasks/outcome.ts';
import { SETTLE_BATCH } from './limits.ts';
import type { ProposeOutcome } from './proposal-queue.ts';
import type { Replica } from './replica.ts';

/** `propose` as a promise, for work that is not on the hot path. */
export const proposed = (replica: Replica, pair: Pair): Promise<ProposeOutcome> =>
  new Promise((settle) => replica.propose(pair, settle));

/**
 * What was claimed by an incarnation that is gone is settled before anything new is claimed: its next attempt goes elsewhere, or its
 * outcome is unknown for at-most-once. Nobody sends another incarnation's claim (I6). Returns how many were settled.
 */
export async function settleOrphanedClaims(
  {
    projection,
    replica,
    clock,
    random,
  }: { projection: Projection; replica: Replica; clock: Clock; random: () => number },
  lost: () => void,
): Promise<number> {
  let settled = 0;
  for (;;) {
    const orphans = await projection.orphanedClaims(SETTLE_BATCH);
    if (orphans.length === 0) return settled;
    await projection.load(
      orphans.flatMap(({ taskId, run }) => [
        { kind: 'task' as const, taskId },
        { kind: 'execution' as const, taskId, run },
      ]),
    );
    const pairs = orphans.flatMap(({ taskId, run }): readonly Pair[] => {
      const task = projection.entities.task(taskId);
      const execution = projection.entities.execution(taskId, run);
      if (task === undefined || execution?.state !== 'attempting') return [];
      return decideOutcome(task, execution, { kind: 'lost' }, { nowMs: clock.nowMs(), random: random() });
    });
    const outcomes = await Promise.all(pairs.map((pair) => proposed(replica, pair)));
    for (const outcome of outcomes) {
      if (outcome.kind === 'refused' || outcome.kind === 'unknown') return settled;
      if (outcome.kind === 'applied') {
        settled += 1;
        lost();
      }
    }
  }
}
