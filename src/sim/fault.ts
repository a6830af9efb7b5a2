import type { Random } from './random.ts';

/** What is done to a cluster. Each fault carries all its numbers, so that a run with fewer of them leaves the others as they were. */

interface At {
  readonly atMs: number;
}
interface For extends At {
  readonly forMs: number;
}
/** A node's number, or whoever leads when it happens. */
export type Target = number | 'leader';

export type Fault =
  | (For & { readonly kind: 'crash'; readonly target: Target; readonly surviving: number })
  | (For & { readonly kind: 'pause'; readonly target: Target })
  | (For & { readonly kind: 'isolate'; readonly target: Target; readonly direction: 'in' | 'out' | 'both' })
  | (For & { readonly kind: 'cut-link'; readonly from: number; readonly to: number })
  | (For & { readonly kind: 'split'; readonly side: readonly number[] })
  | (For & { readonly kind: 'broker-death' })
  | (For & { readonly kind: 'hold'; readonly target: Target })
  | (At & { readonly kind: 'reconnect'; readonly target: Target })
  | (For & { readonly kind: 'storm'; readonly delayMaxMs: number; readonly loss: number; readonly duplication: number })
  | (For & { readonly kind: 'disk-stall'; readonly target: Target })
  | (For & { readonly kind: 'write-error'; readonly target: Target; readonly outcome: 'lost' | 'written' })
  | (For & { readonly kind: 'lose-tail'; readonly target: Target; readonly count: number })
  /** A voter loses its tail, and when it has part of it back the leader that it had it from is gone, and those who have less are not. */
  | (For & { readonly kind: 'half-caught-up'; readonly target: Target; readonly count: number })
  /**
   * A leader that appends a configuration says nothing of it: it is cut off, or everybody is, or it dies, and the write is on its disk
   * afterwards or not.
   */
  | (For & { readonly kind: 'change-interrupted'; readonly passes: number; readonly how: Interruption })
  /** The next candidate sleeps while it is voted for, and wakes up when another one leads. */
  | (For & { readonly kind: 'candidate-sleeps' })
  | (For & { readonly kind: 'wipe'; readonly target: Target })
  | (For & { readonly kind: 'clock-rate'; readonly target: Target; readonly rate: number })
  /** No write fits any more (ENOSPC): each start on it ends with the first write, until there is room again. */
  | (For & { readonly kind: 'disk-full'; readonly target: Target })
  /** A row of the log is not what was written; whoever reads it sees that. */
  | (At & { readonly kind: 'damage-row'; readonly target: Target; readonly back: number })
  | (For & { readonly kind: 'garble-snapshot'; readonly share: number; readonly where: GarbledWhere });

export type Interruption = 'cut-off' | 'silence' | 'lost' | 'written';
const INTERRUPTIONS: readonly Interruption[] = ['cut-off', 'silence', 'lost', 'written'];

/** On its way, where its checksum tells; or on the receiver's disk behind that check, where only the whole tells. */
export type GarbledWhere = 'wire' | 'disk';

export type FaultKind = Fault['kind'];

/** How likely a kind is beside the others, where a run has it at all. */
const WEIGHTS: Readonly<Record<FaultKind, number>> = {
  crash: 6,
  pause: 3,
  isolate: 4,
  'cut-link': 3,
  split: 3,
  'broker-death': 1,
  hold: 3,
  reconnect: 3,
  storm: 2,
  'disk-stall': 3,
  'write-error': 2,
  'lose-tail': 2,
  wipe: 1,
  'clock-rate': 2,
  'disk-full': 2,
  'damage-row': 2,
  'garble-snapshot': 2,
  'half-caught-up': 1,
  'change-interrupted': 1,
  'candidate-sleeps': 1,
};
const KINDS = Object.keys(WEIGHTS) as FaultKind[];
/** The disks and snapshots of simulated production nodes do not know these yet. */
const OF_THE_CORE: readonly FaultKind[] = [
  'disk-full',
  'damage-row',
  'garble-snapshot',
  'half-caught-up',
  'change-interrupted',
  'candidate-sleeps',
];
export const NODE_FAULT_KINDS = KINDS.filter((kind) => !OF_THE_CORE.includes(kind));

/** A run has each kind with this probability: what is seen together differs from run to run (swarm testing, Groce 2012). */
const KIND_CHANCE = 0.5;
const LEADER_CHANCE = 0.4;
/** Mostly long enough for another election. */
const ANOTHER_LEADS_MS = 150;

export function planFaults(
  random: Random,
  nodes: number,
  untilMs: number,
  possible: readonly FaultKind[] = KINDS,
): readonly Fault[] {
  const kinds = possible.filter(() => random.chance(KIND_CHANCE));
  const everyMs = random.between(60, 900);
  const faults: Fault[] = [];
  if (kinds.length === 0) return faults;
  const ofWeight = kinds.flatMap((kind) => Array.from({ length: WEIGHTS[kind] }, () => kind));
  for (let atMs = 300; ; ) {
    atMs += -Math.log(1 - random.next()) * everyMs;
    if (atMs > untilMs) return faults;
    faults.push(makeFault(random.pick(ofWeight), Math.round(atMs), random, nodes));
  }
}

function makeFault(kind: FaultKind, atMs: number, random: Random, nodes: number): Fault {
  const target: Target = random.chance(LEADER_CHANCE) ? 'leader' : random.below(nodes);
  // Mostly shorter than an election timeout or a little longer, at times very long.
  const forMs = Math.round(random.chance(0.15) ? random.between(500, 3_000) : random.between(5, 500));
  switch (kind) {
    case 'crash':
      return { kind, atMs, forMs, target, surviving: random.below(4) };
    case 'isolate':
      return { kind, atMs, forMs, target, direction: random.pick(['in', 'out', 'both'] as const) };
    case 'cut-link':
      return { kind, atMs, forMs, from: random.below(nodes), to: random.below(nodes) };
    case 'split': {
      const side = Array.from({ length: nodes }, (_, node) => node).filter(() => random.chance(0.5));
      return { kind, atMs, forMs, side };
    }
    case 'broker-death':
      return { kind, atMs, forMs };
    case 'reconnect':
      return { kind, atMs, target };
    case 'storm':
      return {
        kind,
        atMs,
        forMs,
        delayMaxMs: random.between(1, 150),
        loss: random.next() * 0.4,
        duplication: random.next() * 0.3,
      };
    case 'write-error':
      return { kind, atMs, forMs, target, outcome: random.pick(['lost', 'written'] as const) };
    case 'lose-tail':
      return { kind, atMs, forMs, target, count: 1 + random.below(30) };
    case 'change-interrupted':
      return { kind, atMs, forMs, passes: random.below(2), how: random.pick(INTERRUPTIONS) };
    case 'candidate-sleeps':
      return { kind, atMs, forMs: forMs + ANOTHER_LEADS_MS };
    case 'half-caught-up':
      return { kind, atMs, forMs, target: random.below(nodes), count: 5 + random.below(60) };
    case 'damage-row':
      return { kind, atMs, target, back: random.below(40) };
    case 'garble-snapshot':
      return { kind, atMs, forMs: forMs * 4, share: random.next(), where: random.pick(['wire', 'disk'] as const) };
    case 'clock-rate':
      return { kind, atMs, forMs: forMs * 4, target, rate: random.between(0.7, 1.4) };
    default:
      return { kind, atMs, forMs, target };
  }
}
