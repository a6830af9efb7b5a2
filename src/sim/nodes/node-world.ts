import type { CallbackRequest } from '../../dispatch/callback.ts';
import { CLOCK_KNOWN_MS } from '../../node/limits.ts';
import type { NodeEvents } from '../../node/node-parts.ts';
import { everyoneIn } from '../../raft/membership.ts';
import { idOf } from '../../raft/quorum.ts';
import type { Configuration, Entry, InstanceId, LogIndex, MemberId } from '../../raft/types.ts';
import { StorageRefused } from '../../store/log-store.ts';
import { ENTRY_VERSION } from '../../tasks/entry-version.ts';
import type { TaskEvent } from '../../tasks/event.ts';
import type { PeerBatch } from '../../transport/transport.ts';
import { holds, SafetyBroken } from '../checks/rule.ts';
import { createSimulatedClock } from '../clock.ts';
import { createEventQueue, type EventQueue } from '../event-queue.ts';
import type { FaultyWorld } from '../faulty-world.ts';
import { hashText } from '../hash.ts';
import { Host } from '../host.ts';
import { createNetwork, type Network } from '../network.ts';
import { createRandom, type Random } from '../random.ts';
import { createTrace, type Trace } from '../trace.ts';
import type { TraceFile } from '../trace-file.ts';
import { CarriedOut } from './carried-out.ts';
import { CommittedTasks } from './committed-tasks.ts';
import { DueTimes } from './due-times.ts';
import { createNodeClock, WORLD_BEGINS_MS } from './node-clock.ts';
import { NodeDisk } from './node-disk.ts';
import { type NodeHost, NodeProcess } from './node-process.ts';
import { type NodeShape, shapeOf } from './node-shape.ts';
import { Sendings } from './sendings.ts';
import { SimulatedTarget } from './simulated-target.ts';

/** Hosts that run production nodes, the network and the target between them, and the checkers that watch all of it. */

export interface NodeWorldOptions {
  readonly seed: number;
  readonly file: TraceFile | null;
}

type Passing =
  | { readonly kind: 'batch'; readonly from: MemberId; readonly to: MemberId; readonly batch: PeerBatch }
  | { readonly kind: 'hail'; readonly said: unknown };

/** A process that stopped because something failed it is started again after this. */
const RESTART_MS = 1_500;
/** Every so many entries a node tells the hash of its state, a moment later. */
const COMPARE_EVERY_ENTRIES = 12;
const COMPARE_MS_MAX = 200;

/** How far a clock that is not heard is taken to run on: for so long, at a rate that is off by so much. */
const RAN_ON_MS_MAX = CLOCK_KNOWN_MS * 0.04;

export class NodeWorld implements FaultyWorld {
  readonly queue: EventQueue = createEventQueue();
  readonly network: Network<Passing>;
  readonly hosts: readonly NodeHost[];
  readonly trace: Trace;
  readonly shape: NodeShape;
  readonly target: SimulatedTarget;
  readonly committed: CommittedTasks;
  readonly dueTimes = new DueTimes();
  readonly carriedOut = new CarriedOut();
  readonly sendings: Sendings;
  removing: FaultyWorld['removing'] = null;
  keptDown: NodeHost | null = null;
  /** Everybody is there and well: nobody is to be taken for lost. */
  isCalm = false;
  /** The first thing that was found wrong. Thrown between two events: a node would take it for a failure of its own. */
  broken: unknown = null;
  readonly counts = { removed: 0, stopped: 0, elections: 0, batches: 0, compared: 0, failStops: 0 };
  /** How far each node's wall clock is off. */
  readonly wallOffsetMs: number[];
  readonly #random: Random;
  readonly #file: TraceFile | null;
  readonly #configurations = new Map<MemberId, Configuration[]>();
  readonly #heard = new Map<string, number>();

