import { type Clock, systemClock } from '../../src/clock.ts';
import type { CallbackOutcome, CallbackRequest } from '../../src/dispatch/callback.ts';
import type { Sender } from '../../src/dispatch/sender.ts';
import { writeAtOnce } from '../../src/node/log-writer.ts';
import { Node } from '../../src/node/node.ts';
import { schedulePlanner } from '../../src/node/schedule-planner.ts';
import { configurationsOf } from '../../src/node/start-node.ts';
import type { ClusterId, Configuration, Incarnation, InstanceId, MemberId, NodeId } from '../../src/raft/types.ts';
import { memberId } from '../../src/raft/types.ts';
import { refused } from '../../src/result.ts';
import { createMemoryLogDisk, type MemoryLogDisk, openMemoryLogStore } from '../../src/store/memory-log-store.ts';
import { createMemoryDisk, type MemoryDisk, openMemoryProjection } from '../../src/store/memory-projection.ts';
import {
  createMemorySnapshotDisk,
  createMemorySnapshotStore,
  type MemorySnapshotDisk,
} from '../../src/store/memory-snapshot-store.ts';
import type { EntryContent } from '../../src/tasks/entry.ts';
import { ENTRY_VERSION } from '../../src/tasks/entry-version.ts';
import { createMemoryNetwork, type MemoryNetwork } from '../../src/transport/memory.ts';

/** Three nodes in this process, on disks in memory, with a network that can be cut. Callbacks are recorded, not made. */
export interface Sent {
  readonly nodeId: string;
  /** When it left, by the clock of this process. */
  readonly atMs: number;
  readonly request: CallbackRequest;
}

export interface ClusterNode {
  readonly nodeId: NodeId;
  readonly self: MemberId;
  readonly node: Node;
  /** What its log has forgotten ends here. */
  logBegins(): number;
  isWhole(): boolean;
  /** What its log says of tasks. */
  entries(): readonly EntryContent[];
  /** Ends without a word, as a killed process does. */
  kill(): void;
}

export interface MemoryCluster {
  readonly network: MemoryNetwork;
  readonly sent: readonly Sent[];
  /** Targets take requests from now on and do not answer, or answer again. */
  targetsAnswer(answer: boolean): void;
  /** Nodes that stop find callbacks that do not end, until the function that is given back is called. */
  callbacksGoOn(): () => void;
  readonly failures: readonly Error[];
  nodes(): readonly ClusterNode[];
  leader(): ClusterNode | undefined;
  restart(nodeId: string): ClusterNode;
  /** A disk that takes what is written from the next start on and never says that it has it. */
  disksHang(): void;
  /** Of a node that does not run: its log ends earlier than it did. */
  loseTail(nodeId: string, entries: number): void;
  /** An empty disk under this name and instance: of a new node, or of one that was wiped. It is to be added to the members. */
  startEmpty(nodeId: string, instance: string): ClusterNode;
  /** All of the log that nobody needs goes, on every node, at its next housekeeping. */
  compactFromNowOn(): void;
  stop(): Promise<void>;
}

const clusterId = 'c1' as ClusterId;

