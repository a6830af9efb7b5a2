import type { RaftCore } from '../raft/core.ts';
import { idOf } from '../raft/quorum.ts';
import { roleOf } from '../raft/role.ts';
import type { LogIndex } from '../raft/types.ts';
import type { StateMeta } from '../tasks/entities.ts';
import type { ClusterStatus } from './api.ts';
import type { NodeParts } from './node-parts.ts';
import type { Sightings } from './sightings.ts';

/** The cluster as one node sees it, and as its leader told it. */
export function statusOf(
  core: RaftCore,
  identity: NodeParts['identity'],
  appliedIndex: LogIndex,
  meta: StateMeta,
  sightings: Sightings,
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
      const id = idOf(member);
      const { httpUrl, matchIndex, lagMs, alive } = sightings.of(id);
      return {
        nodeId,
        instance,
        drained: meta.drained?.includes(nodeId) === true,
        kind,
        role: id === core.self ? role : id === leader ? 'leader' : null,
        httpUrl,
        matchIndex,
        lagMs,
        alive,
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
