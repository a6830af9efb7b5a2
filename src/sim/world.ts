import type { RaftCore } from '../raft/core.ts';
import type { Message } from '../raft/messages.ts';
import type { Effect } from '../raft/ports.ts';
import { roleOf } from '../raft/role.ts';
import type { Configuration, Incarnation, InstanceId, LogIndex, NodeId } from '../raft/types.ts';
import { createHistory, type History } from './checks/history.ts';
import * as safety from './checks/safety.ts';
import { createSimulatedClock } from './clock.ts';
import { type DiskWrite, SimulatedDisk, type StoredState } from './disk.ts';
import { createEventQueue, type EventQueue } from './event-queue.ts';
import type { AnyHost, FaultyWorld } from './faulty-world.ts';
import { hashText } from './hash.ts';
import { Host } from './host.ts';
import { createNetwork, type Network } from './network.ts';
import { RaftProcess, type Surroundings } from './raft-process.ts';
import { createRandom, type Random } from './random.ts';
import { garbled } from './snapshot-pieces.ts';
import { createTrace, type Trace } from './trace.ts';
import { followProcess, type TraceFile } from './trace-file.ts';

/** Hosts, the network between them, and the checkers that watch both. */

export interface WorldOptions {
  readonly seed: number;
  readonly file: TraceFile | null;
}

/** How the clusters of one run look; drawn from its seed. */
interface Shape {
  readonly nodes: number;
  readonly voters: number;
  readonly tickMs: number;
  readonly compactAfterEntries: number;
}

const HEARTBEAT_MS = 20;
const ELECTION_TIMEOUT_MIN_MS = 100;
const ELECTION_TIMEOUT_MAX_MS = 200;
/** A process that died of its disk is started again after this. */
const RESTART_MS = 150;

export class World {
  readonly queue: EventQueue = createEventQueue();
  readonly history: History = createHistory();
  readonly network: Network<Message>;
  readonly hosts: readonly Host[];
  readonly trace: Trace;
  readonly shape: Shape;
  /** A removal that is asked for and not settled: whoever plans the cluster's losses waits for it. */
  removing: { readonly host: Host; readonly incarnation: Incarnation } | null = null;
  /** Stays down while the others are to recover. */
  keptDown: Host | null = null;
  garbling: NonNullable<FaultyWorld['garbling']> | null = null;
  onChange: ((leader: AnyHost) => void) | null = null;
  onCandidate: ((candidate: AnyHost) => void) | null = null;
  onApplied: (index: LogIndex, data: string) => void = () => {};
  readonly counts = { elections: 0, messages: 0, snapshotsInstalled: 0, piecesGarbled: 0 };
  readonly #seed: number;
  readonly #diskRandom: Random;
  readonly #garbleRandom: Random;
  readonly #snapshots = new Map<string, StoredState>();
  /** Receiver and sender → the newest incarnation heard: an older one is stale, and the transport drops it. */
  readonly #heard = new Map<string, Incarnation>();
  readonly #surroundings: Surroundings;

  constructor({ seed, file }: WorldOptions) {
    this.#seed = seed;
    this.trace = createTrace(file);
    this.#diskRandom = createRandom(seed, 'disk');
    this.#garbleRandom = createRandom(seed, 'garbling');
    this.shape = shapeOf(createRandom(seed, 'shape'));
    const { nodes, voters } = this.shape;
    this.network = createNetwork(nodes, this.queue, createRandom(seed, 'network'), (to, incarnation, message) =>
      this.#deliver(to, incarnation, message),
    );
    this.hosts = Array.from({ length: nodes }, (_, number) => this.#host(number));
    this.#surroundings = this.#surround(file);
    const first: Configuration = {
      members: this.hosts.slice(0, voters).map(({ nodeId, instance }) => ({ nodeId, instance, kind: 'voter' })),
    };
    for (const host of this.hosts.slice(0, voters)) this.#form(host, first);
  }

  begin(): void {
    for (const host of this.hosts) this.start(host);
  }

  #host(number: number): Host {
    const clock = createSimulatedClock(this.queue);
    const host: Host = new Host(
      number,
      this.queue,
      clock,
      this.#emptyDisk(() => host),
    );
    return host;
  }

