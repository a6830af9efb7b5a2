import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Broker, openBrokers } from './broker.ts';
import { call } from './call.ts';
import { faketimeEnvironment } from './clock-shift.ts';
import { freePorts } from './free-ports.ts';
import { createNodeProcess, type NodeProcess } from './node-process.ts';
import { openTcpProxy, type TcpProxy } from './tcp-proxy.ts';
import { until } from './waiting.ts';

/** Nodes as their users run them, each behind a wire of its own to its broker. */
export interface Cluster {
  readonly voters: readonly Machine[];
  /** Those that do not vote. */
  readonly workers: readonly Machine[];
  /** Not started: each is taken in when it is. */
  readonly later: readonly Machine[];
  readonly machines: readonly Machine[];
  readonly brokers: readonly Broker[];
  /** What a running node says, or null while none answers or none leads. */
  leader(): Promise<Machine | null>;
  machine(nodeId: string): Machine;
  isReady(machine: Machine): Promise<boolean>;
  /** Resolves when all that run say that they are ready. */
  untilReady(withinMs?: number): Promise<void>;
  close(): Promise<void>;
}

/** A node with its wire and its clock. */
export interface Machine {
  readonly node: NodeProcess;
  /** Null where no wire is to be cut. */
  readonly proxy: TcpProxy | null;
  readonly broker: Broker;
  /** Moves the clock of the node's machine, while it runs, to so far from the true time. */
  shiftClock(byMs: number): void;
}

export interface ClusterOptions {
  readonly directory: string;
  readonly voters: number;
  readonly workers: number;
  readonly later?: number;
  /** One for all, or one for each node. */
  readonly brokers: 'one' | 'routed';
  /** Clocks that can be moved; the nodes run a little slower for it. */
  readonly movableClocks: boolean;
  /** Wires that can be cut; whoever measures does without: all that the nodes say to each other would go through this process. */
  readonly cuttableWires: boolean;
  readonly flags?: readonly string[];
  readonly said: (nodeId: string, line: string) => void;
}

const READY_MS_MAX = 60_000;
const ASK_MS_MAX = 1_000;

export interface StatusSeen {
  readonly node_id: string;
  readonly ready: boolean;
  readonly role: string;
  readonly term: number;
  readonly leader_id: string | null;
  readonly applied_index: number;
  readonly members: readonly {
    readonly node_id: string;
    readonly instance: string;
    readonly kind: string;
    readonly alive: boolean;
    readonly match_index: number | null;
  }[];
}

export async function statusOf({ node }: Machine): Promise<StatusSeen | null> {
  if (!node.isRunning) return null;
  const answer = await call({ method: 'GET', url: `${node.url}/v1/cluster`, timeoutMs: ASK_MS_MAX });
  return answer.kind === 'answered' && answer.status === 200 ? (answer.value as unknown as StatusSeen) : null;
}

export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const { directory, movableClocks } = options;
  const voterIds = Array.from({ length: options.voters }, (_, at) => `n${at + 1}`);
  const workerIds = Array.from({ length: options.workers }, (_, at) => `w${at + 1}`);
  const laterIds = Array.from({ length: options.later ?? 0 }, (_, at) => `n${voterIds.length + at + 1}`);
  const nodeIds = [...voterIds, ...workerIds, ...laterIds];
  const brokerCount = options.brokers === 'one' ? 1 : nodeIds.length;
  const ports = await freePorts(nodeIds.length + 2 * brokerCount);
  const httpPorts = ports.slice(0, nodeIds.length);
  const clientPorts = ports.slice(nodeIds.length, nodeIds.length + brokerCount);
  const brokers = await openBrokers(clientPorts, ports.slice(nodeIds.length + brokerCount));
  const machines: Machine[] = [];

  for (const [at, nodeId] of nodeIds.entries()) {
    const broker = brokers[at % brokers.length] as Broker;
    const proxy = options.cuttableWires ? await openTcpProxy(broker.port) : null;
    const natsUrl = `nats://127.0.0.1:${(proxy ?? broker).port}`;
    const clockFile = join(directory, `${nodeId}.clock`);
    writeFileSync(clockFile, '+0\n');
    const role = workerIds.includes(nodeId)
      ? ['--role', 'worker']
      : laterIds.includes(nodeId)
        ? ['--join']
        : ['--peers', voterIds.join(',')];
    const node = createNodeProcess({
      nodeId,
      port: httpPorts[at] ?? 0,
      dataDirectory: join(directory, nodeId),
      logFile: join(directory, `${nodeId}.log`),
      flags: ['--cluster', 'faults', '--nats-url', natsUrl, ...role, ...(options.flags ?? [])],
      environment: movableClocks ? faketimeEnvironment(clockFile) : {},
      said: options.said,
    });
    machines.push({
      node,
      proxy,
      broker,
      shiftClock: (byMs) => writeFileSync(clockFile, `${byMs < 0 ? '' : '+'}${byMs / 1_000}\n`),
    });
  }

  const running = (): readonly Machine[] => machines.filter(({ node }) => node.isRunning);
  const machine = (nodeId: string): Machine => {
    const found = machines.find(({ node }) => node.nodeId === nodeId);
    if (found === undefined) throw new Error(`no node is called ${nodeId}`);
    return found;
  };
  const isReady = async ({ node }: Machine): Promise<boolean> => {
    if (!node.isRunning) return false;
    const answer = await call({ method: 'GET', url: `${node.url}/readyz`, timeoutMs: ASK_MS_MAX });
    return answer.kind === 'answered' && answer.status === 200;
  };
  const cluster: Cluster = {
    machines,
    voters: machines.filter(({ node }) => voterIds.includes(node.nodeId)),
    workers: machines.filter(({ node }) => workerIds.includes(node.nodeId)),
    later: machines.filter(({ node }) => laterIds.includes(node.nodeId)),
    brokers,
    machine,
    isReady,
    async leader() {
      const seen = (await Promise.all(running().map(statusOf))).filter((status) => status !== null);
      // Whoever was cut off may still think of itself as the leader: the highest term knows best.
      const [newest] = seen.filter(({ leader_id }) => leader_id !== null).sort((a, b) => b.term - a.term);
      if (newest?.leader_id === undefined || newest.leader_id === null) return null;
      const leader = machine(newest.leader_id);
      return leader.node.isRunning ? leader : null;
    },
    untilReady: (withinMs = READY_MS_MAX) =>
      until(
        async () => (await Promise.all(running().map(isReady))).every(Boolean),
        async () => {
          const states = running().map(async (one) => {
            const status = await statusOf(one);
            return `${one.node.nodeId} ${status === null ? 'does not answer' : `${status.role} of term ${status.term}${status.ready ? '' : ', not ready'}`}`;
          });
          return `not all nodes are ready: ${(await Promise.all(states)).join('; ')}`;
        },
        withinMs,
      ),
    async close() {
      await Promise.all(machines.map(({ node }) => node.end('SIGKILL')));
      await Promise.all(machines.map(({ proxy }) => proxy?.close()));
      await Promise.all(brokers.map((broker) => broker.kill()));
    },
  };
  try {
    for (const { node } of cluster.voters) node.start();
    await cluster.untilReady();
    for (const { node } of cluster.workers) node.start();
    await cluster.untilReady();
  } catch (error) {
    await cluster.close();
    throw error;
  }
  return cluster;
}
