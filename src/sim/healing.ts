import { type Rule, SafetyBroken } from './checks/rule.ts';
import type { FaultyWorld } from './faulty-world.ts';

/** How any simulated world is made well again, and how what must follow from that is waited for. */

const LOOK_EVERY_MS = 25;

export function heal(
  world: Pick<FaultyWorld, 'hosts' | 'start' | 'garbling'> & { readonly network: { heal(): void } },
): void {
  world.network.heal();
  if (world.garbling !== undefined) world.garbling = null;
  for (const host of world.hosts) {
    while (host.isPaused) host.resume();
    host.clock.setRate(1);
    host.disk.stalledUntilMs = 0;
    host.disk.failing = null;
    world.start(host);
  }
}

type Timed = Pick<FaultyWorld, 'queue'>;

/** Each `yield` is one event of the world. `obstacle`: what is still in the way; null when nothing is. */
export function* until(
  { queue }: Timed,
  withinMs: number,
  obstacle: () => string | null,
  what: string,
  rule: Rule = 'Liveness',
): Generator<void, void> {
  const endMs = queue.nowMs + withinMs;
  for (let lookMs = queue.nowMs; ; ) {
    if (queue.nowMs >= lookMs) {
      const found = obstacle();
      if (found === null) return;
      if (queue.nowMs >= endMs) throw new SafetyBroken(rule, `for ${withinMs} ms the cluster ${what}: ${found}`);
      lookMs = queue.nowMs + LOOK_EVERY_MS;
    }
    yield;
  }
}

export function* waits({ queue }: Timed, forMs: number): Generator<void, void> {
  const endMs = queue.nowMs + forMs;
  while (queue.nowMs < endMs) yield;
}
