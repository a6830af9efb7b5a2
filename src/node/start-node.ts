import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import type { Clock, Timer } from '../clock.ts';
import { systemClock } from '../clock.ts';
import type { AddressGuard } from '../dispatch/address-guard.ts';
import { createSender } from '../dispatch/sender.ts';
import type { Wanted } from '../raft/forming.ts';
import type { ClusterId, Configuration, NodeId, PlacedConfiguration } from '../raft/types.ts';
import { type DataDirectory, type Identity, openDataDirectory } from '../store/data-directory.ts';
import { createFileSnapshotStore } from '../store/file-snapshot-store.ts';
import { type LogStore, StorageRefused } from '../store/log-store.ts';
import type { Projection } from '../store/projection.ts';
import { checkReach, snapshotPath } from '../store/projection-repair.ts';
import { finishInstall } from '../store/snapshot-install.ts';
import { openLogStore } from '../store/sqlite-log-store.ts';
import { openProjection } from '../store/sqlite-projection.ts';
import { groupPaths } from '../store/store-layout.ts';
import { ENTRY_VERSION } from '../tasks/entry-version.ts';
import { createNatsTransport, type NatsEvents } from '../transport/nats.ts';
import type { NatsAccess, NatsCredential } from '../transport/nats-access.ts';
import { noTransport, type Transport } from '../transport/transport.ts';
import type { SchedulerNode } from './api.ts';
import { statusBefore } from './cluster-status.ts';
import { createCompaction } from './compaction.ts';
import { findCluster } from './finding-cluster.ts';
import { FindingNode } from './finding-node.ts';
import { writeAfterSends } from './log-writer.ts';
import { Node } from './node.ts';
import { metricsBefore } from './node-metrics.ts';
import type { NodeEvents } from './node-parts.ts';
import { createOnlineBackup } from './online-backup.ts';
import { schedulePlanner } from './schedule-planner.ts';
import { Statistics, sourceOf } from './statistics.ts';
import { Tracing } from './tracing.ts';

export type { NatsAccess, NatsCredential, NatsEvents };

export interface StartNodeOptions {
  readonly dataDirectory: string;
  readonly nodeId: string;
  readonly guard: AddressGuard;
  readonly userAgent: string;
  readonly events: NodeEvents;
  readonly httpUrl: () => string | null;
  /** How other nodes are reached. Null: this one is alone. */
  readonly peering: Peering | null;
  /** What this node says it knows to read; less than it does makes it like an older version. */
  readonly featureLevel?: number;
  /** How long ahead of its time a claim is made by this node, when it leads. */
  readonly lookAheadMs?: number;
  readonly clock?: Clock;
  /** The log is as full as a disk at this size. */
  readonly logBytesMax?: number;
}

export interface Peering {
  /** The name under which the nodes of the cluster talk to each other. */
  readonly cluster: string;
  readonly access: NatsAccess;
  readonly secret: string | null;
  /** Read by an empty data directory alone. */
  readonly peers: readonly NodeId[];
  readonly wants: Wanted;
  readonly events: NatsEvents;
}

const GROUP = 0;
const MAINTAIN_EVERY_MS = 1_000;

/** Opens the data directory and starts a node on it. Throws StorageRefused, with what to do, when it cannot be used. */
export async function startNode(options: StartNodeOptions): Promise<SchedulerNode> {
  const directory = openDataDirectory(options.dataDirectory, options.nodeId as NodeId);
  try {
    const opened = await openStores(options, directory);
    return startOn(options, opened);
  } catch (error) {
    directory.close();
    throw error;
  }
}

interface Opened {
  readonly directory: DataDirectory;
  readonly log: LogStore;
  readonly projection: Projection;
  readonly clock: Clock;
}