  constructor({ seed, file }: NodeWorldOptions) {
    this.#file = file;
    this.trace = createTrace(file);
    this.shape = shapeOf(seed);
    this.#random = createRandom(seed, 'node');
    const { nodes, voters } = this.shape;
    this.wallOffsetMs = Array.from({ length: nodes }, () => 0);
    this.network = createNetwork(nodes, this.queue, createRandom(seed, 'network'), (to, incarnation, passing) =>
      this.#deliver(to, incarnation, passing),
    );
    this.committed = new CommittedTasks({
      carriedOut: (by) => this.carriedOut.committed(by),
      told: (event, atMs) => this.#told(event, atMs),
    });
    this.sendings = new Sendings(this.committed);
    this.target = new SimulatedTarget(createRandom(seed, 'target'), (nodeId, incarnation, request, status) =>
      this.#arrived(nodeId, incarnation, request, status),
    );
    this.hosts = Array.from(
      { length: nodes },
      (_, number): NodeHost =>
        new Host(number, this.queue, createSimulatedClock(this.queue), new NodeDisk('i1' as InstanceId)),
    );
    const first: Configuration = {
      members: this.hosts.slice(0, voters).map(({ nodeId, instance }) => ({ nodeId, instance, kind: 'voter' })),
      featureLevel: ENTRY_VERSION,
    };
    const entry: Entry = { index: 1, term: 0, kind: 'configuration', data: JSON.stringify(first) };
    for (const host of this.hosts.slice(0, voters)) {
      this.#wrote(host, [entry]);
      host.disk.form(entry);
    }
  }

  onCommitted: (event: TaskEvent) => void = () => {};

  /** What a clock that is right shows now. */
  get nowMs(): number {
    return WORLD_BEGINS_MS + this.queue.nowMs;
  }

  /** What the fastest of the clocks shows that nobody has set wrong, or a leader on a fast one makes of what it heard of it. */
  get latestMs(): number {
    return WORLD_BEGINS_MS + RAN_ON_MS_MAX + Math.max(...this.hosts.map(({ clock }) => clock.monotonicMs()));
  }

  begin(): void {
    for (const host of this.hosts) this.start(host);
  }

  step(): void {
    if (!this.queue.step()) throw new Error('nothing is left to happen');
  }

  /** What a checker finds is kept: it must not disturb whoever is running. */
  check(look: () => void): void {
    try {
      look();
    } catch (error) {
      this.broken ??= error;
    }
  }

  start(host: NodeHost): void {
    if (host.process !== null || host === this.keptDown) return;
    let process: NodeProcess;
    try {
      process = this.#open(host);
    } catch (error) {
      if (!(error instanceof StorageRefused) || !host.impaired) throw error;
      // As its operator is told to: a disk that cannot be used is emptied, and the node joins anew.
      this.wipe(host);
      process = this.#open(host);
    }
    // One that begins with a wrong clock, and leads while another voter is away, has nothing but its own to go by (ops/open-ends.md).
    this.wallOffsetMs[host.number] = 0;
    host.process = process;
    this.#file?.follow(process.node.tracing, () => this.queue.nowMs);
    this.note(host, 'started', host.disk.starts, 0);
    process.start();
  }

  #open(host: NodeHost): NodeProcess {
    const { shape } = this;
    const clock = createNodeClock(host, () => this.wallOffsetMs[host.number] ?? 0, this.#random);
    const { nodeId, member } = host;
    const starts = host.disk.starts + 1;
    return new NodeProcess(host, {
      ...shape,
      wants: this.wants(host),
      clock,
      random: this.#random,
      queue: this.queue,
      send: {
        send: (to, batch) => this.#send(host, to, { kind: 'batch', from: member, to, batch }),
        hail: (said) => {
          for (const { number } of this.hosts) {
            if (number !== host.number) this.network.send(host.number, number, starts, { kind: 'hail', said });
          }
        },
      },
      sender: this.target.sender(
        { nodeId, incarnation: starts },
        (delayMs, run) => host.later(delayMs, run),
        () => clock.nowMs(),
      ),
      applied: (index, entry, process) => this.#applied(host, index, entry, process),
      wrote: (entries) => this.#wrote(host, entries),
      events: this.#events(host),
    });
  }

