/** What is as it stands in the file; `value` undefined: known to be absent there. */
export interface Clean<V> {
  readonly value: V | undefined;
  readonly weight: number;
}

export interface CacheBounds {
  readonly entriesMax: number;
  readonly weightMax: number;
}

/** Least recently used goes first. Bounded by number and by weight, because one callback body can be as large as a thousand tasks. */
export interface Cache<V> {
  readonly size: number;
  has(key: string): boolean;
  get(key: string): Clean<V> | undefined;
  set(key: string, entry: Clean<V>): void;
  delete(key: string): void;
}

export function createCache<V>({ entriesMax, weightMax }: CacheBounds): Cache<V> {
  // A Map keeps the order of insertion; an entry that is used is inserted anew.
  const entries = new Map<string, Clean<V>>();
  let weight = 0;

  function remove(key: string): void {
    const entry = entries.get(key);
    if (entry === undefined) return;
    weight -= entry.weight;
    entries.delete(key);
  }

  return {
    get size() {
      return entries.size;
    },
    has: (key) => entries.has(key),
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry;
    },
    set(key, entry) {
      remove(key);
      entries.set(key, entry);
      weight += entry.weight;
      while (entries.size > entriesMax || weight > weightMax) {
        const oldest = entries.keys().next();
        // What was just put stays, whatever it weighs: someone is about to look at it.
        if (oldest.done === true || oldest.value === key) return;
        remove(oldest.value);
      }
    },
    delete: remove,
  };
}