/** `featureLevel`: of nodes that can read no more than that. */
export function startMemoryCluster(
  names: readonly string[],
  clock: Clock = systemClock,
  lookAheadMs = 0,
  featureLevel: number = ENTRY_VERSION,
): MemoryCluster {
  const network = createMemoryNetwork();
  const sent: Sent[] = [];
  const failures: Error[] = [];
  const members = names.map((name) => ({ nodeId: name as NodeId, instance: `i-${name}` as InstanceId }));
  const configuration: Configuration = {
    members: members.map((member) => ({ ...member, kind: 'voter' as const })),
    featureLevel,
  };
  const disks = new Map<
    string,
    { log: MemoryLogDisk; state: MemoryDisk; snapshots: MemorySnapshotDisk; starts: number }
  >();
  const running = new Map<string, ClusterNode>();

  let compacting = false;
  let hanging = false;
  let answering = true;
  let ended: Promise<void> = Promise.resolve();
  const instances = new Map<string, InstanceId>();

  function start(nodeId: NodeId, instance: InstanceId, founding: boolean): ClusterNode {
    instances.set(nodeId, instance);
    let disk = disks.get(nodeId);
    if (disk === undefined) {
      disk = {
        log: createMemoryLogDisk(),
        state: createMemoryDisk(),
        snapshots: createMemorySnapshotDisk(),
        starts: 0,
      };
      disks.set(nodeId, disk);
    }
    disk.starts += 1;
    const projection = openMemoryProjection({ disk: disk.state });
    const log = openMemoryLogStore(disk.log, { onLostTail: 'recover', state: projection });
    projection.standOn(log);
    if (founding && log.lastIndex === 0) {
      log.persist({ entries: [{ index: 1, term: 0, kind: 'configuration', data: JSON.stringify(configuration) }] });
    }
    const snapshots = createMemorySnapshotStore({
      disk: disk.snapshots,
      stateDisk: disk.state,
      projection,
      log,
      name: nodeId,
    });
    const self = memberId(nodeId, instance);
    let dead = false;
    const alive: Clock = {
      ...clock,
      setTimer: (delayMs, run) =>
        clock.setTimer(delayMs, () => {
          if (!dead) run();
        }),
      nextTurn: (run) =>
        clock.nextTurn(() => {
          if (!dead) run();
        }),
    };
    const transport = network.join(self);
    const node = new Node({
      identity: { clusterId, nodeId, instance, incarnation: disk.starts as Incarnation },
      configurations: configurationsOf(log),
      wants: 'learner',
      lookAheadMs,
      featureLevel,
      log,
      write: hanging ? () => {} : writeAtOnce(log),
      projection,
      snapshots,
      transport,
      sender: recordingSender(
        nodeId,
        sent,
        () => answering,
        () => ended,
      ),
      planner: schedulePlanner,
      clock: alive,
      random: Math.random,
      httpUrl: () => null,
      events: {
        lifeChanged: () => {},
        roleChanged: () => {},
        settled: () => {},
        compactionPostponed: () => {},
        operating: () => {},
        operated: () => {},
        takenIn: () => {},
        membersChanged: () => {},
        notTakenIn: () => {},
        dropped: (from, cause) => failures.push(new Error(`${from}: ${cause}`)),
        failed: (_kind, error) => failures.push(error),
      },
      compact: async (bounds) => {
        if (!compacting) return null;
        await projection.flush();
        const through = bounds.compactableThrough(projection.durableIndex);
        const term = log.termAt(through);
        if (term === undefined || through <= log.base.index) return null;
        log.compact(through, bounds.configurationAt(through), 1_000);
        bounds.compacted(through, term);
        return null;
      },
      backUp: async () => refused('a disk in memory is not backed up'),
      group: 0,
      closed: () => {},
    });
    node.start();
    const one: ClusterNode = {
      nodeId,
      self,
      node,
      logBegins: () => log.base.index,
      isWhole: () => !log.lostTail,
      entries: () =>
        log
          .read(log.base.index + 1, Number.POSITIVE_INFINITY)
          .flatMap(({ kind, data }) => (kind === 'events' ? [JSON.parse(data) as EntryContent] : [])),
      kill() {
        dead = true;
        void transport.close();
        running.delete(nodeId);
      },
    };
    running.set(nodeId, one);
    return one;
  }

  for (const { nodeId, instance } of members) start(nodeId, instance, true);
  return {
    network,
    sent,
    targetsAnswer(answer) {
      answering = answer;
    },
    callbacksGoOn() {
      const { promise, resolve } = Promise.withResolvers<void>();
      ended = promise;
      return resolve;
    },
    failures,
    nodes: () => [...running.values()],
    leader: () => [...running.values()].find(({ node }) => node.status().role === 'leader' && node.health().ready),
    restart(nodeId) {
      return start(nodeId as NodeId, instances.get(nodeId) as InstanceId, false);
    },
    disksHang() {
      hanging = true;
    },
    loseTail(nodeId, entries) {
      disks.get(nodeId)?.log.loseTail(entries);
    },
    startEmpty(nodeId, instance) {
      disks.delete(nodeId);
      return start(nodeId as NodeId, instance as InstanceId, false);
    },
    compactFromNowOn() {
      compacting = true;
    },
    async stop() {
      await Promise.all([...running.values()].map(({ node }) => node.stop()));
    },
  };
}

function recordingSender(nodeId: string, sent: Sent[], answering: () => boolean, ended: () => Promise<void>): Sender {
  let closed = false;
  const counts = { sending: 0, waiting: 0, targets: 0, connections: 0, idleConnections: 0 };
  return {
    inFlight: 0,
    waiting: 0,
    counts,
    send(request, mayStillSend, settled) {
      setImmediate(() => {
        const nowMs = Date.now();
        if (closed) {
          settled({ kind: 'withheld', reason: 'closed' });
          return;
        }
        if (!mayStillSend()) {
          settled({ kind: 'withheld', reason: 'may_not_send' });
          return;
        }
        sent.push({ nodeId, atMs: nowMs, request });
        if (!answering()) return;
        const outcome: CallbackOutcome = {
          kind: 'response',
          status: 200,
          retryAfterMs: null,
          excerpt: null,
          startedAtMs: nowMs,
          endedAtMs: nowMs,
        };
        settled(outcome);
      });
    },
    withhold() {},
    cancel() {},
    close() {
      closed = true;
      return ended();
    },
  };
}
