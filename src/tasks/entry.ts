import { invariant } from '../invariant.ts';
import type { Result } from '../result.ts';
import { ok, refused } from '../result.ts';
import type { Entities } from './entities.ts';
import { ENTRY_VERSION } from './entry-version.ts';
import type { TaskEvent } from './event.ts';
import { evolve } from './evolve.ts';
import type { Precondition } from './precondition.ts';
import { holds } from './precondition.ts';

/** One decision: events, and what they ask of the state they meet. All of it happens, or none. */
export interface Pair {
  readonly requires: readonly Precondition[];
  readonly events: readonly TaskEvent[];
  /** Who asked. */
  readonly by: string;
}

/** What an entry of kind `events` says. A turn's decisions share one entry. */
export interface EntryContent {
  readonly v: number;
  /** Log time. */
  readonly atMs: number;
  readonly pairs: readonly Pair[];
}

export const encodeEntry = (content: EntryContent): string => JSON.stringify(content);

export function decodeEntry(data: string): Result<EntryContent, string> {
  const content = JSON.parse(data) as EntryContent;
  if (typeof content.v !== 'number' || content.v > ENTRY_VERSION) {
    return refused(`an entry of version ${String(content.v)}; this build knows up to ${ENTRY_VERSION}`);
  }
  return ok(content);
}

export type PairResult = { readonly applied: true } | { readonly applied: false; readonly failed: Precondition };

const NONE: readonly number[] = [];

/** Places of those that were not applied. */
export function refusedPlaces(results: readonly PairResult[]): readonly number[] {
  if (results.every(({ applied }) => applied)) return NONE;
  return results.flatMap(({ applied }, place) => (applied ? [] : [place]));
}

const APPLIED: PairResult = { applied: true };

/** Applies the pairs in order, each seeing what the earlier ones did (I5). */
export function applyEntry(state: Entities, content: EntryContent): readonly PairResult[] {
  const meta = state.meta();
  invariant(content.atMs >= meta.logTimeMs, 'I4', `log time went back from ${meta.logTimeMs} to ${content.atMs}`);
  state.putMeta({ ...meta, logTimeMs: content.atMs });
  return content.pairs.map((pair) => {
    for (const precondition of pair.requires) {
      if (!holds(precondition, state)) return { applied: false, failed: precondition };
    }
    for (const event of pair.events) evolve(state, event, pair.by, content.atMs);
    return APPLIED;
  });
}
