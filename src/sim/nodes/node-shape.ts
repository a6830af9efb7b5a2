import { LOOK_AHEAD_MAX_MS } from '../../node/limits.ts';
import { createRandom, type Random } from '../random.ts';

/** How the nodes of one run look; drawn from its seed. */
export interface NodeShape {
  readonly nodes: number;
  readonly voters: number;
  readonly forgetful: boolean;
  readonly slowDisk: boolean;
  readonly compacts: boolean;
  /** What those become that are there from the beginning and have no vote. */
  readonly others: 'learner' | 'worker';
  readonly lookAheadMs: number;
}

/** Seeds that leave one of these by seven have nodes that claim ahead of due times. Those that found something before there was that do not. */
const LOOK_AHEAD_SEEDS: readonly number[] = [1, 3, 5];

export const shapeOf = (seed: number): NodeShape => ({
  ...drawn(createRandom(seed, 'shape of nodes')),
  lookAheadMs: lookAheadOf(seed),
});

function lookAheadOf(seed: number): number {
  if (!LOOK_AHEAD_SEEDS.includes(seed % 7)) return 0;
  return Math.round(createRandom(seed, 'look-ahead').between(200, LOOK_AHEAD_MAX_MS));
}

function drawn(random: Random): Omit<NodeShape, 'lookAheadMs'> {
  const voters = random.pick([1, 3, 3, 3, 3, 3, 4, 5]);
  return {
    voters,
    nodes: Math.max(3, voters + random.below(2)),
    forgetful: random.chance(0.5),
    slowDisk: random.chance(0.6),
    compacts: random.chance(0.6),
    others: random.chance(0.5) ? 'learner' : 'worker',
  };
}