  #emptyDisk(host: () => Host): SimulatedDisk {
    return new SimulatedDisk(this.queue, this.#diskRandom, (write) => this.#durable(host(), write));
  }

  #form(host: Host, first: Configuration): void {
    const entry = { index: 1, term: 0, kind: 'configuration', data: JSON.stringify(first) } as const;
    safety.writes(this.history, host.member, { kind: 'log', entries: [entry] });
    host.disk.form(entry);
  }

  #surround(file: TraceFile | null): Surroundings {
    const { tickMs, compactAfterEntries } = this.shape;
    return {
      timings: {
        heartbeatMs: HEARTBEAT_MS,
        electionTimeoutMinMs: ELECTION_TIMEOUT_MIN_MS,
        electionTimeoutMaxMs: ELECTION_TIMEOUT_MAX_MS,
      },
      tickMs,
      compactAfterEntries,
      random: createRandom(this.#seed, 'process'),
      tracing: ({ nodeId }) => (file === null ? null : followProcess(file, nodeId, () => this.queue.nowMs)),
      send: (host, message) => this.#send(host, message),
      failed: (host) => {
        this.stop(host);
        this.queue.after(RESTART_MS, () => this.start(host));
      },
      snapshot: (id) => this.#snapshots.get(id),
      keepSnapshot: (id, state) => this.#snapshots.set(id, state),
      watch: {
        stepped: (host, core) => safety.looksAtRole(this.history, host.member, core),
        turned: (host, core) => this.#turned(host, core),
        writes: (host, write) => this.#writes(host, write),
        applied: (host, index, hash, data) => this.#applied(host, index, hash, data),
        installs: (host, state) => {
          this.counts.snapshotsInstalled += 1;
          safety.installs(this.history, host.member, state);
        },
        effect: (host, effect) => this.#effect(host, effect),
      },
    };
  }

  /** Runs the next event. */
  step(): void {
    if (!this.queue.step()) throw new Error('nothing is left to happen');
  }

  start(host: Host): void {
    if (host.process !== null || host === this.keptDown) return;
    const reaches = host.disk.giveUpDamaged();
    if (reaches !== null) safety.lost(this.history, host.member, reaches);
    safety.started(this.history, host.member, host.disk.read());
    const process = new RaftProcess(host, this.#surroundings);
    host.process = process;
    this.note(host, 'started', host.incarnation, process.core.log.lastIndex);
    process.start();
  }

  /** `surviving`: so many of the writes that were under way reached the disk all the same. */
  stop(host: Host, surviving = 0): void {
    if (host.process === null) return;
    host.stop();
    host.disk.crash(surviving);
    this.note(host, 'stopped', surviving, host.disk.lastIndex);
  }

  /** The disk is a new one, and with it the instance. */
  wipe(host: Host): void {
    this.stop(host);
    host.instance = nextInstance(host.instance);
    host.disk = this.#emptyDisk(() => host);
    this.note(host, 'wiped', 0, 0);
  }

  loseTail(host: Host, count: number): void {
    safety.lost(this.history, host.member, host.disk.loseTail(count));
    this.note(host, 'lost-tail', count, host.disk.lastIndex);
  }

  logEnd(host: Host): LogIndex {
    return host.disk.lastIndex;
  }

  damageRow(host: Host, back: number): boolean {
    return host.disk.damage(back);
  }

  *configurations(): Iterable<Configuration> {
    for (const { log } of this.history.members.values()) {
      for (const { configuration } of log.configurations.slice(-3)) yield configuration;
    }
  }

  hostOf(nodeId: NodeId): Host | undefined {
    return this.hosts[Number(nodeId.slice(1)) - 1];
  }

  /** Of those that lead, the one of the latest term. */
  get leader(): Host | null {
    let latest: Host | null = null;
    for (const host of this.hosts) {
      if (host.process === null || roleOf(host.process.core.role) !== 'leader') continue;
      if (latest?.process == null || latest.process.core.role.context.term < host.process.core.role.context.term) {
        latest = host;
      }
    }
    return latest;
  }

  note(host: Host | null, kind: string, a: number, b: number, more?: () => object): void {
    this.trace.note(this.queue.nowMs, host?.number ?? -1, kind, a, b, more);
  }

  #send(host: Host, message: Message): void {
    safety.sent(this.history, message);
    this.counts.messages += 1;
    this.note(host, message.type, message.term, hashText(message.to), () => ({ to: message.to, term: message.term }));
    const to = Number(message.to.slice(1, message.to.indexOf('/'))) - 1;
    this.network.send(host.number, to, host.incarnation, message);
    if (message.type === 'vote' && this.onCandidate !== null) {
      // All questions leave before it sleeps.
      const { onCandidate } = this;
      this.onCandidate = null;
      this.queue.after(0, () => onCandidate(host));
    }
  }

  #deliver(to: number, incarnation: Incarnation | number, message: Message): void {
    const host = this.hosts[to];
    if (host === undefined || host.process === null) return;
    const key = `${host.member} ${message.from}`;
    const newest = this.#heard.get(key) ?? 0;
    if (incarnation < newest) return;
    this.#heard.set(key, incarnation as Incarnation);
    const { process } = host;
    const arrived = this.#asItArrives(message);
    host.now(() => process.receive(arrived));
  }

  #asItArrives(message: Message): Message {
    const { garbling } = this;
    if (garbling === null || message.type !== 'snapshot-chunk' || !this.#garbleRandom.chance(garbling.share))
      return message;
    this.counts.piecesGarbled += 1;
    return garbled(message, garbling.where);
  }

  #writes(host: Host, write: DiskWrite): void {
    safety.writes(this.history, host.member, write);
  }

  #durable(host: Host, write: DiskWrite): void {
    this.note(host, 'durable', host.disk.lastIndex, host.disk.hardState.term);
    safety.becameDurable(this.history, host.member, write);
  }

  #applied(host: Host, index: LogIndex, hash: number, data: string): void {
    this.note(host, 'applied', index, hash);
    safety.applied(this.history, host.member, index, hash);
    this.onApplied(index, data);
  }

  #turned(host: Host, core: RaftCore): void {
    safety.looksAtProgress(this.history, host.member, core);
  }

  #interrupt(leader: Host): void {
    const { onChange } = this;
    this.onChange = null;
    onChange?.(leader);
  }

  #effect(host: Host, effect: Effect): void {
    if (effect.type === 'role-changed') {
      if (effect.role === 'leader') this.counts.elections += 1;
      this.note(host, effect.role, effect.term, hashText(effect.leader ?? ''), () => ({
        term: effect.term,
        leader: effect.leader,
      }));
    } else if (effect.type === 'dropped') {
      this.note(host, 'dropped', hashText(effect.cause), 0, () => ({ from: effect.from, cause: effect.cause }));
    } else if (effect.type === 'configuration-changed') {
      this.note(host, effect.type, effect.placed.index, 0, () => effect.placed);
      if (host === this.leader) this.#interrupt(host);
    }
  }
}

const nextInstance = (instance: InstanceId): InstanceId => `i${Number(instance.slice(1)) + 1}` as InstanceId;

function shapeOf(random: Random): Shape {
  const voters = random.pick([1, 2, 3, 3, 3, 3, 4, 5, 5]);
  return {
    voters,
    nodes: Math.max(3, voters + random.below(3)),
    tickMs: random.between(5, 20),
    compactAfterEntries: random.pick([10, 40, 200, 1_000_000]),
  };
}
