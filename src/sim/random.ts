import { hashText } from './hash.ts';

/** Numbers that follow from a seed alone. Each subsystem draws from a stream of its own, so that one more draw here moves nothing there. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** A whole number in [0, bound). */
  below(bound: number): number;
  /** In [min, max). */
  between(min: number, max: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
}

const TWO_TO_32 = 4_294_967_296;
/** sfc32 needs some rounds before its state has nothing of the seed's shape. */
const WARM_UP_ROUNDS = 12;

/** sfc32 (Doty-Humphrey's PractRand), seeded by splitmix32. */
export function createRandom(seed: number, stream: string): Random {
  const split = splitmix32((seed ^ hashText(stream)) >>> 0);
  let a = split();
  let b = split();
  let c = split();
  let counter = 1;
  const draw = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < WARM_UP_ROUNDS; round += 1) draw();
  const next = (): number => draw() / TWO_TO_32;
  const below = (bound: number): number => Math.floor(next() * bound);
  return {
    next,
    below,
    between: (min, max) => min + next() * (max - min),
    chance: (probability) => next() < probability,
    pick: (from) => {
      const picked = from[below(from.length)];
      if (picked === undefined) throw new RangeError('nothing to pick from');
      return picked;
    },
  };
}

function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
}
