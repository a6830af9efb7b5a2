import type { ClusterId, LogIndex, Term } from '../raft/types.ts';
import type { EventPlace } from './event-place.ts';
import { eventIdOf } from './event-place.ts';
import type { FeedEvent } from './feed-event.ts';
import { FEED_BATCH_EVENTS_MAX, FEED_LOOKED_AT_MAX } from './limits.ts';
import type { ReadAhead, ToldEntries } from './told-entries.ts';

/** Whoever reads the feed. What it is given it has taken; to be given no more for a while it says so. */
export interface EventSubscriber {
  wants(event: FeedEvent): boolean;
  /** At least one, in the order of the log. */
  events(events: readonly FeedEvent[]): void;
  gap(gap: EventGap): void;
  /** Nothing more comes, and not because it was closed by its subscriber. */
  ended(why: 'stopping' | 'storage_failed'): void;
}

/** Events were passed over: from here on all are told again. */
export interface EventGap {
  /** Where the reader stands now. */
  readonly id: string;
  /**
   * `forgotten`: the log no longer holds what came behind the reader's place, or this node does not know what came of it. `replaced`: the
   * entry that its id names is none of this log's, as after one that lost its end.
   */
  readonly reason: 'forgotten' | 'replaced';
}

export interface EventSubscription {
  /** Everything up to here was told, or was not wanted. */
  readonly id: string;
  /** Nothing more until `resume`. */
  pause(): void;
  resume(): void;
  close(why: 'done' | 'slow'): void;
}

export interface EventReaderOptions {
  readonly clusterId: ClusterId;
  readonly place: EventPlace;
  readonly subscriber: EventSubscriber;
  readonly termAt: (index: LogIndex) => Term | undefined;
  readonly entries: ToldEntries;
  readonly appliedIndex: () => LogIndex;
  readonly wants: () => void;
  readonly closed: (why: 'done' | 'slow') => void;
}

export class EventReader implements EventSubscription {
  readonly #options: EventReaderOptions;
  readonly #ahead: ReadAhead = { entries: [], at: null };
  #place: EventPlace;
  /** As the client gave it: whether this log has such an entry is seen when it is applied. */
  #unproven = true;
  #paused = false;
  #isClosed = false;

  constructor(options: EventReaderOptions) {
    this.#options = options;
    this.#place = options.place;
  }

  get id(): string {
    return eventIdOf(this.#options.clusterId, this.#place);
  }

  /** The entry that it looks at next. */
  get next(): LogIndex {
    const { index, event } = this.#place;
    return event === null ? index + 1 : index;
  }

  get isBehind(): boolean {
    return !this.#paused && !this.#isClosed && this.next <= this.#options.appliedIndex();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#options.wants();
  }

  close(why: 'done' | 'slow'): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.closed(why);
  }

  end(why: 'stopping' | 'storage_failed'): void {
    this.close('done');
    this.#options.subscriber.ended(why);
  }

  /** Some entries on, in one go. Only while it is behind. */
  step(): { readonly told: number; readonly gaps: number } {
    const { subscriber } = this.#options;
    let gap: EventGap | null;
    let events: readonly FeedEvent[] = [];
    try {
      gap = this.#gap();
      if (gap === null) events = this.#gather();
    } catch {
      // The log could not be read: who writes to it says why, and what is left of the node is not stopped by a reader.
      this.end('storage_failed');
      return { told: 0, gaps: 0 };
    }
    if (gap !== null) {
      subscriber.gap(gap);
      return { told: 0, gaps: 1 };
    }
    if (events.length > 0) subscriber.events(events);
    return { told: events.length, gaps: 0 };
  }

  #gap(): EventGap | null {
    const { entries, appliedIndex, termAt } = this.#options;
    const forgottenThrough = entries.forgottenThrough;
    const { index, term } = this.#place;
    let reason: EventGap['reason'] | null = null;
    if (this.next <= forgottenThrough) {
      reason = 'forgotten';
      this.#goTo(forgottenThrough);
    } else if (this.#unproven && index > 0 && (termAt(index) ?? term) !== term) {
      reason = 'replaced';
      this.#goTo(appliedIndex());
    }
    this.#unproven = false;
    return reason === null ? null : { id: this.id, reason };
  }

  #goTo(index: LogIndex): void {
    this.#place = { term: this.#options.termAt(index) ?? 0, index, event: null };
  }

  #gather(): readonly FeedEvent[] {
    const { entries, subscriber, appliedIndex } = this.#options;
    const wanted: FeedEvent[] = [];
    // An entry without events is looked at, too.
    for (let lookedAt = 0; lookedAt < FEED_LOOKED_AT_MAX && this.next <= appliedIndex(); lookedAt += 1) {
      const index = this.next;
      const seen = index === this.#place.index ? (this.#place.event ?? -1) : -1;
      const { term, events } = entries.at(index, this.#ahead);
      lookedAt += events.length;
      for (const event of events) {
        if (event.event <= seen || !subscriber.wants(event)) continue;
        wanted.push(event);
        if (wanted.length < FEED_BATCH_EVENTS_MAX) continue;
        this.#place = { term, index, event: event.event };
        return wanted;
      }
      this.#place = { term, index, event: null };
    }
    return wanted;
  }
}
