import type { LogIndex } from '../raft/types.ts';
import type { Projection } from '../store/projection.ts';
import type { EntryContent, PairResult } from '../tasks/entry.ts';
import { AppliedEventFeed, type EventFeedOptions } from './event-feed.ts';
import { MembersTold, type MembersToldOptions } from './members-told.ts';
import { Recounting } from './recounting.ts';
import { Statistics, sourceOf } from './statistics.ts';

/** Readers beside the state: what is folded is told to whoever asks, and counted. Nothing is decided by it. */
export class Observing {
  readonly feed: AppliedEventFeed;
  readonly statistics: Statistics;
  readonly #recounting: Recounting;
  readonly #members: MembersTold;

  constructor(options: EventFeedOptions & MembersToldOptions & { readonly projection: Projection }) {
    this.feed = new AppliedEventFeed(options);
    this.statistics = new Statistics(sourceOf(options.projection.entities));
    this.#recounting = new Recounting({ ...options, into: this.statistics });
    this.#members = new MembersTold(options);
  }

  applied(index: LogIndex, content: EntryContent, results: readonly PairResult[]): void {
    this.statistics.applied(content, results);
    this.feed.applied(index, content);
  }

  replaced(): void {
    this.statistics.replaced();
  }

  turned(): void {
    this.feed.turned();
    this.#members.look();
  }

  /** What happened before this start is counted as well. */
  recount(): void {
    this.#recounting.begin();
  }

  stop(): void {
    this.#recounting.stop();
    this.feed.stop();
  }
}
