import type { TraceBook } from '../../trace/trace-book.ts';
import { ALL, type Filter, passes } from '../../trace/what-happened.ts';

/** The places of the lines that a filter lets through. A line is looked at once: what comes later is only added. */
export class FilteredPlaces {
  #filter: Filter = ALL;
  #book: TraceBook | null = null;
  #next = 0;
  #places: number[] = [];

  of(book: TraceBook, filter: Filter): readonly number[] {
    if (book !== this.#book || filter !== this.#filter) {
      this.#book = book;
      this.#filter = filter;
      this.#next = book.first;
      this.#places = [];
    }
    for (let place = Math.max(this.#next, book.first); place < book.end; place += 1) {
      const line = book.line(place);
      if (line !== undefined && passes(line, filter)) this.#places.push(place);
    }
    this.#next = book.end;
    const kept = this.#places.findIndex((place) => place >= book.first);
    if (kept > 0) this.#places = this.#places.slice(kept);
    else if (kept < 0) this.#places = [];
    return this.#places;
  }
}
