import type { Clock } from '../../clock.ts';
import type { Sender } from '../../dispatch/sender.ts';
import { Node } from '../../node/node.ts';
import type { NodeEvents } from '../../node/node-parts.ts';
import { schedulePlanner } from '../../node/schedule-planner.ts';
import { configurationsOf } from '../../node/start-node.ts';
import type { RaftRole } from '../../raft/role.ts';
import type { ClusterId, Entry, Incarnation, LogIndex, MemberId } from '../../raft/types.ts';
import { refused } from '../../result.ts';
import type { LogStore } from '../../store/log-store.ts';
import { openMemoryLogStore } from '../../store/memory-log-store.ts';
import { openMemoryProjection } from '../../store/memory-projection.ts';
import { createMemorySnapshotStore } from '../../store/memory-snapshot-store.ts';
import type { Projection } from '../../store/projection.ts';
import { noTransport, type Transport, type TransportListener } from '../../transport/transport.ts';
import type { Host } from '../host.ts';
import type { HostedProcess } from '../process.ts';
import type { Random } from '../random.ts';
import { type NodeDisk, SlowLog } from './node-disk.ts';

/** The production node, whole, on a simulated host: its ports lead into the world, and are closed to it once it is dead. */

export type NodeHost = Host<NodeDisk, NodeProcess>;

export interface NodeSurroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly queue: ConstructorParameters<typeof SlowLog>[2];
  /** As a small cache does it: what was flushed is loaded again before it is used. */
  readonly forgetful: boolean;
  /** The disk takes its time, or every write is durable when the call returns, as in production. */
  readonly slowDisk: boolean;
  readonly compacts: boolean;
  /** What it is to be, where no configuration names it. */
  readonly wants: 'learner' | 'worker';
  readonly lookAheadMs: number;
  readonly send: Pick<Transport, 'send' | 'hail'>;
  readonly sender: Sender;
  readonly applied: (index: LogIndex, entry: Entry, process: NodeProcess) => void;
  readonly events: NodeEvents;
  readonly wrote: (entries: readonly Entry[]) => void;
}

const LOAD_MS_MAX = 3;
const COMPACT_ROWS = 1_000;
const clusterId = 'simulated' as ClusterId;

export class NodeProcess implements HostedProcess {
  readonly node: Node;
  readonly projection: Projection;
  readonly #log: LogStore;
  readonly #slow: SlowLog;
  #listener: TransportListener | null = null;
  #isAlive = true;
  isStopping = false;

  constructor(host: NodeHost, world: NodeSurroundings) {
    const { disk } = host;
    disk.starts += 1;
    const opened = openMemoryProjection({
      disk: disk.state,
      forgetful: world.forgetful,
      delay: inOrder(host, world.random),
    });
    const log = openMemoryLogStore(disk.log, { onLostTail: 'recover', state: opened });
    opened.standOn(log);
    this.#log = log;
    this.projection = this.#watched(opened, world);
    this.#slow = new SlowLog(disk, log, world.queue, world.random, (run) => {
      if (this.#isAlive) host.now(run);
    });
    this.node = new Node({
      identity: {
        clusterId,
        nodeId: host.nodeId,
        instance: host.instance,
        incarnation: disk.starts as Incarnation,
      },
      configurations: configurationsOf(log),
      wants: world.wants,
      lookAheadMs: world.lookAheadMs,
      log,
      write: (write, durable, failed) => {
        if (!this.#isAlive) return;
        world.wrote(write.entries);
        if (world.slowDisk) this.#slow.write(write, durable, failed);
        else {
          this.#failing(disk);
          log.persist(write);
          durable();
        }
      },
      projection: this.projection,
      snapshots: createMemorySnapshotStore({
        disk: disk.snapshots,
        stateDisk: disk.state,
        projection: this.projection,
        log,
        name: `${host.nodeId}-${host.instance}`,
      }),
      transport: this.#transport(world),
      sender: world.sender,
      planner: schedulePlanner,
      clock: world.clock,
      random: () => world.random.next(),
      httpUrl: () => null,
      events: world.events,
      compact: async (bounds) => {
        if (!world.compacts) return null;
        await this.projection.flush();
        const through = bounds.compactableThrough(this.projection.durableIndex);
        const term = log.termAt(through);
        if (!this.#isAlive || term === undefined || through <= log.base.index) return null;
        log.compact(through, bounds.configurationAt(through), COMPACT_ROWS);
        bounds.compacted(through, term);
        return null;
      },
      backUp: async () => refused('a disk in memory is not backed up'),
      group: 0,
      closed: () => {},
    });
  }

  /** Separate from the constructor: the host holds the process by then. */
  start(): void {
    this.node.start();
  }

  /** Lets what is in flight end, hands over what it holds, and is gone then. */
  stop(): Promise<void> {
    this.isStopping = true;
    return this.node.stop();
  }

  get role(): RaftRole {
    return this.node.status().role;
  }
  get listener(): TransportListener | null {
    return this.#listener;
  }
  unreachable(peer: MemberId): void {
    this.#listener?.unreachable(peer);
  }

  /** Ends without a word; so many of the writes under way are on the disk all the same. */
  kill(surviving: number): void {
    this.#isAlive = false;
    this.#slow.crash(surviving);
    this.#log.close();
    void this.projection.close({ flush: false });
  }

  #failing(disk: NodeDisk): void {
    if (disk.failing !== null) disk.log.failNextWrite('EIO', disk.failing);
    disk.failing = null;
  }

  #transport(world: NodeSurroundings): Transport {
    return {
      ...noTransport,
      send: (to, batch) => {
        if (this.#isAlive) world.send.send(to, batch);
      },
      hail: (hail) => {
        if (this.#isAlive) world.send.hail(hail);
      },
      listen: (listener) => {
        this.#listener = listener;
      },
    };
  }

  /** All that is applied is seen, in order. What the projection is built of stays as it is. */
  #watched(projection: Projection, world: NodeSurroundings): Projection {
    const watched: Projection = Object.create(projection, {
      applied: {
        value: (index: LogIndex): void => {
          projection.applied(index);
          const [entry] = this.#log.read(index, 1);
          if (entry !== undefined && this.#isAlive) world.applied(index, entry, this);
        },
      },
    });
    return watched;
  }
}

/** What the state's disk is asked takes a while at times, and is answered in the order of the questions. */
function inOrder(host: NodeHost, random: Random): () => Promise<void> {
  let before = Promise.resolve();
  let waiting = 0;
  return () => {
    if (waiting === 0 && random.chance(0.7)) return Promise.resolve();
    waiting += 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    host.later(random.next() * LOAD_MS_MAX, resolve);
    before = before
      .then(() => promise)
      .then(() => {
        waiting -= 1;
      });
    return before;
  };
}
