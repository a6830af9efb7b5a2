import type { ClusterId, Configuration, Entry, LogIndex, Term } from '../raft/types.ts';
import { decodeEntry, type EntryContent } from '../tasks/entry.ts';
import type { TaskEvent } from '../tasks/event.ts';
import type { TaskId } from '../tasks/task.ts';
import { detailsOf, type EventDetails, membersDetails } from './event-details.ts';
import type { EventKind } from './event-kinds.ts';
import { eventIdOf } from './event-place.ts';

/** What an entry of the log says, where it came into force. */
export interface ToldEntry {
  readonly index: LogIndex;
  readonly term: Term;
  readonly says: /** `refused`: pairs that came to nothing. */
    | { readonly kind: 'events'; readonly content: EntryContent; readonly refused: readonly number[] }
    | { readonly kind: 'term-started' }
    | { readonly kind: 'configuration'; readonly configuration: Configuration };
}

/** What the events of one entry share. */
interface EntryShared {
  readonly clusterId: ClusterId;
  readonly index: LogIndex;
  readonly term: Term;
  /** Log time; null for what no clock was read for. */
  readonly atMs: number | null;
}

type Said = TaskEvent | { readonly type: 'TermStarted' | 'MembersChanged'; readonly details: EventDetails };

/** One event as readers see it. Its text is made when somebody wants it, and once for all of them. */
export class FeedEvent {
  readonly kind: EventKind;
  readonly taskId: TaskId | null;
  /** Its place in the entry. */
  readonly event: number;
  readonly #entry: EntryShared;
  readonly #said: Said;
  readonly #by: string | null;
  #text: string | null = null;

  constructor(entry: EntryShared, event: number, kind: EventKind, said: Said, by: string | null) {
    this.kind = kind;
    this.taskId = 'taskId' in said ? said.taskId : null;
    this.event = event;
    this.#entry = entry;
    this.#said = said;
    this.#by = by;
  }

  get term(): Term {
    return this.#entry.term;
  }

  get id(): string {
    const { clusterId, term, index } = this.#entry;
    return eventIdOf(clusterId, { term, index, event: this.event });
  }

  /** JSON, in one line. */
  get text(): string {
    if (this.#text === null) {
      const { atMs } = this.#entry;
      const at = atMs === null ? null : new Date(atMs).toISOString();
      const details = 'details' in this.#said ? this.#said.details : detailsOf(this.#said);
      this.#text = JSON.stringify({ id: this.id, kind: this.kind, at, by: this.#by, ...details });
    }
    return this.#text;
  }
}

/** Null for an entry that a newer xcron wrote: it was never applied here. */
export function toldEntry({ index, term, kind, data }: Entry, refused: readonly number[]): ToldEntry | null {
  if (kind === 'term-started') return { index, term, says: { kind } };
  if (kind === 'configuration')
    return { index, term, says: { kind, configuration: JSON.parse(data) as Configuration } };
  const decoded = decodeEntry(data);
  return decoded.ok ? { index, term, says: { kind, content: decoded.value, refused } } : null;
}

export function eventsOf(clusterId: ClusterId, { index, term, says }: ToldEntry): readonly FeedEvent[] {
  const where = { clusterId, index, term };
  if (says.kind === 'term-started') return [consensusEvent({ ...where, atMs: null }, 'TermStarted', { term })];
  if (says.kind === 'configuration')
    return [consensusEvent({ ...where, atMs: null }, 'MembersChanged', membersDetails(says.configuration))];
  const { content, refused } = says;
  const entry = { ...where, atMs: content.atMs };
  const events: FeedEvent[] = [];
  // Counts what is not told as well: places stay the same when more is told one day.
  let at = 0;
  for (const [place, pair] of content.pairs.entries()) {
    const isRefused = refused.length > 0 && refused.includes(place);
    for (const event of pair.events) {
      if (!isRefused && event.type !== 'CommandDone' && event.type !== 'IdempotencyKeysExpired')
        events.push(new FeedEvent(entry, at, event.type, event, pair.by));
      at += 1;
    }
  }
  return events;
}

const consensusEvent = (entry: EntryShared, type: 'TermStarted' | 'MembersChanged', details: EventDetails): FeedEvent =>
  new FeedEvent(entry, 0, type, { type, details }, null);
