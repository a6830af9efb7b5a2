import { CLOCK_KNOWN_MS } from '../../node/limits.ts';
import type { Random } from '../random.ts';
import type { NodeWorld } from './node-world.ts';

/** Wall clocks that somebody sets wrong, one node's at a time, and sets right again. */

const EVERY_MS_MIN = 4_000;
const EVERY_MS_MAX = 40_000;
const JUMP_MS_MAX = 3_600_000;

export function jumpClocks(world: NodeWorld, random: Random, isOver: () => boolean): void {
  // Of fewer than three clocks, a wrong one is half of what there is to go by.
  if (world.shape.voters < 3 || !random.chance(0.5)) return;
  const jump = (): void => {
    if (isOver()) return;
    const number = random.below(world.shape.nodes);
    const byMs = (random.chance(0.5) ? 1 : -1) * random.next() * (random.chance(0.5) ? JUMP_MS_MAX : 5_000);
    world.wallOffsetMs[number] = Math.round(byMs);
    world.note(world.hosts[number] ?? null, 'clock jumps', Math.round(byMs), 0);
    world.queue.after(random.between(EVERY_MS_MIN, EVERY_MS_MAX), setRight);
  };
  const setRight = (): void => {
    if (isOver()) return;
    world.wallOffsetMs.fill(0);
    // What a leader heard of that clock while it was wrong counts for so long: until then two of them would be.
    world.queue.after(CLOCK_KNOWN_MS, jump);
  };
  world.queue.after(random.between(EVERY_MS_MIN, EVERY_MS_MAX), jump);
}
