import { InvariantBroken } from '../invariant.ts';
import type { CacheBounds, Clean } from './overlay-cache.ts';
import { createCache } from './overlay-cache.ts';

/** What the file does not have yet; `value` undefined: removed. `note` is what the layer remembers beside the value. */
export interface Change<V, N> {
  readonly value: V | undefined;
  readonly note: N;
  readonly weight: number;
}

/**
 * One kind of entity, in layers: overlay (changed since the last freeze), flushing (being written), cache (as in the file), pinned
 * (loaded for the entry that is applied next). A look-up takes the first that knows the key; absence is known, too.
 */
export interface Collection<V, N> {
  readonly overlaySize: number;
  readonly overlayWeight: number;
  readonly cacheSize: number;
  /** In memory, be it as present or as absent. */
  has(key: string): boolean;
  /** Throws when nothing is known: guessing would part the nodes (I4). */
  get(key: string): V | undefined;
  /** Undefined when the overlay itself holds no change of this key. */
  pending(key: string): Change<V, N> | undefined;
  put(key: string, value: V | undefined, note: N): void;
  set(key: string, change: Change<V, N>): void;
  /** From the file, unless memory knows better already: an answer that was on its way is never newer than a layer. */
  remember(key: string, entry: Clean<V>, pin: boolean): void;
  /** Keeps what is in memory there until `unpin`. */
  pin(key: string): void;
  unpin(): void;
  /** The overlay becomes the flushing layer. Only when that one is empty. */
  freeze(): ReadonlyMap<string, Change<V, N>>;
  /** After the commit: moves flushing entities to the cache until `enough()`. Returns whether all are moved. */
  settle(enough: () => boolean): boolean;
  /** The change that shadows the file's row. */
  shadow(key: string): Change<V, N> | undefined;
  /** Every key that the file has otherwise, with its newest change. */
  eachShadow(visit: (key: string, change: Change<V, N>) => void): void;
  /** The file is another one now: all that memory knew is forgotten. */
  clear(): void;
}

/** What an entry of any kind costs beside its texts. */
export const ENTRY_WEIGHT = 100;

export function createCollection<V, N>(
  kind: string,
  weigh: (value: V) => number,
  bounds: CacheBounds,
  isCached: (change: Change<V, N>) => boolean = () => true,
): Collection<V, N> {
  let overlay = new Map<string, Change<V, N>>();
  let flushing = new Map<string, Change<V, N>>();
  const cache = createCache<V>(bounds);
  const pinned = new Map<string, Clean<V>>();
  let overlayWeight = 0;

  const shadow = (key: string): Change<V, N> | undefined => overlay.get(key) ?? flushing.get(key);
  const known = (key: string): { readonly value: V | undefined; readonly weight: number } | undefined =>
    shadow(key) ?? cache.get(key) ?? pinned.get(key);

  function set(key: string, change: Change<V, N>): void {
    const before = overlay.get(key);
    overlayWeight += change.weight - (before?.weight ?? 0);
    overlay.set(key, change);
    cache.delete(key);
    pinned.delete(key);
  }

  return {
    get overlaySize() {
      return overlay.size;
    },
    get overlayWeight() {
      return overlayWeight;
    },
    get cacheSize() {
      return cache.size;
    },
    has: (key) => overlay.has(key) || flushing.has(key) || cache.has(key) || pinned.has(key),
    get(key) {
      const entry = known(key);
      if (entry === undefined) throw new InvariantBroken('I4', `${kind} ${key} is used before it was loaded`);
      return entry.value;
    },
    pending: (key) => overlay.get(key),
    put(key, value, note) {
      set(key, { value, note, weight: ENTRY_WEIGHT + (value === undefined ? 0 : weigh(value)) });
    },
    set,
    remember(key, entry, pin) {
      const current = known(key) ?? entry;
      if (pin) pinned.set(key, current);
      if (current === entry) cache.set(key, { value: entry.value, weight: ENTRY_WEIGHT + entry.weight });
    },
    pin(key) {
      const entry = known(key);
      if (entry !== undefined) pinned.set(key, entry);
    },
    unpin: () => pinned.clear(),
    freeze() {
      if (flushing.size > 0) throw new Error('a flush begins while another runs');
      flushing = overlay;
      overlay = new Map();
      overlayWeight = 0;
      return flushing;
    },
    settle(enough) {
      for (const [key, change] of flushing) {
        if (enough()) return false;
        flushing.delete(key);
        if (!isCached(change) || overlay.has(key)) continue;
        cache.set(key, { value: change.value, weight: change.weight });
      }
      return true;
    },
    shadow,
    eachShadow(visit) {
      for (const [key, change] of overlay) visit(key, change);
      for (const [key, change] of flushing) if (!overlay.has(key)) visit(key, change);
    },
    clear() {
      overlay = new Map();
      flushing = new Map();
      overlayWeight = 0;
      cache.clear();
      pinned.clear();
    },
  };
}
