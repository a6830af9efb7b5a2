import type { MemberId } from '../raft/types.ts';
import { SENDERS_KNOWN_MAX } from './limits.ts';

/**
 * Which message of each member was the last: what comes twice, comes late, or was said by an earlier start of its process, is dropped.
 * A broker that hung may burst out what a process said before it died.
 */
export class Freshness {
  /** The one heard longest ago first. */
  readonly #last = new Map<MemberId, { readonly incarnation: number; readonly number: number }>();

  /** Returns whether it is news, and takes note of it. */
  isNews(from: MemberId, incarnation: number, number: number): boolean {
    const last = this.#last.get(from);
    if (last !== undefined) {
      if (incarnation < last.incarnation) return false;
      if (incarnation === last.incarnation && number <= last.number) return false;
      this.#last.delete(from);
    } else if (this.#last.size >= SENDERS_KNOWN_MAX) {
      for (const oldest of this.#last.keys()) {
        this.#last.delete(oldest);
        break;
      }
    }
    this.#last.set(from, { incarnation, number });
    return true;
  }
}
