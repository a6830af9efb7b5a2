import { connect, headers, type NatsConnection } from 'nats';
import type { Clock, Timer } from '../clock.ts';
import type { SchedulerNode } from '../node/api.ts';
import type { EventSubscriber, EventSubscription } from '../node/event-reader.ts';
import type { FeedEvent } from '../node/feed-event.ts';
import { connectionOptions, type NatsAccess } from '../node/nats-connecting.ts';
import { OFFER_AGAIN_MS, PUBLISHED_BYTES_UNREAD_MAX } from './limits.ts';
import { subjectOfEvent } from './subjects.ts';

/**
 * Events out to NATS, for whoever listens there: each from the leader of its term alone, and so at most once; what happened while the
 * servers were away and another began to lead is not published. Who must not miss any reads `/v1/events`. On a connection of its own, and no
 * faster than the servers read.
 */
export interface NatsEventsOptions {
  readonly access: NatsAccess;
  readonly cluster: string;
  readonly nodeId: string;
  readonly node: SchedulerNode;
  readonly clock: Clock;
  readonly events: {
    connected(): void;
    /** Not published now, and why; it goes on trying. */
    withdrawn(why: string): void;
  };
}

export interface EventPublication {
  close(): Promise<void>;
}

export function publishEvents(options: NatsEventsOptions): EventPublication {
  const { access, cluster, nodeId, node, clock, events } = options;
  let connection: NatsConnection | null = null;
  let subscription: EventSubscription | null = null;
  let retry: Timer | null = null;
  let closing = false;
  let said = '';
  let unreadBytes = 0;

  const subscriber: EventSubscriber = {
    wants: () => true,
    events(told) {
      const { role, term } = node.status();
      if (role === 'leader') for (const event of told) if (event.term === term) publish(event);
      if (unreadBytes > PUBLISHED_BYTES_UNREAD_MAX) untilRead();
    },
    // The leader publishes what it applies: it is behind its own log only after an outage of the servers.
    gap: () => {},
    ended: () => {
      subscription = null;
      again();
    },
  };

  function publish(event: FeedEvent): void {
    if (connection === null || connection.isClosed()) return;
    const data = new TextEncoder().encode(event.text);
    const about = headers();
    // A stream that keeps them knows a second one by it.
    about.set('Nats-Msg-Id', event.id);
    connection.publish(subjectOfEvent(cluster, event.kind), data, { headers: about });
    unreadBytes += data.length;
  }

  function untilRead(): void {
    const asked = connection;
    if (asked === null) return;
    subscription?.pause();
    asked.flush().then(
      () => {
        unreadBytes = 0;
        subscription?.resume();
      },
      // It broke: nothing is published before there is another.
      () => {},
    );
  }

  function again(): void {
    retry?.cancel();
    if (!closing) retry = clock.setTimer(OFFER_AGAIN_MS, () => void begin());
  }

  async function begin(): Promise<void> {
    try {
      connection ??= await connect({
        ...connectionOptions(access, `xcron ${cluster} ${nodeId} events`),
        reconnect: false,
      });
      if (closing) return void (await connection.close());
      // Whoever does not lead has nothing to make up for.
      if (subscription !== null && node.status().role !== 'leader') {
        subscription.close('done');
        subscription = null;
      }
      if (subscription === null) {
        const subscribed = node.feed.subscribe('now', subscriber);
        // It has not found its cluster, or is about to end.
        if (!subscribed.ok) return again();
        subscription = subscribed.value;
      }
      unreadBytes = 0;
      subscription.resume();
      said = '';
      events.connected();
      throw (await connection.closed()) ?? new Error('the connection was closed');
    } catch (error) {
      // Its place is kept: what this node still leads by then is published after it.
      subscription?.pause();
      connection = null;
      if (closing) return;
      const why = wordsOf(error);
      if (why !== said) events.withdrawn(why);
      said = why;
      again();
    }
  }

  void begin();
  return {
    async close() {
      closing = true;
      retry?.cancel();
      subscription?.close('done');
      await connection?.flush().catch(() => {});
      await connection?.close().catch(() => {});
    },
  };
}

/** Of the client's errors the code alone: a message may show what was sent to the server (I11). */
const wordsOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'no connection';
