/** What is as it stands in the file; `value` undefined: known to be absent there. */
export interface Clean<V> {
  readonly value: V | undefined;
  readonly weight: number;
}

export interface CacheBounds {
  readonly entriesMax: number;
  readonly weightMax: number;
}

/**
 * Two generations: what is used moves to the young one; when that is full it becomes the old one, and what nobody used since is
 * forgotten at once. About as good as least recently used, without work for each entry that leaves. Bounded by number and by weight,
 * because one callback body can be as large as a thousand tasks.
 */
export interface Cache<V> {
  readonly size: number;
  has(key: string): boolean;
  get(key: string): Clean<V> | undefined;
  set(key: string, entry: Clean<V>): void;
  delete(key: string): void;
  clear(): void;
}

export function createCache<V>({ entriesMax, weightMax }: CacheBounds): Cache<V> {
  let young = new Map<string, Clean<V>>();
  let old = new Map<string, Clean<V>>();
  let youngWeight = 0;
  const generationMax = Math.max(1, Math.floor(entriesMax / 2));

  function set(key: string, entry: Clean<V>): void {
    const before = young.get(key);
    if (before !== undefined) youngWeight -= before.weight;
    else if (young.size >= generationMax || youngWeight + entry.weight > weightMax / 2) {
      old = entriesMax > 1 ? young : new Map();
      young = new Map();
      youngWeight = 0;
    }
    young.set(key, entry);
    youngWeight += entry.weight;
    if (old.size > 0) old.delete(key);
  }

  return {
    get size() {
      return young.size + old.size;
    },
    has: (key) => young.has(key) || old.has(key),
    get(key) {
      const entry = young.get(key);
      if (entry !== undefined) return entry;
      const aged = old.get(key);
      if (aged === undefined) return undefined;
      // Looking forgets nothing: whoever pins what it found, one by one, must find all of it.
      old.delete(key);
      young.set(key, aged);
      youngWeight += aged.weight;
      return aged;
    },
    set,
    delete(key) {
      const entry = young.get(key);
      if (entry !== undefined) {
        youngWeight -= entry.weight;
        young.delete(key);
      } else if (old.size > 0) old.delete(key);
    },
    clear() {
      young = new Map();
      old = new Map();
      youngWeight = 0;
    },
  };
}
