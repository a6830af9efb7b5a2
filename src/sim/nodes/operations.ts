import type { Random } from '../random.ts';

/** What an operator does to a cluster that is in use. Each operation carries all its numbers, as faults do, and is left out like them. */

interface For {
  readonly atMs: number;
  readonly forMs: number;
}
interface On extends For {
  /** A node's number. */
  readonly target: number;
}

export type Operation =
  /** Stopped in order, and started again later. */
  | (On & { readonly kind: 'restart' })
  | (On & { readonly kind: 'transfer' })
  /** A member is led out, and comes back later: with an empty directory, or as it is. */
  | (On & { readonly kind: 'remove'; readonly emptied: boolean })
  | (On & { readonly kind: 'drain' })
  | (For & { readonly kind: 'pause-scheduling' })
  /** The disk that the state is on has no room for a while; that of the log does. */
  | (On & { readonly kind: 'state-disk-full' });

export type OperationKind = Operation['kind'];

const KINDS: readonly OperationKind[] = [
  'restart',
  'restart',
  'transfer',
  'remove',
  'drain',
  'pause-scheduling',
  'state-disk-full',
];
/** Some clusters are left alone. */
const OPERATED_CHANCE = 0.7;
const KIND_CHANCE = 0.5;
const EVERY_MS_MIN = 800;
const EVERY_MS_MAX = 6_000;
const FOR_MS_MIN = 100;
const FOR_MS_MAX = 8_000;

export function planOperations(random: Random, nodes: number, untilMs: number): readonly Operation[] {
  const operations: Operation[] = [];
  const kinds = KINDS.filter(() => random.chance(KIND_CHANCE));
  const everyMs = random.between(EVERY_MS_MIN, EVERY_MS_MAX);
  if (kinds.length === 0 || !random.chance(OPERATED_CHANCE)) return operations;
  for (let atMs = EVERY_MS_MIN; ; ) {
    atMs += -Math.log(1 - random.next()) * everyMs;
    if (atMs > untilMs) return operations;
    const at = { atMs: Math.round(atMs), forMs: Math.round(random.between(FOR_MS_MIN, FOR_MS_MAX)) };
    const target = random.below(nodes);
    const kind = random.pick(kinds);
    if (kind === 'pause-scheduling') operations.push({ kind, ...at });
    else if (kind === 'remove') operations.push({ kind, ...at, target, emptied: random.chance(0.5) });
    else operations.push({ kind, ...at, target });
  }
}
