import type { Clock } from '../clock.ts';
import type { Sender } from '../dispatch/sender.ts';
import type { Wanted } from '../raft/forming.ts';
import type { RaftRole } from '../raft/role.ts';
import type {
  ClusterId,
  Configuration,
  Incarnation,
  InstanceId,
  Member,
  MemberId,
  NodeId,
  PlacedConfiguration,
} from '../raft/types.ts';
import type { LogStore } from '../store/log-store.ts';
import type { Projection } from '../store/projection.ts';
import type { SnapshotStore } from '../store/snapshot-store.ts';
import type { ClusterOperation, OperationEnd } from '../tasks/operation.ts';
import type { SchedulePlanner } from '../tasks/planner.ts';
import type { Transport } from '../transport/transport.ts';
import type { NodeHealth } from './api.ts';
import type { Compact } from './compaction.ts';
import type { LogWriter } from './log-writer.ts';
import type { BackUp } from './online-backup.ts';

/** What a node is put together from. Everything that touches the world is handed in, so that a simulator runs this very code. */
export interface NodeParts {
  readonly identity: {
    readonly clusterId: ClusterId;
    readonly nodeId: NodeId;
    readonly instance: InstanceId;
    readonly incarnation: Incarnation;
  };
  /** Those that the log holds, oldest first, after the one in force where it begins. */
  readonly configurations: readonly PlacedConfiguration[];
  /** What it is to be, if no configuration names it yet. */
  readonly wants: Wanted;
  /** What this node says it can read. Absent: all that this build can. */
  readonly featureLevel?: number;
  /** How long ahead of its time this one, when it leads, makes a claim; absent: when it is due. */
  readonly lookAheadMs?: number;
  readonly log: LogStore;
  readonly write: LogWriter;
  readonly projection: Projection;
  readonly snapshots: SnapshotStore;
  readonly transport: Transport;
  readonly sender: Sender;
  readonly planner: SchedulePlanner;
  readonly clock: Clock;
  readonly random: () => number;
  readonly httpUrl: () => string | null;
  readonly events: NodeEvents;
  /** Forgets what the log need not keep. Called now and then while serving. */
  readonly compact: Compact;
  readonly backUp: BackUp;
  readonly group: number;
  /** Called when log and projection are closed. */
  readonly closed: () => void;
}

export interface NodeEvents {
  /** The node's own machine moved. */
  lifeChanged(health: NodeHealth): void;
  roleChanged(role: RaftRole, term: number): void;
  settled(count: number): void;
  /** The log could not be made shorter, for want of a copy of the state. */
  compactionPostponed(error: Error): void;
  /** As the leader: it is audited, and now carried out. */
  operating(asked: { readonly operation: ClusterOperation; readonly by: string }): void;
  /** This node carried it out, as the leader or as the one it is about. */
  operated(done: { readonly operation: ClusterOperation; readonly by: string; readonly end: OperationEnd }): void;
  /** As the leader: committed, and no longer joint. */
  membersChanged(configuration: Configuration): void;
  /** As the leader: an empty node called out, and is a member now. */
  takenIn(member: Member): void;
  /** An empty node called out, and cannot be taken in now. */
  notTakenIn(nodeId: string, reason: string): void;
  /** A peer said what cannot be: it changed nothing. */
  dropped(from: MemberId, cause: string): void;
  /** `storage`: reads go on. `invariant`: the process must end (exit 70). */
  failed(kind: 'storage' | 'invariant', error: Error): void;
}
