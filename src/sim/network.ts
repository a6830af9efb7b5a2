import type { EventQueue } from './event-queue.ts';
import type { Random } from './random.ts';

/**
 * NATS as members see it (I2): per-pair order holds within a connection; messages get lost, doubled, held back and delivered in one
 * burst, and overtake each other when a connection is made anew. Addresses are node numbers, because a subject names a node.
 */
export interface Network<Message> extends Links {
  send(from: number, to: number, incarnation: number, message: Message): void;
}

/** What can be done to the network, whatever passes over it. */
export interface Links {
  /** Ambient conditions, until changed again. */
  weather: Weather;
  /** Nothing passes in this direction until it is opened as often as it was blocked. */
  block(from: number, to: number): void;
  open(from: number, to: number): void;
  /** What is sent in this direction waits, and arrives in one burst. */
  hold(from: number, to: number): void;
  release(from: number, to: number): void;
  /** A new connection: what is still on its way may arrive after what is sent from now on. */
  reconnect(node: number): void;
  /** Every link is open, nothing is held. */
  heal(): void;
}

export interface Weather {
  readonly delayMinMs: number;
  readonly delayMaxMs: number;
  /** Probabilities, of each message. */
  readonly loss: number;
  readonly duplication: number;
}

const FAIR_WEATHER: Weather = { delayMinMs: 0.2, delayMaxMs: 1.5, loss: 0, duplication: 0 };

interface Link {
  blocked: number;
  held: number;
  readonly waiting: (() => void)[];
  lastArrivalMs: number;
}

/** A copy comes up to this much later. */
const DUPLICATE_LATER_MS = 40;
/** A link that is held longer is a broken one: what waits is bounded. */
const WAITING_MAX = 2_000;

export function createNetwork<Message>(
  nodes: number,
  queue: EventQueue,
  random: Random,
  deliver: (to: number, incarnation: number, message: Message) => void,
): Network<Message> {
  const links: Link[] = Array.from({ length: nodes * nodes }, () => ({
    blocked: 0,
    held: 0,
    waiting: [],
    lastArrivalMs: 0,
  }));
  const link = (from: number, to: number): Link => {
    const found = links[from * nodes + to];
    if (found === undefined) throw new RangeError(`no link from ${from} to ${to}`);
    return found;
  };

  const network: Network<Message> = {
    weather: FAIR_WEATHER,
    send(from, to, incarnation, message) {
      const over = link(from, to);
      const { delayMinMs, delayMaxMs, loss, duplication } = network.weather;
      if (over.blocked > 0 || random.chance(loss)) return;
      const arrive = (): void => {
        if (over.blocked === 0) deliver(to, incarnation, message);
      };
      const travel = (): void => {
        const atMs = Math.max(over.lastArrivalMs, queue.nowMs + random.between(delayMinMs, delayMaxMs));
        over.lastArrivalMs = atMs;
        queue.after(atMs - queue.nowMs, arrive);
      };
      if (random.chance(duplication)) queue.after(random.next() * DUPLICATE_LATER_MS, arrive);
      if (over.held === 0) travel();
      else if (over.waiting.length < WAITING_MAX) over.waiting.push(travel);
    },
    block(from, to) {
      link(from, to).blocked += 1;
    },
    open(from, to) {
      const over = link(from, to);
      over.blocked = Math.max(0, over.blocked - 1);
    },
    hold(from, to) {
      link(from, to).held += 1;
    },
    release(from, to) {
      const over = link(from, to);
      over.held = Math.max(0, over.held - 1);
      if (over.held === 0) for (const travel of over.waiting.splice(0)) travel();
    },
    reconnect(node) {
      for (let other = 0; other < nodes; other += 1) {
        link(node, other).lastArrivalMs = 0;
        link(other, node).lastArrivalMs = 0;
      }
    },
    heal() {
      network.weather = FAIR_WEATHER;
      for (const over of links) {
        over.blocked = 0;
        over.held = 0;
        for (const travel of over.waiting.splice(0)) travel();
      }
    },
  };
  return network;
}
