/** How late first attempts left, in buckets of fixed bounds: percentiles are the bound that so many stayed below. */
const LATENESS_BOUNDS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000] as const;

export interface LatenessSeen {
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export class Lateness {
  readonly #counts = new Uint32Array(LATENESS_BOUNDS_MS.length + 1);
  #maxMs = 0;
  #count = 0;

  add(lateMs: number): void {
    // A clock that was behind the cluster's is not early.
    const ms = Math.max(0, lateMs);
    const at = LATENESS_BOUNDS_MS.findIndex((bound) => ms <= bound);
    const place = at === -1 ? LATENESS_BOUNDS_MS.length : at;
    this.#counts[place] = (this.#counts[place] ?? 0) + 1;
    this.#maxMs = Math.max(this.#maxMs, ms);
    this.#count += 1;
  }

  join(other: Lateness): void {
    for (const [at, count] of other.#counts.entries()) this.#counts[at] = (this.#counts[at] ?? 0) + count;
    this.#maxMs = Math.max(this.#maxMs, other.#maxMs);
    this.#count += other.#count;
  }

  /** Null where there is nothing to tell. */
  seen(): LatenessSeen | null {
    if (this.#count === 0) return null;
    return { p50Ms: this.#below(0.5), p90Ms: this.#below(0.9), p99Ms: this.#below(0.99), maxMs: this.#maxMs };
  }

  #below(share: number): number {
    const wanted = Math.ceil(this.#count * share);
    let counted = 0;
    for (const [at, count] of this.#counts.entries()) {
      counted += count;
      if (counted >= wanted) return Math.min(LATENESS_BOUNDS_MS[at] ?? this.#maxMs, this.#maxMs);
    }
    return this.#maxMs;
  }
}
