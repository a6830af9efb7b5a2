import type { RaftCore } from '../raft/core.ts';
import { recentEntry } from '../raft/raft-log.ts';
import type { ClusterId, Entry, LogIndex, Term } from '../raft/types.ts';
import type { LogStore } from '../store/log-store.ts';
import type { Projection } from '../store/projection.ts';
import type { EntryContent } from '../tasks/entry.ts';
import { eventsOf, type FeedEvent, toldEntry } from './feed-event.ts';
import { FEED_READ_BYTES, FEED_RECENT_CHARS_MAX, FEED_RECENT_ENTRIES_MAX, FEED_RECENT_EVENTS_MAX } from './limits.ts';

/**
 * The events of applied entries, by index: of what was applied just now from memory, shared by all who read, and of anything older from
 * the log, as far as it goes.
 */
export interface ToldEntriesOptions {
  readonly clusterId: ClusterId;
  readonly core: Readonly<RaftCore>;
  readonly log: Pick<LogStore, 'read'>;
  readonly projection: Pick<Projection, 'refused'>;
}

export interface EntryEvents {
  readonly term: Term;
  readonly events: readonly FeedEvent[];
}

/** What one reader has read of the log on disk: entries ahead of it, and the events of the one that it is at. */
export interface ReadAhead {
  entries: readonly Entry[];
  at: { readonly index: LogIndex; readonly told: EntryEvents } | null;
}

export class ToldEntries {
  readonly #options: ToldEntriesOptions;
  readonly #recent = new Map<LogIndex, EntryEvents & { readonly chars: number }>();
  #recentEvents = 0;
  #recentChars = 0;

  constructor(options: ToldEntriesOptions) {
    this.#options = options;
  }

  /** What came before the next one, and with it this one, can not be told any more. */
  get forgottenThrough(): LogIndex {
    const { core, projection } = this.#options;
    return Math.max(core.log.base.index, projection.refused.knownAfter);
  }

  /** Just applied, and somebody reads. */
  keep(index: LogIndex, content: EntryContent): void {
    const { clusterId, core, projection } = this.#options;
    const says = { kind: 'events' as const, content, refused: projection.refused.at(index) };
    const entry = recentEntry(core.log, index);
    // Then the log has to be asked for it all the same.
    if (entry === undefined) return;
    const { term } = entry;
    const chars = entry.data.length;
    const events = eventsOf(clusterId, { index, term, says });
    this.#recent.set(index, { term, events, chars });
    this.#recentEvents += events.length;
    this.#recentChars += chars;
    for (const oldest of this.#recent.keys()) {
      if (!this.#isFull) return;
      this.#forget(oldest);
    }
  }

  get #isFull(): boolean {
    return (
      this.#recentEvents > FEED_RECENT_EVENTS_MAX ||
      this.#recent.size > FEED_RECENT_ENTRIES_MAX ||
      this.#recentChars > FEED_RECENT_CHARS_MAX
    );
  }

  /** Everybody who reads has passed it. */
  forgetBefore(index: LogIndex): void {
    for (const oldest of this.#recent.keys()) {
      if (oldest >= index) return;
      this.#forget(oldest);
    }
  }

  #forget(index: LogIndex): void {
    const { events, chars } = this.#recent.get(index) ?? { events: [], chars: 0 };
    this.#recentEvents -= events.length;
    this.#recentChars -= chars;
    this.#recent.delete(index);
  }

  forgetAll(): void {
    this.#recent.clear();
    this.#recentEvents = 0;
    this.#recentChars = 0;
  }

  /** Of an applied entry behind `forgottenThrough`. */
  at(index: LogIndex, ahead: ReadAhead): EntryEvents {
    const recent = this.#recent.get(index);
    if (recent !== undefined) return recent;
    if (ahead.at?.index !== index) ahead.at = { index, told: this.#read(index, ahead) };
    return ahead.at.told;
  }

  #read(index: LogIndex, ahead: ReadAhead): EntryEvents {
    const { clusterId, core, projection } = this.#options;
    const entry = recentEntry(core.log, index) ?? this.#readEntry(index, ahead);
    if (entry === undefined) throw new RangeError(`entry ${index} is not in the log`);
    const told = toldEntry(entry, projection.refused.at(index));
    return { term: entry.term, events: told === null ? [] : eventsOf(clusterId, told) };
  }

  #readEntry(index: LogIndex, ahead: ReadAhead): Entry | undefined {
    const offset = index - (ahead.entries[0]?.index ?? index);
    const known = ahead.entries[offset];
    if (known?.index === index) return known;
    ahead.entries = this.#options.log.read(index, FEED_READ_BYTES);
    return ahead.entries[0];
  }
}
