import type { CommittedEntry, TraceBook } from './trace-book.ts';
import { type FoldedEntry, TracedTasks } from './traced-tasks.ts';

/** The projection at any entry of a book: forward from where one is, or from the last state that was put aside. */
export interface FoldedAt {
  /** Read only: it goes on to be the state of the next entry. */
  readonly state: TracedTasks;
  readonly entry: CommittedEntry;
  readonly folded: FoldedEntry;
}

const ASIDE_EVERY_ENTRIES = 256;

export class FoldHistory {
  readonly #book: TraceBook;
  /** Of the log index that it stands behind. */
  readonly #aside = new Map<number, TracedTasks>();
  #state = new TracedTasks();
  #last: FoldedAt | null = null;

  constructor(book: TraceBook) {
    this.#book = book;
  }

  /** After the committed entry at this position. */
  at(position: number): FoldedAt | null {
    const { committed } = this.#book;
    const wanted = committed[position];
    if (wanted === undefined) return null;
    if (this.#last?.entry.index === wanted.index) return this.#last;
    let next = this.#begin(wanted.index);
    for (; next <= position; next += 1) {
      const entry = committed[next];
      if (entry === undefined) break;
      const folded = this.#state.fold(entry, (pair) => this.#book.refusedOf(entry.index, pair));
      this.#last = { state: this.#state, entry, folded };
      if (next % ASIDE_EVERY_ENTRIES === 0) this.#aside.set(entry.index, new TracedTasks(this.#state));
    }
    return this.#last;
  }

  /** Where to go on from: the state stands before the entry at the position that is given back. */
  #begin(index: number): number {
    const { committed } = this.#book;
    const reached = this.#last?.entry.index ?? 0;
    let from = reached < index ? reached : 0;
    for (const at of this.#aside.keys()) if (at < index && at > from) from = at;
    if (from !== reached || this.#last === null) this.#state = new TracedTasks(this.#aside.get(from) ?? null);
    const next = committed.findIndex((entry) => entry.index > from);
    return next < 0 ? committed.length : next;
  }
}
