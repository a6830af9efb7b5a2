import type { RaftCore } from '../raft/core.ts';
import { idOf } from '../raft/quorum.ts';
import { roleOf } from '../raft/role.ts';
import type { LogIndex } from '../raft/types.ts';
import type { StateMeta } from '../tasks/entities.ts';
import type { ClusterStatus } from './api.ts';
import { NODE_LOST_MS } from './limits.ts';
import type { NodeParts } from './node-parts.ts';

/** The cluster as one node sees it. Only a leader knows how far its peers are. */
export function statusOf(
  core: RaftCore,
  identity: NodeParts['identity'],
  appliedIndex: LogIndex,
  meta: StateMeta,
  httpUrl: string | null,
): ClusterStatus {
  const { term, leader } = core.role.context;
  const role = roleOf(core.role);
  return {
    clusterId: identity.clusterId,
    nodeId: identity.nodeId,
    role,
    term,
    leaderId: leader === null ? null : (leader.split('/')[0] ?? null),
    commitIndex: core.commitIndex,
    appliedIndex,
    schedulingPaused: meta.schedulingPaused === true,
    members: core.configuration.members.map((member) => {
      const { nodeId, instance, kind } = member;
      const drained = meta.drained?.includes(nodeId) === true;
      const id = idOf(member);
      if (id === core.self) {
        return { nodeId, instance, drained, kind, role, httpUrl, matchIndex: core.durableIndex, lagMs: 0, alive: true };
      }
      const progress = core.leading?.peers.get(id);
      const lagMs = progress === undefined ? null : core.monotonicMs - progress.heardAtMs;
      return {
        nodeId,
        instance,
        drained,
        kind,
        role: id === leader ? 'leader' : null,
        httpUrl: null,
        matchIndex: progress?.matchIndex ?? null,
        lagMs,
        alive: lagMs !== null && lagMs < NODE_LOST_MS,
      };
    }),
  };
}

/** Of a node that has not found its cluster yet. */
export const statusBefore = ({ nodeId }: Pick<NodeParts['identity'], 'nodeId'>): ClusterStatus => ({
  clusterId: '',
  nodeId,
  role: 'learner',
  term: 0,
  leaderId: null,
  commitIndex: 0,
  appliedIndex: 0,
  schedulingPaused: false,
  members: [],
});
