import { SafetyBroken } from '../checks/rule.ts';
import type { Clients } from './clients.ts';
import type { NodeHost } from './node-process.ts';
import type { NodeWorld } from './node-world.ts';

/** Once the world is well again, every node serves, every question is answered, and nothing that was due is left behind. */

const SERVES_MS_MAX = 25_000;
const ANSWERS_MS_MAX = 6_000;
/** The last bad answer of the target, and the retry after it, are over by then. */
const SETTLES_MS = 14_000;
/** What is due is on its way within this. */
const DUE_MS_MAX = 3_000;
const LOOK_EVERY_MS = 50;

export function healNodes(world: NodeWorld): void {
  world.network.heal();
  world.target.isWell = true;
  world.wallOffsetMs.fill(0);
  for (const host of world.hosts) {
    while (host.isPaused) host.resume();
    host.clock.setRate(1);
    host.disk.stalledUntilMs = 0;
    host.disk.failing = null;
    world.start(host);
  }
}

/** Each step is one event of the world. */
export function* servesAgain(world: NodeWorld, clients: Clients): Generator<void, void> {
  yield* until(world, SERVES_MS_MAX, () => whyNotServing(world), 'does not serve');
  yield* everyoneAnswers(world, clients);
  const healedMs = world.nowMs;
  yield* waits(world, SETTLES_MS);
  yield* until(
    world,
    ANSWERS_MS_MAX,
    () => world.dueTimes.leftBehind(Math.max(healedMs, world.nowMs - SETTLES_MS)),
    'leaves something behind',
  );
  yield* until(world, ANSWERS_MS_MAX, () => world.dueTimes.overdue(world.nowMs - DUE_MS_MAX), 'is late');
}

/** With nothing left to fire, every node comes to the very same state. */
export function* comesToRest(world: NodeWorld, clients: Clients): Generator<void, void> {
  const leader = world.leader;
  if (leader === null) return;
  clients.cancelAll(leader);
  yield* waits(world, ANSWERS_MS_MAX);
  yield* until(world, ANSWERS_MS_MAX, () => whyNotAlike(world), 'does not come to one state');
  for (const { nodeId, process } of running(world)) {
    process?.projection.stateHash().then(
      ({ index, hash }) => world.check(() => world.committed.hashed(nodeId, index, hash)),
      (error: unknown) =>
        world.check(() => {
          throw error;
        }),
    );
  }
  yield* waits(world, LOOK_EVERY_MS);
}

const running = (world: NodeWorld): readonly NodeHost[] => world.hosts.filter((host) => host !== world.keptDown);

function whyNotServing(world: NodeWorld): string | null {
  const { leader } = world;
  if (leader?.process == null) return 'nobody leads';
  const { members } = leader.process.node.status();
  for (const { nodeId, process } of running(world)) {
    const state = process?.node.health().state ?? 'down';
    if (state !== 'serving') return `${nodeId} is ${state}`;
    if (!members.some((member) => member.nodeId === nodeId && member.kind === 'voter')) return `${nodeId} has no vote`;
  }
  return null;
}

function whyNotAlike(world: NodeWorld): string | null {
  const { index } = world.committed;
  for (const { nodeId, process } of running(world)) {
    const applied = process?.projection.appliedIndex ?? 0;
    if (applied < index) return `${nodeId} has applied ${applied} of ${index}`;
  }
  return null;
}

function* everyoneAnswers(world: NodeWorld, clients: Clients): Generator<void, void> {
  const open = new Set<string>();
  for (const host of running(world)) {
    const write = `a write at ${host.nodeId}`;
    open.add(write);
    clients.create(host, (known) => {
      if (known === null) throw new SafetyBroken('Liveness', `${write} comes to nothing in a healthy cluster`);
      open.delete(write);
      for (const other of running(world)) {
        const read = `a read at ${other.nodeId} of what ${host.nodeId} wrote`;
        open.add(read);
        clients.read(other, known, (outcome) => {
          if (!outcome.ok) throw new SafetyBroken('Liveness', `${read} is refused: ${outcome.reason}`);
          open.delete(read);
        });
      }
    });
  }
  yield* until(world, ANSWERS_MS_MAX, () => (open.size === 0 ? null : [...open].join(', ')), 'has not answered');
}

function* until(
  world: NodeWorld,
  withinMs: number,
  obstacle: () => string | null,
  what: string,
): Generator<void, void> {
  const endMs = world.queue.nowMs + withinMs;
  for (let lookMs = world.queue.nowMs; ; ) {
    if (world.queue.nowMs >= lookMs) {
      const found = obstacle();
      if (found === null) return;
      if (world.queue.nowMs >= endMs)
        throw new SafetyBroken('Liveness', `for ${withinMs} ms the cluster ${what}: ${found}`);
      lookMs = world.queue.nowMs + LOOK_EVERY_MS;
    }
    yield;
  }
}

function* waits(world: NodeWorld, forMs: number): Generator<void, void> {
  const endMs = world.queue.nowMs + forMs;
  while (world.queue.nowMs < endMs) yield;
}