async function openStores(options: StartNodeOptions, directory: DataDirectory): Promise<Opened> {
  const clock = options.clock ?? systemClock;
  finishInstall(directory, { group: GROUP });
  const projection = await openProjection({ directory: directory.path, clock });
  try {
    const log = openLogStore(directory, {
      verifyFrom: projection.appliedIndex + 1,
      // Where nobody else votes there is nobody to catch up with: then it is refused all the same.
      onLostTail: 'recover',
      state: projection,
      group: GROUP,
      ...(options.logBytesMax === undefined ? {} : { logBytesMax: options.logBytesMax }),
    });
    try {
      projection.standOn(log);
      checkTogether(log, projection, options.dataDirectory);
      return { directory, log, projection, clock };
    } catch (error) {
      log.close();
      throw error;
    }
  } catch (error) {
    await projection.close({ flush: false });
    throw error;
  }
}

/** A vote may come before the first entry: who has given one belongs to its cluster as much as who holds entries. */
const holdsNothing = ({ lastIndex, base, hardState }: LogStore): boolean =>
  lastIndex === 0 && base.index === 0 && hardState.term === 0;

async function startOn(options: StartNodeOptions, opened: Opened): Promise<SchedulerNode> {
  const { directory, log, projection } = opened;
  const { peering } = options;
  try {
    if (!holdsNothing(log))
      return begin(
        options,
        opened,
        transportOf(options, opened, () => directory.identity.clusterId),
      );
    if (peering === null || (peering.peers.length === 0 && peering.wants === 'found')) {
      form(log, directory.identity, options.featureLevel ?? ENTRY_VERSION);
      return begin(
        options,
        opened,
        transportOf(options, opened, () => directory.identity.clusterId),
      );
    }
    return findFirst(options, peering, opened);
  } catch (error) {
    log.close();
    await projection.close({ flush: false });
    throw error;
  }
}

function transportOf(
  options: StartNodeOptions,
  { directory, clock }: Opened,
  clusterId: () => ClusterId | null,
): Transport {
  const { peering } = options;
  if (peering === null) return noTransport;
  const { nodeId, instance, incarnation } = directory.identity;
  return createNatsTransport({
    access: peering.access,
    names: { cluster: peering.cluster, group: GROUP, nodeId },
    instance,
    incarnation,
    clusterId,
    secret: peering.secret,
    clock,
    events: peering.events,
  });
}

/** An empty directory of a node with others: which cluster it belongs to is found first. */
function findFirst(options: StartNodeOptions, peering: Peering, opened: Opened): SchedulerNode {
  const { directory, log, projection, clock } = opened;
  let isFound = false;
  let awaited: readonly NodeId[] = [];
  let node: SchedulerNode | null = null;
  const transport = transportOf(options, opened, () => (isFound ? directory.identity.clusterId : null));
  const finding = findCluster({
    self: directory.identity,
    peers: peering.peers,
    wants: peering.wants,
    transport,
    clock,
    digest: (text) => createHash('sha256').update(text).digest('hex').slice(0, CLUSTER_ID_CHARS),
    waiting: (nodeIds) => {
      awaited = nodeIds;
      if (node !== null) options.events.lifeChanged(node.health());
    },
  });
  node = new FindingNode({
    found: finding.found,
    stopFinding: finding.stop,
    begin({ clusterId, configuration }) {
      directory.joinCluster(clusterId);
      isFound = true;
      if (configuration !== null) appendFirst(log, configuration);
      return begin(options, opened, transport);
    },
    waitsFor: () => waitsInWords(peering, awaited, transport.trouble()),
    metrics: () => metricsBefore(log, projection, transport.counts()),
    status: () => statusBefore(directory.identity),
    statistics: (window) => new Statistics(sourceOf(projection.entities)).read(window, clock.nowMs()),
    tracing: new Tracing(directory.identity.nodeId, clock),
    failed: (error) => options.events.failed('storage', error),
    async close() {
      await transport.close();
      await projection.close({ flush: false });
      log.close();
      directory.close();
    },
  });
  options.events.lifeChanged(node.health());
  return node;
}

function waitsInWords({ cluster, wants }: Peering, awaited: readonly NodeId[], trouble: string | null): string {
  const what =
    wants === 'found'
      ? `waiting for ${awaited.join(', ')}, to found cluster ${cluster} together`
      : `looking for a member of cluster ${cluster}, to be taken in as a ${wants}`;
  return trouble === null ? what : `${what}; ${trouble}`;
}