  #events(host: NodeHost): NodeEvents {
    return {
      lifeChanged: ({ state }) => this.note(host, state, 0, 0),
      roleChanged: (role, term) => {
        if (role === 'leader') this.counts.elections += 1;
        this.note(host, role, term, 0);
      },
      settled: () => {},
      compactionPostponed: () => {},
      operating: () => {},
      operated: () => {},
      takenIn: () => {},
      membersChanged: () => {},
      notTakenIn: () => {},
      dropped: (from, cause) => this.note(host, 'dropped', hashText(cause), 0, () => ({ from, cause })),
      failed: (kind, error) => this.#failed(host, kind, error),
    };
  }

  #failed(host: NodeHost, kind: 'storage' | 'invariant', error: Error): void {
    this.counts.failStops += 1;
    this.note(host, `failed by ${kind}`, hashText(error.message), 0, () => ({ message: error.message }));
    const isMeant = kind === 'storage' && /EIO|ENOSPC/.test(error.message);
    if (!isMeant) {
      const broken = new SafetyBroken('A Healthy Node Stands', `${host.nodeId} halts: ${error.message}`);
      broken.stack = error.stack ?? '';
      this.broken ??= broken;
    }
    const { incarnation } = host;
    this.queue.after(RESTART_MS, () => {
      if (incarnation !== host.incarnation) return;
      this.stop(host);
      this.start(host);
    });
  }

  wants(host: NodeHost): 'learner' | 'worker' {
    return host.number < this.shape.voters ? 'learner' : this.shape.others;
  }

  stop(host: NodeHost, surviving = 0): void {
    const { process } = host;
    if (process === null) return;
    process.kill(surviving);
    host.stop();
    this.note(host, 'stopped', surviving, 0);
  }

  /** As its supervisor does it. False: it does not run, or is stopping already. */
  stopInOrder(host: NodeHost, forMs: number): boolean {
    const { process, incarnation } = host;
    if (process === null || process.isStopping) return false;
    process.stop().then(
      () => {
        if (incarnation !== host.incarnation) return;
        this.counts.stopped += 1;
        this.stop(host);
        this.queue.after(forMs, () => this.start(host));
      },
      (error: unknown) => this.check(() => rethrow(error)),
    );
    return true;
  }

  /** No operator removes so many that those left cannot decide: with what is lost for good, or not whole. */
  mayRemove({ nodeId }: NodeHost): boolean {
    if (this.removing !== null) return false;
    const whole = new Set(this.hosts.filter(({ impaired }) => !impaired).map(({ member }) => member as string));
    return [...this.configurations()].every(({ members, outgoing = [] }) =>
      [members, outgoing].every((side) => {
        const left = side.filter((member) => member.kind !== 'worker' && member.nodeId !== nodeId).map(idOf);
        return side.length === 0 || (left.length >= 2 && left.filter((id) => !whole.has(id)).length * 2 < left.length);
      }),
    );
  }

  /** Those that the leader does not know under their present instance. */
  strangers(): readonly NodeHost[] {
    const known = this.leader === null ? undefined : this.#configurations.get(this.leader.member)?.at(-1);
    if (known === undefined) return [];
    const members = everyoneIn(known) as readonly string[];
    return this.hosts.filter((host) => host !== this.keptDown && !members.includes(host.member));
  }

  wipe(host: NodeHost): void {
    this.stop(host);
    host.instance = `i${Number(host.instance.slice(1)) + 1}` as NodeHost['instance'];
    host.disk = new NodeDisk(host.instance);
    this.note(host, 'wiped', 0, 0);
  }

  loseTail(host: NodeHost, count: number): void {
    host.disk.log.loseTail(count);
    this.note(host, 'lost-tail', count, 0);
  }

  *configurations(): Iterable<Configuration> {
    for (const known of this.#configurations.values()) yield* known;
  }

  get leader(): NodeHost | null {
    let latest: NodeHost | null = null;
    let latestTerm = -1;
    for (const host of this.hosts) {
      if (host.process?.role !== 'leader') continue;
      const { term } = host.process.node.status();
      if (term > latestTerm) latest = host;
      latestTerm = Math.max(latestTerm, term);
    }
    return latest;
  }

  note(host: NodeHost | null, kind: string, a: number, b: number, more?: () => object): void {
    this.trace.note(this.queue.nowMs, host?.number ?? -1, kind, a, b, more);
  }

  #told(event: TaskEvent, atMs: number): void {
    this.dueTimes.follow(event, atMs, this.latestMs + this.shape.lookAheadMs);
    this.sendings.follow(event);
    this.onCommitted(event);
    if (!this.isCalm) return;
    const isLoss = event.type === 'AttemptLost' || (event.type === 'ExecutionDoubted' && event.error === 'node_lost');
    holds(!isLoss, 'Calm', () => `a healthy cluster gives up ${JSON.stringify(event)}`);
  }

  #wrote(host: NodeHost, entries: readonly Entry[]): void {
    for (const { kind, data } of entries) {
      if (kind !== 'configuration') continue;
      const known = this.#configurations.get(host.member) ?? [];
      this.#configurations.set(host.member, [...known.slice(-2), JSON.parse(data)]);
    }
  }

  #send(host: NodeHost, member: MemberId, passing: Passing & { readonly kind: 'batch' }): void {
    const { raft, notes } = passing.batch;
    this.counts.batches += 1;
    this.note(host, 'batch', raft.length, notes.length, () => ({
      to: member,
      raft: raft.map(({ type }) => type),
      notes,
    }));
    const to = Number(member.slice(1, member.indexOf('/'))) - 1;
    this.network.send(host.number, to, host.disk.starts, passing);
  }

  #deliver(to: number, incarnation: number, passing: Passing): void {
    const host = this.hosts[to];
    if (host === undefined || host.process === null) return;
    const { process } = host;
    if (passing.kind === 'hail') {
      host.now(() => process.listener?.hailed(passing.said));
      return;
    }
    const { from, batch } = passing;
    if (passing.to !== host.member) return;
    // What an earlier start of the sender said is stale, and the transport drops it.
    const key = `${host.member} ${from}`;
    if (incarnation < (this.#heard.get(key) ?? 0)) return;
    this.#heard.set(key, incarnation);
    host.now(() => process.listener?.received(from, batch));
  }

  #applied(host: NodeHost, index: LogIndex, entry: Entry, { projection }: NodeProcess): void {
    this.note(host, 'applied', index, entry.term);
    const isFirst = index > this.committed.index;
    this.check(() => this.committed.applied(host.nodeId, index, entry));
    if (isFirst) this.committed.hash().catch((error) => this.check(() => rethrow(error)));
    if (index % COMPARE_EVERY_ENTRIES === 0)
      host.later(this.#random.next() * COMPARE_MS_MAX, () => this.#compare(host, projection));
  }

  /** Flushes on the way: what a crash loses is what came after. */
  #compare(host: NodeHost, projection: NodeProcess['projection']): void {
    const { incarnation } = host;
    projection.stateHash().then(
      ({ index, hash }) => {
        if (incarnation !== host.incarnation) return;
        this.counts.compared += 1;
        this.check(() => this.committed.hashed(host.nodeId, index, hash));
      },
      // It failed: the node says so itself.
      () => {},
    );
  }

  #arrived(nodeId: string, incarnation: number, request: CallbackRequest, status: number | null): void {
    const host = this.hosts.find((one) => one.nodeId === nodeId) ?? null;
    this.note(host, 'sent', request.attempt, hashText(request.executionId), () => request);
    this.check(() => this.sendings.arrived(nodeId, incarnation, request, status, this.latestMs));
  }
}

const rethrow = (error: unknown): never => {
  throw error;
};
