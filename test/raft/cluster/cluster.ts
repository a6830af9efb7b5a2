import assert from 'node:assert/strict';
import type { Message } from '../../../src/raft/messages.ts';
import type { Effect, Input } from '../../../src/raft/ports.ts';
import { step } from '../../../src/raft/step.ts';
import type { Configuration, Member, NodeId } from '../../../src/raft/types.ts';
import { installSnapshot, writeLog } from './disk.ts';
import { createNode, type DiskWork, memberOf, running, type TestNode } from './node.ts';
import { checkCommitted, checkSafety, checkVote, createSafety, type Safety } from './safety.ts';

/**
 * Cores, their disks, and a network that delivers when it is told to. Nothing happens by itself, so that a test can put anything
 * between any two steps. After every step the properties of paper Figure 3 are checked.
 */
export interface Cluster {
  readonly nodes: Map<string, TestNode>;
  /** Sent and not delivered, oldest first. */
  inFlight: Message[];
  /** `from>to`, of nodes that cannot be reached. */
  readonly cut: Set<string>;
  readonly safety: Safety;
  /** What happened, oldest first. */
  happened: Happening[];
  snapshotBytes: number;
  /** No two copies are called the same. */
  snapshotsMade: number;
  /** So many of the next pieces of a snapshot are garbled on their way. */
  garble: number;
}

export type Happening =
  | { readonly kind: 'effect'; readonly node: string; readonly effect: Effect }
  | { readonly kind: 'sent' | 'lost'; readonly message: Message };

export const membersNamed = (kind: Member['kind'], ...names: readonly string[]): Member[] =>
  names.map((name) => ({ nodeId: name as NodeId, instance: memberOf(name).split('/')[1] as Member['instance'], kind }));

export const votersNamed = (...names: readonly string[]): Configuration => ({
  members: membersNamed('voter', ...names),
});

const RANDOMS = [0.5, 0.7, 0.9, 0.3, 0.1];

export function createCluster(configuration: Configuration): Cluster {
  const nodes = configuration.members.map(({ nodeId }, at) => {
    const node = createNode(nodeId, configuration);
    // Each waits another time, so that two that begin to wait together do not stand together.
    node.random = RANDOMS[at % RANDOMS.length] ?? 0;
    return [nodeId as string, node] as const;
  });
  return {
    nodes: new Map(nodes),
    inFlight: [],
    cut: new Set(),
    safety: createSafety(),
    happened: [],
    snapshotBytes: 100,
    snapshotsMade: 0,
    garble: 0,
  };
}

export function nodeNamed(cluster: Cluster, name: string): TestNode {
  const node = cluster.nodes.get(name);
  if (node === undefined) throw new Error(`no node is called ${name}`);
  return node;
}

const nodeOf = (cluster: Cluster, id: string): TestNode | undefined =>
  [...cluster.nodes.values()].find((node) => node.id === id);

/** One step of a node, and what follows from it at once. */
export function feed(cluster: Cluster, node: TestNode, ...inputs: readonly Input[]): readonly Effect[] {
  const effects = step(running(node), inputs);
  checkSafety(cluster.safety, node);
  const answers: Input[] = [];
  for (const effect of effects) {
    if (effect.type === 'send') effect.messages.forEach((message) => void send(cluster, message));
    else {
      cluster.happened.push({ kind: 'effect', node: node.name, effect });
      answers.push(...carryOut(cluster, node, effect));
    }
  }
  return answers.length === 0 ? effects : [...effects, ...feed(cluster, node, ...answers)];
}

function send(cluster: Cluster, message: Message): void {
  checkVote(cluster.safety, message);
  const garbled = message.type === 'snapshot-chunk' && cluster.garble > 0;
  if (garbled) cluster.garble -= 1;
  const onItsWay = garbled ? { ...message, checksum: message.checksum + 1 } : message;
  cluster.inFlight.push(onItsWay);
  cluster.happened.push({ kind: 'sent', message: onItsWay });
}

function carryOut(cluster: Cluster, node: TestNode, effect: Effect): Input[] {
  const { disk } = node;
  switch (effect.type) {
    case 'persist':
    case 'write-snapshot':
    case 'install-snapshot':
      node.diskWork.push(effect);
      return [];
    case 'committed':
      checkCommitted(cluster.safety, node, disk.appliedIndex + 1, effect.index);
      disk.appliedIndex = effect.index;
      return [{ type: 'applied', index: effect.index }];
    case 'make-snapshot':
      disk.snapshot = makeSnapshot(cluster, node);
      return [{ type: 'snapshot-made', head: disk.snapshot }];
    case 'read-snapshot': {
      const { to, snapshotId, offset, maxBytes } = effect;
      const data = disk.snapshot?.snapshotId === snapshotId ? new Uint8Array(maxBytes) : null;
      return [{ type: 'snapshot-read', to, snapshotId, offset, piece: data && { data, checksum: CHECKSUM } }];
    }
    default:
      return [];
  }
}

