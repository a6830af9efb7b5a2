import type { Clock } from '../clock.ts';
import type { Hail } from '../raft/forming.ts';
import type { ClusterId, Incarnation, InstanceId, MemberId } from '../raft/types.ts';
import { Arrivals } from './arrivals.ts';
import { EntryBytes, type Origin, type Packed, packBatch, packHail } from './batch-codec.ts';
import { type DropCause, noCounts, type TransportCounts } from './counts.ts';
import { packFrame } from './frame.ts';
import { RECENT_PEERS_MAX } from './limits.ts';
import type { NatsAccess } from './nats-access.ts';
import { createSigning, type Signing } from './signing.ts';
import { EVERYONE, instanceOf, LANES, type Lane, type Names, nodeOf, subjectsFor, subjectTo } from './subjects.ts';
import type { PeerBatch, Transport, TransportListener } from './transport.ts';
import { Wire } from './wire.ts';

/** The port over core NATS: two connections, one for pieces of snapshots alone. What arrives is judged before it is told (I2). */
export interface NatsTransportOptions {
  readonly access: NatsAccess;
  readonly names: Names;
  readonly instance: InstanceId;
  readonly incarnation: Incarnation;
  /** Null until the cluster is found: until then only hails are said and heard. */
  readonly clusterId: () => ClusterId | null;
  /** XCRON_CLUSTER_SECRET. Null: messages are not signed. */
  readonly secret: string | null;
  readonly clock: Clock;
  readonly events: NatsEvents;
}

export interface NatsEvents {
  connected(server: string): void;
  disconnected(why: string): void;
  /** The server's permissions forbid it. */
  refused(what: string): void;
  dropped(from: MemberId, cause: string): void;
  /** Whoever takes messages threw: a bug, after which the node is not to be trusted. */
  failed(error: Error): void;
}

export function createNatsTransport(options: NatsTransportOptions): Transport {
  return new NatsTransport(options);
}

class NatsTransport implements Transport {
  readonly #options: NatsTransportOptions;
  readonly #signing: Signing;
  readonly #counts: TransportCounts = noCounts();
  readonly #wires: Readonly<Record<Lane, Wire>>;
  readonly #numbers: Record<Lane, number> = { raft: 0, bulk: 0 };
  readonly #arrivals: Readonly<Record<Lane, Arrivals>>;
  readonly #entryBytes = new EntryBytes();
  readonly #recentPeers: Readonly<Record<Lane, Set<MemberId>>> = { raft: new Set(), bulk: new Set() };
  #listener: TransportListener | null = null;
  #forgetting = false;
  #connections = 0;

  constructor(options: NatsTransportOptions) {
    this.#options = options;
    this.#signing = createSigning(options.secret);
    const judging = { ...options, signing: this.#signing };
    this.#arrivals = { raft: new Arrivals(judging), bulk: new Arrivals(judging) };
    this.#wires = { raft: this.#wire('raft'), bulk: this.#wire('bulk') };
  }

  listen(listener: TransportListener): void {
    this.#listener = listener;
  }

  send(to: MemberId, batch: PeerBatch): void {
    const chunks = batch.raft.filter(({ type }) => type === 'snapshot-chunk');
    if (chunks.length < batch.raft.length || chunks.length === 0) {
      const rest = chunks.length === 0 ? batch : { ...batch, raft: batch.raft.filter((one) => !chunks.includes(one)) };
      this.#sendBatch('raft', to, rest);
    }
    for (const chunk of chunks) this.#sendBatch('bulk', to, { ...batch, raft: [chunk], notes: [] });
  }

  hail(hail: Hail): void {
    this.#publish('raft', EVERYONE, (origin) => packHail(origin, hail));
  }

  handedOver(): Promise<void> | null {
    return this.#wires.raft.leaving;
  }

  counts(): TransportCounts {
    return this.#counts;
  }

  trouble(): string | null {
    return this.#wires.raft.trouble ?? this.#wires.bulk.trouble;
  }

  async close(): Promise<void> {
    this.#listener = null;
    await Promise.all(LANES.map((lane) => this.#wires[lane].close()));
  }

  #wire(lane: Lane): Wire {
    const { access, names, clock, events } = this.#options;
    const isFirst = lane === 'raft';
    return new Wire({
      access,
      name: `xcron ${names.cluster}/${names.nodeId}${isFirst ? '' : ` ${lane}`}`,
      clock,
      subjects: [subjectsFor(names, lane, names.nodeId), ...(isFirst ? [subjectsFor(names, lane, EVERYONE)] : [])],
      take: (subject, data) => this.#take(lane, subject, data),
      connected: (server) => {
        if (!isFirst) return;
        this.#connections += 1;
        if (this.#connections > 1) this.#counts.reconnects += 1;
        events.connected(server);
      },
      disconnected: (why) => {
        for (const peer of this.#recentPeers[lane]) this.#listener?.unreachable(peer);
        this.#recentPeers[lane].clear();
        if (isFirst) events.disconnected(why);
      },
      refused: events.refused,
      failed: events.failed,
    });
  }

  #sendBatch(lane: Lane, to: MemberId, batch: PeerBatch): void {
    this.#forgetEntriesAfterTurn();
    const isSent = this.#publish(lane, nodeOf(to), (origin) =>
      packBatch(origin, instanceOf(to), batch, this.#entryBytes),
    );
    if (!isSent) this.#listener?.unreachable(to);
    else if (this.#recentPeers[lane].size < RECENT_PEERS_MAX) this.#recentPeers[lane].add(to);
  }

  #publish(lane: Lane, to: string, pack: (origin: Origin) => Packed): boolean {
    const { names, instance, incarnation, clusterId } = this.#options;
    // Not worth packing: the client would forget it.
    if (!this.#wires[lane].isConnected) {
      this.#counts.lost.disconnected += 1;
      return false;
    }
    this.#numbers[lane] += 1;
    const { headJson, blobs } = pack({ clusterId: clusterId(), instance, incarnation, number: this.#numbers[lane] });
    const subject = subjectTo(names, lane, to);
    const frame = packFrame(subject, headJson, blobs, this.#signing);
    const notSent = this.#wires[lane].publish(subject, frame);
    if (notSent !== null) {
      this.#counts.lost[notSent] += 1;
      return false;
    }
    this.#counts.sentMessages += 1;
    this.#counts.sentBytes += frame.length;
    return true;
  }

  #forgetEntriesAfterTurn(): void {
    if (this.#forgetting) return;
    this.#forgetting = true;
    queueMicrotask(() => {
      this.#forgetting = false;
      this.#entryBytes.forget();
    });
  }

  #take(lane: Lane, subject: string, data: Uint8Array): void {
    this.#counts.receivedMessages += 1;
    this.#counts.receivedBytes += data.length;
    const arrival = this.#arrivals[lane].judge(subject, data);
    switch (arrival.kind) {
      case 'batch':
        this.#listener?.received(arrival.from, arrival.batch);
        return;
      case 'hail':
        this.#listener?.hailed(arrival.said);
        return;
      case 'dropped':
        this.#counts.dropped[arrival.cause] += 1;
        this.#options.events.dropped(arrival.from, DROPPED_BECAUSE[arrival.cause]);
    }
  }
}

const DROPPED_BECAUSE: Readonly<Record<DropCause, string>> = {
  garbled:
    'a message that is none, or that was changed on its way; a node with a cluster secret makes such to one without',
  forged: 'a message that is not signed with the secret of this cluster',
  foreign: 'a message of another cluster',
  misaddressed: 'a message to an earlier instance of this node',
  stale: 'a message that came twice, late, or from an earlier start',
};
