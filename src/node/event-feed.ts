import type { Clock, Timer } from '../clock.ts';
import { termAt } from '../raft/raft-log.ts';
import type { LogIndex } from '../raft/types.ts';
import { ok, type Result, refused } from '../result.ts';
import type { EntryContent } from '../tasks/entry.ts';
import { type EventIdProblem, type EventPlace, readEventId } from './event-place.ts';
import { EventReader, type EventSubscriber, type EventSubscription } from './event-reader.ts';
import { FEED_EVERY_MS, FEED_SLICE_MS, SUBSCRIBERS_MAX } from './limits.ts';
import { ToldEntries, type ToldEntriesOptions } from './told-entries.ts';

/**
 * What happened, to whoever wants to know, from this node's own applied log: a follower tells the same as the leader. Nothing is kept for
 * a reader but its place: one that reads slowly lags behind in the log and costs no memory (I10), and what the log forgets in front of
 * it is said to be a gap. With nobody reading it costs one comparison an entry and one a turn; with readers, at most
 * FEED_SLICE_MS of the loop in every FEED_EVERY_MS.
 */
export interface EventFeedOptions extends ToldEntriesOptions {
  readonly clock: Clock;
  /** Up to where the state is folded. */
  readonly appliedIndex: () => LogIndex;
}

export type SubscribeRefusal = EventIdProblem | 'too_many_subscribers' | 'starting' | 'stopping';

/** Where a reader begins: behind an id that it was given, at the oldest event that can be told, or now. */
export type EventsAfter = { readonly id: string } | 'oldest' | 'now';

export interface EventFeed {
  subscribe(after: EventsAfter, subscriber: EventSubscriber): Result<EventSubscription, SubscribeRefusal>;
  readonly counters: FeedCounters;
}

export interface FeedCounters {
  readonly subscribers: number;
  readonly told: number;
  readonly gaps: number;
  /** Readers that were ended because they took nothing for too long. */
  readonly slow: number;
}

export const NO_FEED_COUNTERS: FeedCounters = { subscribers: 0, told: 0, gaps: 0, slow: 0 };

/** Of a node that has not found its cluster: nothing happened yet. */
export const NO_FEED: EventFeed = { subscribe: () => refused('starting'), counters: NO_FEED_COUNTERS };

export class AppliedEventFeed implements EventFeed {
  readonly #options: EventFeedOptions;
  readonly #entries: ToldEntries;
  readonly #readers = new Set<EventReader>();
  #timer: Timer | null = null;
  #stopped = false;
  #told = 0;
  #gaps = 0;
  #slow = 0;

  constructor(options: EventFeedOptions) {
    this.#options = options;
    this.#entries = new ToldEntries(options);
  }

  get counters(): FeedCounters {
    return { subscribers: this.#readers.size, told: this.#told, gaps: this.#gaps, slow: this.#slow };
  }

  /** An entry was folded. */
  applied(index: LogIndex, content: EntryContent): void {
    if (this.#readers.size > 0) this.#entries.keep(index, content);
  }

  /** A turn is over. */
  turned(): void {
    if (this.#readers.size > 0) this.#wake();
  }

  subscribe(after: EventsAfter, subscriber: EventSubscriber): Result<EventSubscription, SubscribeRefusal> {
    if (this.#stopped) return refused('stopping');
    if (this.#readers.size >= SUBSCRIBERS_MAX) return refused('too_many_subscribers');
    const place = this.#placeOf(after);
    if (!place.ok) return place;
    const { clusterId, core } = this.#options;
    const reader = new EventReader({
      clusterId,
      place: place.value,
      subscriber,
      termAt: (index) => termAt(core.log, index),
      entries: this.#entries,
      appliedIndex: this.#options.appliedIndex,
      wants: () => this.#wake(),
      closed: (why) => {
        this.#readers.delete(reader);
        if (why === 'slow') this.#slow += 1;
        if (this.#readers.size === 0) this.#entries.forgetAll();
      },
    });
    this.#readers.add(reader);
    this.#wake();
    return ok(reader);
  }

  /** Nobody is told anything any more: before the log is closed. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    for (const reader of [...this.#readers]) reader.end('stopping');
  }

  #placeOf(after: EventsAfter): Result<EventPlace, SubscribeRefusal> {
    const { clusterId, core, appliedIndex } = this.#options;
    if (typeof after === 'object') return readEventId(clusterId, after.id);
    const index = after === 'now' ? appliedIndex() : this.#entries.forgottenThrough;
    return ok({ term: termAt(core.log, index) ?? 0, index, event: null });
  }

  #wake(): void {
    if (this.#timer !== null || this.#stopped) return;
    this.#timer = this.#options.clock.setTimer(FEED_EVERY_MS, () => {
      this.#timer = null;
      this.#tell();
    });
  }

  #tell(): void {
    const { clock, appliedIndex } = this.#options;
    const untilMs = clock.monotonicMs() + FEED_SLICE_MS;
    let isOver = false;
    for (const reader of [...this.#readers]) {
      while (reader.isBehind && !isOver) {
        const { told, gaps } = reader.step();
        this.#told += told;
        this.#gaps += gaps;
        isOver = clock.monotonicMs() >= untilMs;
      }
      if (isOver) {
        // Whoever had its turn is served last next time.
        if (this.#readers.delete(reader)) this.#readers.add(reader);
        break;
      }
    }
    this.#entries.forgetBefore(Math.min(appliedIndex() + 1, ...[...this.#readers].map(({ next }) => next)));
    if ([...this.#readers].some(({ isBehind }) => isBehind)) this.#wake();
  }
}
