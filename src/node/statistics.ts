import type { Entities } from '../tasks/entities.ts';
import type { EntryContent, PairResult } from '../tasks/entry.ts';
import type { TaskEvent } from '../tasks/event.ts';
import type { TaskId } from '../tasks/task.ts';
import { Lateness, type LatenessSeen } from './lateness.ts';

/**
 * What the whole cluster did lately, counted from the applied log by its log time, so that nodes agree on it; in a fixed number of buckets
 * (I10). It is in memory only: after a start it is counted anew from the log, as far as that goes (recounting.ts).
 */
export const STATISTICS_WINDOWS = {
  hour: { bucketMs: 30_000, buckets: 120 },
  day: { bucketMs: 600_000, buckets: 144 },
} as const;
export type StatisticsWindow = keyof typeof STATISTICS_WINDOWS;
const WINDOWS = Object.keys(STATISTICS_WINDOWS) as readonly StatisticsWindow[];

const COUNTED = [
  'created',
  'fires',
  'succeeded',
  'failedAttempts',
  'deadLetters',
  'unknown',
  'lostAttempts',
  'skips',
] as const;
type Counted = (typeof COUNTED)[number];

export type StatisticsCounts = Readonly<Record<Counted, number>> & { readonly lateness: LatenessSeen | null };

export interface StatisticsSeen {
  readonly bucketMs: number;
  /** Log time from which on all is counted. */
  readonly sinceMs: number;
  /** Oldest first, empty ones among them; the last has not ended. */
  readonly buckets: readonly (StatisticsCounts & { readonly atMs: number })[];
  readonly total: StatisticsCounts;
}

const nothing = (): Record<Counted, number> => ({
  created: 0,
  fires: 0,
  succeeded: 0,
  failedAttempts: 0,
  deadLetters: 0,
  unknown: 0,
  lostAttempts: 0,
  skips: 0,
});

class Bucket {
  readonly counts = nothing();
  readonly lateness = new Lateness();
  readonly atMs: number;
  constructor(atMs: number) {
    this.atMs = atMs;
  }
  join(other: Bucket): void {
    for (const name of COUNTED) this.counts[name] += other.counts[name];
    this.lateness.join(other.lateness);
  }
  seen(): StatisticsCounts & { readonly atMs: number } {
    return { atMs: this.atMs, ...this.counts, lateness: this.lateness.seen() };
  }
}

/** The newest buckets of one width. */
class Series {
  readonly #bucketMs: number;
  readonly #count: number;
  #buckets: Bucket[] = [];

  constructor({ bucketMs, buckets }: { readonly bucketMs: number; readonly buckets: number }) {
    this.#bucketMs = bucketMs;
    this.#count = buckets;
  }

