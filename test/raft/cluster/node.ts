import { createRaftCore, type RaftCore } from '../../../src/raft/core.ts';
import type { Effect, RaftTimings } from '../../../src/raft/ports.ts';
import { type Configuration, type InstanceId, type MemberId, memberId, type NodeId } from '../../../src/raft/types.ts';
import { type Disk, emptyDisk, startFrom } from './disk.ts';

/** The defaults of the product. */
export const TIMINGS: RaftTimings = { heartbeatMs: 80, electionTimeoutMinMs: 400, electionTimeoutMaxMs: 800 };

export type DiskWork = Extract<Effect, { type: 'persist' | 'write-snapshot' | 'install-snapshot' }>;

export interface TestNode {
  readonly name: string;
  /** Changes when its disk is wiped. */
  id: MemberId;
  disk: Disk;
  /** Null while it is crashed. */
  core: RaftCore | null;
  /** Its own clock. */
  monotonicMs: number;
  random: number;
  /** Asked of the disk and not done, in order. */
  diskWork: DiskWork[];
  diskStalls: boolean;
  /** When it was last started: a core does not outlive its process. */
  starts: number;
  featureLevel: number;
}

export const memberOf = (name: string, instance = 1): MemberId =>
  memberId(name as NodeId, `i${instance}` as InstanceId);

export function createNode(name: string, configuration: Configuration): TestNode {
  const node: TestNode = {
    name,
    id: memberOf(name),
    disk: emptyDisk(configuration),
    core: null,
    monotonicMs: 0,
    random: 0.5,
    diskWork: [],
    diskStalls: false,
    starts: 0,
    featureLevel: 1,
  };
  start(node);
  return node;
}

/** `recovering`: its guard file knows of more than the log holds. */
export function start(node: TestNode, recovering = false): void {
  node.starts += 1;
  node.core = createRaftCore(startFrom(node.disk, node.id, recovering, node.featureLevel), TIMINGS);
}

export function crash(node: TestNode): void {
  node.core = null;
  node.diskWork = [];
}

/** A new data directory under the old name. */
export function wipe(node: TestNode): void {
  crash(node);
  const [, instance = 'i1'] = node.id.split('/');
  node.id = memberOf(node.name, Number(instance.slice(1)) + 1);
  node.disk = emptyDisk({ members: [] });
}

export function running(node: TestNode): RaftCore {
  if (node.core === null) throw new Error(`${node.name} is not running`);
  return node.core;
}
