import { ELECTION_TIMEOUT_MAX_MS } from '../../node/limits.ts';
import { SafetyBroken } from '../checks/rule.ts';
import { heal, until, waits } from '../healing.ts';
import type { Clients } from './clients.ts';
import type { NodeHost } from './node-process.ts';
import type { NodeWorld } from './node-world.ts';
import type { Operator } from './operator.ts';

/** Once the world is well again, every node serves, every question is answered, and nothing that was due is left behind. */

const SERVES_MS_MAX = 25_000;
const ANSWERS_MS_MAX = 6_000;
/** Who is gone is taken for lost by then, and nobody else is from then on. */
const LOST_MS = 2_000;
/** The last bad answer of the target, and the retry after it, are over by then. */
const SETTLES_MS = 14_000;
/** What is due is on its way within this. */
const DUE_MS_MAX = 3_000;
const HASHES_MS = 50;

export function healNodes(world: NodeWorld): void {
  world.target.isWell = true;
  world.wallOffsetMs.fill(0);
  for (const { disk } of world.hosts) disk.state.failure = null;
  heal(world);
}

/** Each step is one event of the world. */
export function* servesAgain(world: NodeWorld, clients: Clients, operator: Operator): Generator<void, void> {
  // A leader may look well and step down a moment later, for the silence of before.
  yield* waits(world, ELECTION_TIMEOUT_MAX_MS);
  yield* until(world, SERVES_MS_MAX, () => whyNotLed(world), 'is not led');
  // Who was led out and does not know it is emptied, and joins anew.
  for (const host of world.strangers()) {
    if (host.process?.isStopping !== false || host.process.node.status().members.length === 0) continue;
    world.wipe(host);
    world.start(host);
  }
  yield* until(world, SERVES_MS_MAX, () => whyNotServing(world), 'does not serve');
  // A pause that waited for a leader may be done after the word that ends it: they are asked of different nodes.
  yield* until(
    world,
    SERVES_MS_MAX,
    () => (operator.waitsForAnswers ? 'an operator is not answered' : null),
    'does not answer',
  );
  operator.restore();
  yield* until(
    world,
    SERVES_MS_MAX,
    () => (operator.isBusy ? 'something is not taken back' : null),
    'is not as it was',
  );
  yield* everyoneAnswers(world, clients);
  yield* waits(world, LOST_MS);
  world.isCalm = true;
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

function whyNotLed(world: NodeWorld): string | null {
  if (world.removing !== null) return 'a member is being led out';
  return world.leader === null ? 'nobody leads' : null;
}

/** With nothing left to fire, every node comes to the very same state, and holds nothing. */
export function* comesToRest(world: NodeWorld, clients: Clients): Generator<void, void> {
  const leader = world.leader;
  if (leader === null) return;
  clients.cancelAll(leader);
  yield* waits(world, ANSWERS_MS_MAX);
  yield* until(world, ANSWERS_MS_MAX, () => whyNotAlike(world), 'does not come to one state');
  yield* until(world, SETTLES_MS, () => whatIsHeld(world), 'does not come to rest', 'Nothing Left At Rest');
  for (const { nodeId, process } of running(world)) {
    process?.projection.stateHash().then(
      ({ index, hash }) => world.check(() => world.committed.hashed(nodeId, index, hash)),
      (error: unknown) =>
        world.check(() => {
          throw error;
        }),
    );
  }
  yield* waits(world, HASHES_MS);
}

const running = (world: Pick<NodeWorld, 'hosts' | 'keptDown'>): readonly NodeHost[] =>
  world.hosts.filter((host) => host !== world.keptDown);

export function whyNotServing(world: Pick<NodeWorld, 'leader' | 'hosts' | 'keptDown' | 'shape'>): string | null {
  const { leader } = world;
  if (leader?.process == null) return 'nobody leads';
  const { members } = leader.process.node.status();
  for (const { nodeId, process } of running(world)) {
    const state = process?.node.health().state ?? 'down';
    if (state !== 'serving') return `${nodeId} is ${state}`;
    // One that was cut off while it led serves as well, until it hears of the next: what it is asked in that moment is refused.
    const leaderId = process?.node.status().leaderId ?? null;
    if (leaderId !== leader.nodeId) return `${nodeId} takes ${leaderId} for its leader, not ${leader.nodeId}`;
    const kind = members.find((member) => member.nodeId === nodeId)?.kind;
    if (kind !== 'voter' && (kind !== 'worker' || world.shape.others !== 'worker')) return `${nodeId} is ${kind}`;
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

/** Every execution has ended, and whoever counts what is open counts nothing: what is counted and not there takes room for ever. */
function whatIsHeld(world: NodeWorld): string | null {
  for (const { nodeId, process } of running(world)) {
    const { claimsInHand, requestsInFlight, parked } = process?.node.metrics() ?? {};
    const held = { claimsInHand, requestsInFlight, parked };
    if (Object.values(held).some((count) => count !== 0)) return `${nodeId} has ${JSON.stringify(held)}`;
  }
  return world.dueTimes.leftBehind(Number.POSITIVE_INFINITY);
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