/** Of any piece; a garbled one has another. */
const CHECKSUM = 7;

function makeSnapshot(cluster: Cluster, { name, disk, core }: TestNode) {
  const { appliedIndex: index, base, entries } = disk;
  assert.ok(core !== null);
  const term = index === base.index ? base.term : (entries[index - base.index - 1]?.term ?? 0);
  cluster.snapshotsMade += 1;
  return { snapshotId: `${name}-${index}-${cluster.snapshotsMade}`, index, term, bytes: cluster.snapshotBytes };
}

/** The disk does what it was asked to; the core hears of it. Returns whether there was anything to do. */
export function diskWrites(cluster: Cluster, node: TestNode): boolean {
  const work = node.diskWork.splice(0);
  if (work.length === 0 || node.core === null) return false;
  feed(cluster, node, ...work.map((one) => completed(node, one)));
  return true;
}

function completed({ disk }: TestNode, work: DiskWork): Input {
  switch (work.type) {
    case 'persist':
      writeLog(disk, work);
      return { type: 'persisted', persistId: work.persistId };
    case 'write-snapshot': {
      const { snapshotId } = work.head;
      if (work.offset === 0 || disk.arriving?.snapshotId !== snapshotId) disk.arriving = { snapshotId, bytes: 0 };
      const isWhole = work.checksum === CHECKSUM && work.offset === disk.arriving.bytes;
      if (isWhole) disk.arriving.bytes += work.data.length;
      return { type: 'snapshot-written', snapshotId, offset: disk.arriving.bytes };
    }
    case 'install-snapshot':
      installSnapshot(disk, work.head);
      return { type: 'snapshot-installed', snapshotId: work.head.snapshotId };
  }
}

/** Delivers what is in flight at this moment and passes the filter, one message a step. Returns whether there was any. */
export function deliver(cluster: Cluster, passes: (message: Message) => boolean = () => true): boolean {
  const now = cluster.inFlight.filter(passes);
  cluster.inFlight = cluster.inFlight.filter((message) => !passes(message));
  for (const message of now) {
    const from = message.from.split('/')[0] ?? '';
    const to = nodeOf(cluster, message.to);
    if (to === undefined || to.core === null || cluster.cut.has(`${from}>${to.name}`)) {
      cluster.happened.push({ kind: 'lost', message });
    } else feed(cluster, to, { type: 'receive', messages: [message] });
  }
  return now.length > 0;
}

/** Rounds of delivery and disk work after which nothing new happens. */
const ROUNDS_MAX = 1_000;

export function settle(cluster: Cluster): void {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const wrote = [...cluster.nodes.values()].filter((node) => !node.diskStalls && diskWrites(cluster, node));
    if (!deliver(cluster) && wrote.length === 0) return;
  }
  throw new Error(`not settled after ${ROUNDS_MAX} rounds`);
}

export function tick(cluster: Cluster, node: TestNode, passedMs: number): void {
  node.monotonicMs += passedMs;
  feed(cluster, node, { type: 'tick', monotonicMs: node.monotonicMs, random: node.random });
}

/** Time passes for everybody who runs, in one step. */
export function pass(cluster: Cluster, passedMs: number): void {
  for (const node of cluster.nodes.values()) {
    if (node.core !== null) tick(cluster, node, passedMs);
    else node.monotonicMs += passedMs;
  }
}

/** In steps of a heartbeat, with all that follows from each. */
export function passSettling(cluster: Cluster, passedMs: number, stepMs = 20): void {
  for (let passed = 0; passed < passedMs; passed += stepMs) {
    pass(cluster, stepMs);
    settle(cluster);
  }
}

/** This node's election timeout passes; nobody else's clock moves. */
export function timeOut(cluster: Cluster, node: TestNode): void {
  const core = running(node);
  if (!core.hasTicked) tick(cluster, node, 0);
  tick(cluster, node, Math.max(0, (core.electionDueAtMs ?? 0) - node.monotonicMs));
}

export function elect(cluster: Cluster, name: string): void {
  timeOut(cluster, nodeNamed(cluster, name));
  settle(cluster);
  assert.equal(roleNow(cluster, name), 'leader');
}

export const roleNow = (cluster: Cluster, name: string): string =>
  running(nodeNamed(cluster, name)).role.value as string;

export function part(cluster: Cluster, ...sides: readonly (readonly string[])[]): void {
  for (const side of sides) {
    for (const from of side) {
      for (const other of sides) {
        if (other !== side) for (const to of other) cluster.cut.add(`${from}>${to}`);
      }
    }
  }
}
