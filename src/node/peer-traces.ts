import type { Clock } from '../clock.ts';
import type { RaftCore } from '../raft/core.ts';
import { everyoneIn } from '../raft/membership.ts';
import type { Incarnation, MemberId } from '../raft/types.ts';
import { type MeasuredNote, measured } from './batches.ts';
import {
  TRACE_ANSWER_MS,
  TRACE_NOTE_BYTES_MAX,
  TRACE_PAGE_BYTES_MAX,
  TRACE_PAGE_MAX,
  TRACE_WATCH_MS_MAX,
} from './limits.ts';
import type { PeerNote } from './peer-notes.ts';
import type { TracePage, TracePlace } from './trace-page.ts';
import type { Tracing } from './tracing.ts';

/**
 * The traces of all members through whichever is asked, so that a page has one node to talk to. Whoever looks keeps the trace on for as
 * long as it goes on looking. Pages are small, as they travel with consensus: who looks at a busy node sees a part of it.
 */
export interface PeerTracesOptions {
  readonly core: RaftCore;
  readonly clock: Clock;
  readonly tracing: Tracing;
  readonly incarnation: Incarnation;
  readonly send: (to: MemberId, note: MeasuredNote) => void;
}

export class PeerTraces {
  readonly #options: PeerTracesOptions;
  readonly #waiting = new Map<number, (page: TracePage | null) => void>();
  #asked = 0;

  constructor(options: PeerTracesOptions) {
    this.#options = options;
  }

  /** Null: it does not answer, or is no member. */
  async of(nodeId: string, place: TracePlace | null): Promise<TracePage | null> {
    const { core, clock, send } = this.#options;
    if (core.self.startsWith(`${nodeId}/`)) return this.#page(place, TRACE_PAGE_BYTES_MAX);
    const member = everyoneIn(core.configuration).find((one) => one.startsWith(`${nodeId}/`));
    if (member === undefined) return null;
    this.#asked += 1;
    const askId = this.#asked;
    return new Promise((resolve) => {
      const timer = clock.setTimer(TRACE_ANSWER_MS, () => settle(null));
      const settle = (page: TracePage | null): void => {
        timer.cancel();
        this.#waiting.delete(askId);
        resolve(page);
      };
      this.#waiting.set(askId, settle);
      send(member, measured({ kind: 'trace-asked', askId, place }));
    });
  }

  noted(from: MemberId, note: Extract<PeerNote, { readonly kind: 'trace-asked' | 'trace-told' }>): void {
    if (note.kind === 'trace-told') this.#waiting.get(note.askId)?.(note.page);
    else
      this.#options.send(
        from,
        measured({ kind: 'trace-told', askId: note.askId, page: this.#page(note.place, TRACE_NOTE_BYTES_MAX) }),
      );
  }

  #page(place: TracePlace | null, bytesMax: number): TracePage {
    const { tracing, incarnation } = this.#options;
    tracing.watch(TRACE_WATCH_MS_MAX);
    const line = place?.epoch === incarnation ? place.line : 0;
    const { lines, skipped } = tracing.newest(line, TRACE_PAGE_MAX, bytesMax);
    return { epoch: incarnation, skipped, lines };
  }
}
