import type { Clock, Timer } from '../clock.ts';
import type { EventSubscriber, EventSubscription } from '../node/event-reader.ts';
import type { FeedEvent } from '../node/feed-event.ts';
import { EVENT_HEARTBEAT_MS, EVENT_RETRY_MS, EVENTS_STUCK_MS } from './limits.ts';
import type { AnswerStream } from './operation.ts';

/**
 * One reader of `/v1/events`, as Server-Sent Events (WHATWG HTML §9.2). Whoever takes nothing is told nothing: the feed waits at its
 * place, what the socket holds is one batch, and after EVENTS_STUCK_MS the connection is cut. A heartbeat carries the id as
 * well, so that a reader who wants few events does not begin far behind when it comes back.
 */
export class EventStream implements EventSubscriber {
  readonly wants: (event: FeedEvent) => boolean;
  readonly #clock: Clock;
  #subscription: EventSubscription | null = null;
  #to: AnswerStream | null = null;
  #heartbeat: Timer | null = null;
  #stuck: Timer | null = null;

  constructor(clock: Clock, wants: (event: FeedEvent) => boolean) {
    this.#clock = clock;
    this.wants = wants;
  }

  begin(subscription: EventSubscription, to: AnswerStream): void {
    this.#subscription = subscription;
    this.#to = to;
    to.onDrained(() => this.#drained());
    this.#write(`retry: ${EVENT_RETRY_MS}\nid: ${subscription.id}\n\n`);
    this.#beat();
    // Last: of one that has gone already it is called at once, and ends what was begun here.
    to.onClosed(() => this.#over());
  }

  events(events: readonly FeedEvent[]): void {
    let text = '';
    for (const event of events) text += `id: ${event.id}\nevent: ${event.kind}\ndata: ${event.text}\n\n`;
    this.#write(text);
  }

  gap({ id, reason }: Parameters<EventSubscriber['gap']>[0]): void {
    const data = { id, kind: 'gap', reason, detail: GAP_IN_WORDS[reason] };
    this.#write(`id: ${id}\nevent: gap\ndata: ${JSON.stringify(data)}\n\n`);
  }

  ended(why: 'stopping' | 'storage_failed'): void {
    this.#write(`event: end\ndata: ${JSON.stringify({ kind: 'end', reason: why })}\n\n`);
    this.#to?.end();
    this.#over();
  }

  #write(text: string): void {
    if (this.#to === null || this.#to.write(text) || this.#stuck !== null) return;
    this.#subscription?.pause();
    this.#stuck = this.#clock.setTimer(EVENTS_STUCK_MS, () => {
      this.#subscription?.close('slow');
      this.#to?.cutOff();
      this.#over();
    });
  }

  #drained(): void {
    this.#stuck?.cancel();
    this.#stuck = null;
    this.#subscription?.resume();
  }

  #beat(): void {
    this.#heartbeat = this.#clock.setTimer(EVENT_HEARTBEAT_MS, () => {
      if (this.#stuck === null) this.#write(`: heartbeat\nid: ${this.#subscription?.id ?? ''}\n\n`);
      this.#beat();
    });
  }

  #over(): void {
    this.#subscription?.close('done');
    this.#heartbeat?.cancel();
    this.#stuck?.cancel();
    this.#to = null;
  }
}

const GAP_IN_WORDS = {
  forgotten: 'events behind this id were passed over: the log of this node does not hold them any more',
  replaced: 'the log of this node has another entry where this id points to: events may have been passed over',
} as const;