const CLUSTER_ID_CHARS = 24;

function begin(options: StartNodeOptions, opened: Opened, transport: Transport): SchedulerNode {
  const { directory, log, projection, clock } = opened;
  const paths = groupPaths(directory.path, GROUP);
  const sender = createSender({
    clock,
    guard: options.guard,
    userAgent: options.userAgent,
    onTransition: ({ key, event, from, to }) => {
      if (node.tracing.isOn) node.tracing.moved('attempt', key, event, from, to);
    },
  });
  const compact = createCompaction({
    log,
    projection,
    snapshotFile: snapshotPath(directory.path),
    clock,
    postponed: (error) => options.events.compactionPostponed(error),
    stateBytes: () => (existsSync(paths.state) ? statSync(paths.state).size : 0),
  });
  const snapshots = createFileSnapshotStore({ directory: directory.path, projection, log, clock, group: GROUP });
  const node = new Node({
    identity: directory.identity,
    configurations: configurationsOf(log),
    wants: options.peering?.wants ?? 'found',
    featureLevel: options.featureLevel ?? ENTRY_VERSION,
    lookAheadMs: options.lookAheadMs ?? 0,
    log,
    write: writeAfterSends(log, transport),
    projection,
    snapshots,
    transport,
    sender,
    planner: schedulePlanner,
    clock,
    random: Math.random,
    httpUrl: options.httpUrl,
    events: options.events,
    compact,
    backUp: createOnlineBackup({ directory: directory.path, identity: directory.identity, log, projection, clock }),
    group: GROUP,
    closed: () => {
      maintenance.cancel();
      void snapshots.close();
      directory.close();
    },
  });
  const maintenance = maintainEvery(log, clock, (error) => node.fail(error));
  node.start();
  node.observing.recount();
  return node;
}

/** State and log must meet: a gap between them, or a state that knows more than the log, is a loss and not a start. */
function checkTogether(log: LogStore, projection: Projection, dataDirectory: string): void {
  checkReach(dataDirectory, projection.appliedIndex, log.base.index);
  if (projection.appliedIndex > log.lastIndex) {
    throw new StorageRefused(
      'damaged',
      `the state has applied entry ${projection.appliedIndex}, the log ends at ${log.lastIndex}: its tail is lost`,
      `Run 'xcron store check --data-dir ${dataDirectory}', then 'xcron store truncate --accept-loss --data-dir ${dataDirectory}'.`,
    );
  }
}

/** Oldest first: the one in force where the log begins, and those that it holds. */
export function configurationsOf(log: LogStore): readonly PlacedConfiguration[] {
  const placed: PlacedConfiguration[] = [];
  let entry = log.lastOfKind('configuration', log.lastIndex);
  while (entry !== undefined) {
    placed.unshift({ index: entry.index, configuration: JSON.parse(entry.data) as Configuration });
    entry = log.lastOfKind('configuration', entry.index - 1);
  }
  const { index, configuration } = log.base;
  return configuration === null ? placed : [{ index, configuration }, ...placed];
}

/** The first entry of a new group: its only voter is this node, under the instance of this directory (I8). */
const form = (log: LogStore, { nodeId, instance }: Identity, featureLevel: number): void =>
  appendFirst(log, { members: [{ nodeId, instance, kind: 'voter' }], featureLevel });

const appendFirst = (log: LogStore, configuration: Configuration): void =>
  log.persist({ entries: [{ index: 1, term: 0, kind: 'configuration', data: JSON.stringify(configuration) }] });

function maintainEvery(log: LogStore, clock: Clock, failed: (error: Error) => void): Timer {
  let timer: Timer;
  const arm = (): void => {
    timer = clock.setTimer(MAINTAIN_EVERY_MS, () => {
      try {
        log.maintain();
        arm();
      } catch (error) {
        failed(error instanceof Error ? error : new Error(String(error)));
      }
    });
  };
  arm();
  return { cancel: () => timer.cancel() };
}
