import type { LogIndex } from '../raft/types.ts';
import { isCount } from './sealed-json.ts';

/**
 * Which pairs of entries came to nothing when they were applied (I5). The log alone does not say it, and whoever reads in it what
 * happened must not tell what did not. It stands beside the state and is no part of it, nor of its hash: a node that has it from an
 * older xcron, or from a snapshot, knows it of fewer entries.
 */
export interface RefusedPairs {
  /** Of the entries after this one it is known. */
  readonly knownAfter: LogIndex;
  /** Places of pairs in the entry. Only of an entry that is applied, and behind `knownAfter`. */
  at(index: LogIndex): readonly number[];
  add(index: LogIndex, places: readonly number[]): void;
  /** As it is kept beside a state that stands at `through`. */
  text(through: LogIndex): string;
}

/** Decisions that meet a state which changed under them are few; at the bound the oldest are forgotten, and said to be (I10). */
export const REFUSED_PAIRS_MAX = 4_096;

const NONE: readonly number[] = [];

interface Kept {
  /** A state that an older xcron brought further says nothing of what that one met. */
  readonly through: LogIndex;
  readonly knownAfter: LogIndex;
  readonly entries: readonly (readonly [index: LogIndex, places: readonly number[]])[];
}

/** Of a state that stands at `index`. */
export function createRefusedPairs(text: string | null, index: LogIndex): RefusedPairs {
  const kept = parse(text, index);
  const entries = new Map(kept.entries);
  let knownAfter = kept.knownAfter;
  let count = kept.entries.reduce((sum, [, places]) => sum + places.length, 0);

  return {
    get knownAfter() {
      return knownAfter;
    },
    at: (asked) => entries.get(asked) ?? NONE,
    add(at, places) {
      if (places.length === 0) return;
      entries.set(at, places);
      count += places.length;
      for (const [oldest, forgotten] of entries) {
        if (count <= REFUSED_PAIRS_MAX) return;
        entries.delete(oldest);
        count -= forgotten.length;
        knownAfter = oldest;
      }
    },
    text: (through) => JSON.stringify({ through, knownAfter, entries: [...entries] } satisfies Kept),
  };
}

/** What does not fit the state, because another wrote it or nobody did, is not known. */
function parse(text: string | null, index: LogIndex): Kept {
  const unknown: Kept = { through: index, knownAfter: index, entries: [] };
  if (text === null) return unknown;
  try {
    const { through, knownAfter, entries } = JSON.parse(text) as Kept;
    const isWhole =
      through === index &&
      isCount(knownAfter) &&
      knownAfter <= index &&
      entries.every(([at, places]) => isCount(at) && at > knownAfter && at <= index && places.every(isCount));
    return isWhole ? { through, knownAfter, entries } : unknown;
  } catch {
    return unknown;
  }
}