  /** Log time never decreases, so it is the last one or a new one. */
  at(atMs: number): Bucket {
    const beginMs = Math.floor(atMs / this.#bucketMs) * this.#bucketMs;
    const last = this.#buckets.at(-1);
    if (last !== undefined && last.atMs >= beginMs) return last;
    const bucket = new Bucket(beginMs);
    this.#buckets.push(bucket);
    if (this.#buckets.length > this.#count) this.#buckets.shift();
    return bucket;
  }

  precededBy(before: Series): void {
    for (const bucket of this.#buckets) {
      const same = before.#buckets.find(({ atMs }) => atMs === bucket.atMs);
      if (same !== undefined) bucket.join(same);
    }
    const firstMs = this.#buckets[0]?.atMs ?? Number.POSITIVE_INFINITY;
    const earlier = before.#buckets.filter(({ atMs }) => atMs < firstMs);
    this.#buckets = [...earlier, ...this.#buckets].slice(-this.#count);
  }

  read(nowMs: number, sinceMs: number): StatisticsSeen {
    const endMs = Math.max(Math.floor(nowMs / this.#bucketMs) * this.#bucketMs, this.#buckets.at(-1)?.atMs ?? 0);
    const known = new Map(this.#buckets.map((bucket) => [bucket.atMs, bucket]));
    const total = new Bucket(0);
    const buckets = Array.from({ length: this.#count }, (_, at) => {
      const beginMs = endMs - (this.#count - 1 - at) * this.#bucketMs;
      const bucket = known.get(beginMs) ?? new Bucket(beginMs);
      total.join(bucket);
      return bucket.seen();
    });
    const { atMs: _, ...sum } = total.seen();
    return { bucketMs: this.#bucketMs, sinceMs, buckets, total: sum };
  }
}

/** What of the state it stands beside. */
export interface StatisticsSource {
  /** Where the state stands. */
  readonly logTimeMs: number;
  /** Null where it is not known. */
  scheduledAtMs(taskId: TaskId, run: number): number | null;
}

export const sourceOf = (entities: Entities): StatisticsSource => ({
  get logTimeMs() {
    return entities.meta().logTimeMs;
  },
  scheduledAtMs: (taskId, run) => entities.execution(taskId, run)?.scheduledAtMs ?? null,
});

export class Statistics {
  readonly #source: StatisticsSource;
  readonly #series = { hour: new Series(STATISTICS_WINDOWS.hour), day: new Series(STATISTICS_WINDOWS.day) };
  #sinceMs: number;
  #isBroken = false;

  constructor(source: StatisticsSource) {
    this.#source = source;
    this.#sinceMs = source.logTimeMs;
  }

  /** After it was folded. */
  applied(content: EntryContent, results: readonly PairResult[]): void {
    // A log that begins here.
    if (this.#sinceMs === 0) this.#sinceMs = content.atMs;
    const into = [this.#series.hour.at(content.atMs), this.#series.day.at(content.atMs)];
    for (const [at, { events }] of content.pairs.entries()) {
      if (results[at]?.applied !== true) continue;
      for (const event of events) this.#count(event, into);
    }
  }

  /** A snapshot took the place of the state: what led to it was not seen. */
  replaced(): void {
    this.#sinceMs = this.#source.logTimeMs;
    this.#isBroken = true;
  }

  /** What was counted elsewhere of the time before this began to count. */
  precededBy(before: Statistics): void {
    // What a snapshot passed over lies between the two.
    if (this.#isBroken || before.#sinceMs === 0) return;
    for (const window of WINDOWS) this.#series[window].precededBy(before.#series[window]);
    this.#sinceMs = before.#sinceMs;
  }

  read(window: StatisticsWindow, nowMs: number): StatisticsSeen {
    return this.#series[window].read(nowMs, this.#sinceMs);
  }

  #count(event: TaskEvent, into: readonly Bucket[]): void {
    const counted = countedAs(event);
    if (counted.length === 0) return;
    const lateMs = this.#latenessOf(event);
    for (const bucket of into) {
      for (const name of counted) bucket.counts[name] += 1;
      if (lateMs !== null) bucket.lateness.add(lateMs);
    }
  }

  /** Of first attempts alone: later ones are late by design. */
  #latenessOf(event: TaskEvent): number | null {
    if (!('startedAtMs' in event) || event.attempt !== 1) return null;
    const scheduledAtMs = this.#source.scheduledAtMs(event.taskId, event.run);
    return scheduledAtMs === null ? null : event.startedAtMs - scheduledAtMs;
  }
}

const NOTHING: readonly Counted[] = [];
const AS: Readonly<Partial<Record<TaskEvent['type'], readonly Counted[]>>> = {
  TaskCreated: ['created'],
  ExecutionClaimed: ['fires'],
  ExecutionSucceeded: ['succeeded'],
  AttemptFailed: ['failedAttempts'],
  ExecutionFailed: ['failedAttempts', 'deadLetters'],
  ExecutionDoubted: ['unknown'],
  AttemptLost: ['lostAttempts'],
  DueTimesSkipped: ['skips'],
};

function countedAs(event: TaskEvent): readonly Counted[] {
  // A run that a person asked for fires with its first claim.
  if (event.type === 'AttemptClaimed') return event.attempt === 1 ? ['fires'] : NOTHING;
  return AS[event.type] ?? NOTHING;
}
