import type { Random } from '../random.ts';
import type { Clients } from './clients.ts';
import type { NodeHost } from './node-process.ts';
import type { NodeWorld } from './node-world.ts';

/**
 * A node that holds a claim ahead of its time falls asleep; its task is cancelled, which is acknowledged once the node's lease is over; it
 * wakes up cut off, so that it cannot have heard of that, and finds the claim due. Only the lease is left to keep it silent.
 */

const EVERY_MS_MIN = 5_000;
const EVERY_MS_MAX = 15_000;
/** Longer than a lease is waited for, which the cancel is asked for at the beginning of. */
const SLEEPS_MS_MIN = 3_600;
const SLEEPS_MS_MAX = 7_000;
const CUT_OFF_MS = 1_000;

export function letHoldersSleep(world: NodeWorld, clients: Clients, random: Random, isOver: () => boolean): void {
  if (world.shape.lookAheadMs === 0) return;
  const look = (): void => {
    if (isOver()) return;
    const { leader } = world;
    const claims = leader === null ? [] : clients.held().filter(({ holder }) => mayFallAsleep(world, holder));
    if (leader !== null && claims.length > 0) {
      const { taskId, holder } = random.pick(claims);
      sleep(world, holder, random.between(SLEEPS_MS_MIN, SLEEPS_MS_MAX), isOver);
      clients.cancel(leader, taskId);
    }
    world.queue.after(random.between(EVERY_MS_MIN, EVERY_MS_MAX), look);
  };
  world.queue.after(random.between(EVERY_MS_MIN, EVERY_MS_MAX), look);
}

const mayFallAsleep = (world: NodeWorld, host: NodeHost): boolean =>
  host !== world.leader && host.process !== null && !host.isPaused;

function sleep(world: NodeWorld, host: NodeHost, forMs: number, isOver: () => boolean): void {
  const { network, queue, hosts } = world;
  const others = hosts.map(({ number }) => number).filter((number) => number !== host.number);
  for (const other of others) {
    network.block(host.number, other);
    network.block(other, host.number);
  }
  host.pause();
  world.note(host, 'sleeps', Math.round(forMs), 0);
  // What heals the world wakes it up and connects it, too.
  queue.after(forMs, () => {
    if (!isOver()) host.resume();
  });
  queue.after(forMs + CUT_OFF_MS, () => {
    if (isOver()) return;
    for (const other of others) {
      network.open(host.number, other);
      network.open(other, host.number);
    }
  });
}
