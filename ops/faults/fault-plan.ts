import type { Random } from '../../src/sim/random.ts';

/** What is done to the cluster, drawn from a seed. Who leads at that moment, the run has to see. */
export type PlannedFault =
  | { readonly kind: 'kill'; readonly target: Target; readonly forMs: number }
  | { readonly kind: 'freeze'; readonly target: Target; readonly forMs: number }
  | {
      readonly kind: 'cut';
      readonly target: Target;
      readonly way: 'to-broker' | 'from-broker' | 'both';
      readonly forMs: number;
    }
  | { readonly kind: 'reset'; readonly target: Target }
  | { readonly kind: 'slow'; readonly target: Target; readonly delayMs: number; readonly forMs: number }
  | { readonly kind: 'shift-clock'; readonly target: Target; readonly byMs: number; readonly forMs: number }
  | { readonly kind: 'kill-broker'; readonly forMs: number }
  | { readonly kind: 'freeze-broker'; readonly forMs: number }
  | { readonly kind: 'restart-each' }
  | { readonly kind: 'transfer' }
  | { readonly kind: 'drain'; readonly target: Target; readonly forMs: number }
  | { readonly kind: 'pause-scheduling'; readonly forMs: number }
  | { readonly kind: 'replace'; readonly target: Target }
  | { readonly kind: 'damage-disk'; readonly target: Target; readonly how: Damage; readonly at: number };

export type Target = 'leader' | 'follower' | 'worker';
export type Damage = 'flip-a-bit' | 'cut-the-tail' | 'lose-the-wal';
export type FaultKind = PlannedFault['kind'];

/** How often each is drawn, against the others. */
const WEIGHTS: Readonly<Record<FaultKind, number>> = {
  kill: 6,
  freeze: 4,
  cut: 5,
  reset: 1,
  slow: 2,
  'shift-clock': 3,
  'kill-broker': 2,
  'freeze-broker': 2,
  'restart-each': 1,
  transfer: 2,
  drain: 1,
  'pause-scheduling': 1,
  replace: 1,
  'damage-disk': 2,
};

/** What may take with it what another member has, or stands on all of them: alone. */
const ALONE: ReadonlySet<FaultKind> = new Set(['replace', 'damage-disk', 'restart-each', 'pause-scheduling']);
export const isAlone = ({ kind }: PlannedFault): boolean => ALONE.has(kind);

/** Of the faults that may: so many begin before the one before is over. */
export const OVERLAP = 0.35;
export const REST_MS = { min: 800, max: 4_000 };
const SHIFT_MS_MAX = 600_000;

const KINDS = Object.keys(WEIGHTS) as readonly FaultKind[];
const TOTAL = KINDS.reduce((sum, kind) => sum + WEIGHTS[kind], 0);

export function drawFault(random: Random): PlannedFault {
  let left = random.next() * TOTAL;
  const kind = KINDS.find((one) => {
    left -= WEIGHTS[one];
    return left < 0;
  });
  return drawOf(kind ?? 'kill', random);
}

function drawOf(kind: FaultKind, random: Random): PlannedFault {
  const whole = (min: number, max: number): number => Math.floor(random.between(min, max));
  const anybody = (): Target => random.pick(['leader', 'leader', 'follower', 'follower', 'worker']);
  switch (kind) {
    case 'kill':
      return { kind, target: anybody(), forMs: whole(0, 5_000) };
    case 'freeze':
      return { kind, target: anybody(), forMs: whole(200, 8_000) };
    case 'cut':
      return {
        kind,
        target: anybody(),
        way: random.pick(['to-broker', 'from-broker', 'both']),
        forMs: whole(300, 9_000),
      };
    case 'reset':
    case 'replace':
      return { kind, target: anybody() };
    case 'slow':
      return { kind, target: anybody(), delayMs: whole(10, 300), forMs: whole(1_000, 8_000) };
    case 'shift-clock': {
      const byMs = whole(500, SHIFT_MS_MAX);
      return { kind, target: anybody(), byMs: random.chance(0.5) ? byMs : -byMs, forMs: whole(2_000, 8_000) };
    }
    case 'kill-broker':
    case 'freeze-broker':
      return { kind, forMs: whole(100, 6_000) };
    case 'restart-each':
    case 'transfer':
      return { kind };
    case 'drain':
      return { kind, target: anybody(), forMs: whole(1_000, 4_000) };
    case 'pause-scheduling':
      return { kind, forMs: whole(500, 4_000) };
    case 'damage-disk':
      return {
        kind,
        target: random.pick(['leader', 'follower'] as const),
        how: random.pick(['flip-a-bit', 'cut-the-tail', 'lose-the-wal']),
        at: random.next(),
      };
  }
}

export function inWords(fault: PlannedFault, whom: string): string {
  const { kind } = fault;
  const more = Object.entries(fault)
    .filter(([name]) => name !== 'kind' && name !== 'target')
    .map(([name, value]) => `${name === 'forMs' ? 'for' : name} ${value}${name === 'forMs' ? ' ms' : ''}`);
  return [kind, whom, ...more].filter((word) => word !== '').join(' ');
}
