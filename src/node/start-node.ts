import { existsSync, statSync } from 'node:fs';
import type { Clock, Timer } from '../clock.ts';
import { systemClock } from '../clock.ts';
import type { AddressGuard } from '../dispatch/address-guard.ts';
import { createSender } from '../dispatch/sender.ts';
import type { Configuration, NodeId, PlacedConfiguration } from '../raft/types.ts';
import { type DataDirectory, type Identity, openDataDirectory } from '../store/data-directory.ts';
import { createFileSnapshotStore } from '../store/file-snapshot-store.ts';
import { type LogStore, StorageRefused } from '../store/log-store.ts';
import type { Projection } from '../store/projection.ts';
import { checkReach, snapshotPath } from '../store/projection-repair.ts';
import { finishInstall } from '../store/snapshot-install.ts';
import { openLogStore } from '../store/sqlite-log-store.ts';
import { openProjection } from '../store/sqlite-projection.ts';
import { groupPaths } from '../store/store-layout.ts';
import { ENTRY_VERSION } from '../tasks/entry.ts';
import { noTransport } from '../transport/transport.ts';
import type { SchedulerNode } from './api.ts';
import { createCompaction } from './compaction.ts';
import { writeAtOnce } from './log-writer.ts';
import { Node } from './node.ts';
import type { NodeEvents } from './node-parts.ts';
import { schedulePlanner } from './schedule-planner.ts';

export interface StartNodeOptions {
  readonly dataDirectory: string;
  readonly nodeId: string;
  readonly guard: AddressGuard;
  readonly userAgent: string;
  readonly events: NodeEvents;
  readonly httpUrl: () => string | null;
  readonly clock?: Clock;
  /** The log is as full as a disk at this size. */
  readonly logBytesMax?: number;
}

const GROUP = 0;
const MAINTAIN_EVERY_MS = 1_000;

/** Opens the data directory and starts a node on it. Throws StorageRefused, with what to do, when it cannot be used. */
export async function startNode(options: StartNodeOptions): Promise<SchedulerNode> {
  const clock = options.clock ?? systemClock;
  const directory = openDataDirectory(options.dataDirectory, options.nodeId as NodeId);
  try {
    return await openNode(options, directory, clock);
  } catch (error) {
    directory.close();
    throw error;
  }
}

async function openNode(options: StartNodeOptions, directory: DataDirectory, clock: Clock): Promise<SchedulerNode> {
  const paths = groupPaths(directory.path, GROUP);
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
      if (log.lastIndex === 0 && log.base.index === 0) form(log, directory.identity);
      const sender = createSender({ clock, guard: options.guard, userAgent: options.userAgent });
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
        wants: 'found',
        log,
        write: writeAtOnce(log),
        projection,
        snapshots,
        transport: noTransport,
        sender,
        planner: schedulePlanner,
        clock,
        random: Math.random,
        httpUrl: options.httpUrl,
        events: options.events,
        compact,
        group: GROUP,
        closed: () => {
          maintenance.cancel();
          void snapshots.close();
          directory.close();
        },
      });
      const maintenance = maintainEvery(log, clock, (error) => node.fail(error));
      node.start();
      return node;
    } catch (error) {
      log.close();
      throw error;
    }
  } catch (error) {
    await projection.close({ flush: false });
    throw error;
  }
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
function form(log: LogStore, { nodeId, instance }: Identity): void {
  const configuration: Configuration = {
    members: [{ nodeId, instance, kind: 'voter' }],
    featureLevel: ENTRY_VERSION,
  };
  log.persist({ entries: [{ index: 1, term: 0, kind: 'configuration', data: JSON.stringify(configuration) }] });
}

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
