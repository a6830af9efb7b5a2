import type { Clock } from '../clock.ts';
import type { Projection, RunRef } from '../store/projection.ts';
import type { StateMeta } from '../tasks/entities.ts';
import type { Pair } from '../tasks/entry.ts';
import type { ClaimHolder } from '../tasks/event.ts';
import type { Attempt } from '../tasks/execution.ts';
import { refsOfRun } from '../tasks/needs.ts';
import { decideOutcome } from '../tasks/outcome.ts';
import { SETTLE_BATCH } from './limits.ts';
import type { ProposeOutcome } from './proposal-queue.ts';
import type { Replica } from './replica.ts';

/** `propose` as a promise, for work that is not on the hot path. */
export const proposed = (replica: Replica, pair: Pair): Promise<ProposeOutcome> =>
  new Promise((settle) => replica.propose(pair, settle));

export interface SettlingOptions {
  readonly projection: Projection;
  readonly replica: Replica;
  readonly clock: Clock;
  readonly random: () => number;
  /** Whether what this incarnation holds will not come to an end there. */
  readonly isLost: (holder: ClaimHolder) => boolean;
  readonly lost: () => void;
}

/**
 * What was claimed by a node that is gone, or by an incarnation that is, is settled (plan B): its next attempt goes elsewhere, or its
 * outcome is unknown for at-most-once. Nobody sends another incarnation's claim (I6). Returns how many were settled.
 */
export async function settleLostClaims(options: SettlingOptions): Promise<number> {
  const { projection } = options;
  let settled = 0;
  let after: RunRef | null = null;
  for (;;) {
    const claims: readonly RunRef[] = await projection.openClaims(after, SETTLE_BATCH);
    const last = claims.at(-1);
    if (last === undefined) return settled;
    await projection.load(claims.flatMap(({ taskId, run }) => refsOfRun(taskId, run)));
    const outcomes = await settleAmong(claims, options);
    if (outcomes === null) return settled;
    settled += outcomes;
    after = last;
  }
}

/** Null when this node can decide nothing any more. */
async function settleAmong(claims: readonly RunRef[], options: SettlingOptions): Promise<number | null> {
  const { projection, replica, clock, random, isLost, lost } = options;
  const pairs = claims.flatMap(({ taskId, run }): readonly Pair[] => {
    // What is not in memory any more is found by the next look.
    if (projection.missing(refsOfRun(taskId, run)).length > 0) return [];
    const task = projection.entities.task(taskId);
    const execution = projection.entities.execution(taskId, run);
    const held = execution?.attempts.at(-1);
    if (task === undefined || execution?.state !== 'attempting' || held === undefined) return [];
    if (!isLost(held) && !isOfAnEarlierStart(held, projection.entities.meta())) return [];
    return decideOutcome(task, execution, { kind: 'lost' }, { nowMs: clock.nowMs(), random: random() });
  });
  const outcomes = await Promise.all(pairs.map((pair) => proposed(replica, pair)));
  if (outcomes.some(({ kind }) => kind === 'refused' || kind === 'unknown')) return null;
  const applied = outcomes.filter(({ kind }) => kind === 'applied').length;
  for (let count = 0; count < applied; count += 1) lost();
  return applied;
}

/** A claim that names no instance may be that of one that is gone, under the same name and number: then it is older than this start. */
export const isOfAnEarlierStart = ({ nodeId, instance, claimedAtMs }: Attempt, { nodes }: StateMeta): boolean =>
  instance === undefined && claimedAtMs < (nodes[nodeId]?.startedAtMs ?? 0);
