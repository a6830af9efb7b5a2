import { type Clock, systemClock } from '../../src/clock.ts';
import type { CallbackOutcome, CallbackRequest } from '../../src/dispatch/callback.ts';
import type { Sender } from '../../src/dispatch/sender.ts';
import { writeAtOnce } from '../../src/node/log-writer.ts';
import { Node } from '../../src/node/node.ts';
import { schedulePlanner } from '../../src/node/schedule-planner.ts';
import { configurationsOf, noSnapshots } from '../../src/node/start-node.ts';
import type { ClusterId, Configuration, Incarnation, InstanceId, MemberId, NodeId } from '../../src/raft/types.ts';
import { memberId } from '../../src/raft/types.ts';
import { createMemoryLogDisk, type MemoryLogDisk, openMemoryLogStore } from '../../src/store/memory-log-store.ts';
import { createMemoryDisk, type MemoryDisk, openMemoryProjection } from '../../src/store/memory-projection.ts';
import { ENTRY_VERSION } from '../../src/tasks/entry.ts';
import { createMemoryNetwork, type MemoryNetwork } from '../../src/transport/memory.ts';

/** Three nodes in this process, on disks in memory, with a network that can be cut. Callbacks are recorded, not made. */
export interface Sent {
  readonly nodeId: string;
  readonly request: CallbackRequest;
}

export interface ClusterNode {
  readonly nodeId: NodeId;
  readonly self: MemberId;
  readonly node: Node;
  /** Ends without a word, as a killed process does. */
  kill(): void;
}

export interface MemoryCluster {
  readonly network: MemoryNetwork;
  readonly sent: readonly Sent[];
  readonly failures: readonly Error[];
  nodes(): readonly ClusterNode[];
  leader(): ClusterNode | undefined;
  restart(nodeId: string): ClusterNode;
  stop(): Promise<void>;
}

const clusterId = 'c1' as ClusterId;

export function startMemoryCluster(names: readonly string[], clock: Clock = systemClock): MemoryCluster {
  const network = createMemoryNetwork();
  const sent: Sent[] = [];
  const failures: Error[] = [];
  const members = names.map((name) => ({ nodeId: name as NodeId, instance: `i-${name}` as InstanceId }));
  const configuration: Configuration = {
    members: members.map((member) => ({ ...member, kind: 'voter' as const })),
    featureLevel: ENTRY_VERSION,
  };
  const disks = new Map<string, { log: MemoryLogDisk; state: MemoryDisk; starts: number }>();
  const running = new Map<string, ClusterNode>();

  function start(nodeId: NodeId, instance: InstanceId): ClusterNode {
    let disk = disks.get(nodeId);
    if (disk === undefined) {
      disk = { log: createMemoryLogDisk(), state: createMemoryDisk(), starts: 0 };
      disks.set(nodeId, disk);
    }
    disk.starts += 1;
    const log = openMemoryLogStore(disk.log);
    if (log.lastIndex === 0) {
      log.persist({ entries: [{ index: 1, term: 0, kind: 'configuration', data: JSON.stringify(configuration) }] });
    }
    const projection = openMemoryProjection({ disk: disk.state });
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
      recovering: false,
      log,
      write: writeAtOnce(log),
      projection,
      snapshots: noSnapshots,
      transport,
      sender: recordingSender(nodeId, sent),
      planner: schedulePlanner,
      clock: alive,
      random: Math.random,
      httpUrl: () => null,
      events: {
        lifeChanged: () => {},
        roleChanged: () => {},
        settled: () => {},
        compactionPostponed: () => {},
        dropped: (from, cause) => failures.push(new Error(`${from}: ${cause}`)),
        failed: (_kind, error) => failures.push(error),
      },
      compact: async () => {},
      group: 0,
      closed: () => {},
    });
    node.start();
    const one: ClusterNode = {
      nodeId,
      self,
      node,
      kill() {
        dead = true;
        void transport.close();
        running.delete(nodeId);
      },
    };
    running.set(nodeId, one);
    return one;
  }

  for (const { nodeId, instance } of members) start(nodeId, instance);
  return {
    network,
    sent,
    failures,
    nodes: () => [...running.values()],
    leader: () => [...running.values()].find(({ node }) => node.status().role === 'leader' && node.health().ready),
    restart(nodeId) {
      return start(nodeId as NodeId, `i-${nodeId}` as InstanceId);
    },
    async stop() {
      await Promise.all([...running.values()].map(({ node }) => node.stop()));
    },
  };
}

function recordingSender(nodeId: string, sent: Sent[]): Sender {
  const counts = { sending: 0, waiting: 0, targets: 0, connections: 0, idleConnections: 0 };
  return {
    inFlight: 0,
    counts,
    send(request, mayStillSend, settled) {
      setImmediate(() => {
        const nowMs = Date.now();
        if (!mayStillSend()) {
          settled({ kind: 'withheld', reason: 'may_not_send' });
          return;
        }
        sent.push({ nodeId, request });
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
    cancel() {},
    close: async () => {},
  };
}
