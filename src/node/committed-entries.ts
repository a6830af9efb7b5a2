import { InvariantBroken, invariant } from '../invariant.ts';
import type { RaftCore } from '../raft/core.ts';
import { recentEntry } from '../raft/raft-log.ts';
import type { Entry, LogIndex } from '../raft/types.ts';
import type { LogStore } from '../store/log-store.ts';
import type { Projection } from '../store/projection.ts';
import { decodeEntry } from '../tasks/entry.ts';
import { type EntityRef, needsOf } from '../tasks/needs.ts';
import { APPLY_AHEAD_CHARS_MAX, APPLY_AHEAD_ENTRIES_MAX, APPLY_AHEAD_REFS_MAX, REPLAY_READ_BYTES } from './limits.ts';
import type { OwnEntry, ProposalQueue } from './proposal-queue.ts';

export type Said = Pick<OwnEntry, 'data' | 'content'>;

export interface CommittedEntriesOptions {
  readonly core: RaftCore;
  readonly log: LogStore;
  readonly projection: Projection;
  readonly proposals: ProposalQueue;
}

/**
 * What committed entries say, from memory or from the log, a page at a time. Those ahead of the one that is folded are looked at for what
 * they will need, so that a replay asks the state's worker once for many of them; they are decoded once all the same.
 */
export class CommittedEntries {
  readonly #options: CommittedEntriesOptions;
  #page: readonly Entry[] = [];
  /** Of entries that were looked at and are not folded: APPLY_AHEAD_ENTRIES_MAX and one, at most. */
  readonly #decoded = new Map<LogIndex, Said>();
  /** What entries up to here need was asked for. */
  #lookedThrough: LogIndex = 0;

  constructor(options: CommittedEntriesOptions) {
    this.#options = options;
  }

  /** Null for an entry that says nothing about tasks. */
  said(index: LogIndex): Said | null {
    const own = this.#options.proposals.at(index);
    if (own !== undefined) return own;
    const entry = this.#inMemory(index) ?? this.#read(index);
    invariant(entry?.index === index, 'I4', `entry ${index} is committed and not in the log`);
    if (entry.kind !== 'events') return null;
    const said = this.#decode(entry);
    // Skipping what one does not know would part this node from the others (I4).
    if (typeof said === 'string') throw new InvariantBroken('I4', `entry ${index} is ${said}: run a newer xcron`);
    return said;
  }

  folded(index: LogIndex): void {
    this.#decoded.delete(index);
    if (this.#page.at(-1)?.index === index) this.#page = [];
  }

  /** The state is another one: what lies ahead is something else. */
  replaced(): void {
    this.#page = [];
    this.#decoded.clear();
    this.#lookedThrough = 0;
  }

  /**
   * What entries behind this one will need and is not in memory, as the state is now: what earlier ones of them change is seen when it is
   * their turn. Nothing where this one was looked at before: the cache does not hold as much as is ahead, or its needs have changed.
   */
  missingBehind(index: LogIndex): readonly EntityRef[] {
    if (index <= this.#lookedThrough) return [];
    const { core, projection } = this.#options;
    const through = Math.min(core.committedTold, index + APPLY_AHEAD_ENTRIES_MAX);
    const refs: EntityRef[] = [];
    let chars = 0;
    this.#lookedThrough = index;
    for (let next = index + 1; next <= through && chars < APPLY_AHEAD_CHARS_MAX; next += 1) {
      const said = this.#peek(next);
      if (said === undefined) break;
      const missing = said === null ? [] : projection.missing(needsOf(said.content));
      if (refs.length + missing.length > APPLY_AHEAD_REFS_MAX) break;
      refs.push(...missing);
      chars += said?.data.length ?? 0;
      this.#lookedThrough = next;
    }
    return refs;
  }

  /** Undefined where it would have to be read first, or cannot be understood. */
  #peek(index: LogIndex): Said | null | undefined {
    const own = this.#options.proposals.at(index);
    if (own !== undefined) return own;
    const entry = this.#inMemory(index);
    if (entry === undefined) return undefined;
    if (entry.kind !== 'events') return null;
    const said = this.#decode(entry);
    return typeof said === 'string' ? undefined : said;
  }

  #decode({ index, data }: Entry): Said | string {
    const known = this.#decoded.get(index);
    if (known !== undefined) return known;
    const decoded = decodeEntry(data);
    if (!decoded.ok) return decoded.error;
    const said = { data, content: decoded.value };
    this.#decoded.set(index, said);
    return said;
  }

  #inMemory(index: LogIndex): Entry | undefined {
    return recentEntry(this.#options.core.log, index) ?? this.#page[index - (this.#page[0]?.index ?? index)];
  }

  /** What is not committed may yet be replaced by something else. */
  #read(index: LogIndex): Entry | undefined {
    const { core, log } = this.#options;
    this.#page = log.read(index, REPLAY_READ_BYTES).slice(0, core.committedTold - index + 1);
    return this.#page[0];
  }
}
