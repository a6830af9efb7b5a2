import { clusterSchema } from './answer-schema.ts';
import type { Operation } from './operation.ts';

const readCluster: Operation = {
  id: 'readCluster',
  method: 'GET',
  path: '/v1/cluster',
  summary: 'Say how the cluster stands, as this node sees it',
  success: { status: 200, description: 'The cluster.', schema: clusterSchema },
  errors: [],
  handle(_request, { node }) {
    const status = node.status();
    const body = JSON.stringify({
      cluster_id: status.clusterId,
      node_id: status.nodeId,
      role: status.role,
      term: status.term,
      leader_id: status.leaderId,
      commit_index: status.commitIndex,
      applied_index: status.appliedIndex,
      members: status.members.map((member) => ({
        node_id: member.nodeId,
        kind: member.kind,
        role: member.role,
        http_url: member.httpUrl,
        match_index: member.matchIndex,
        lag_ms: member.lagMs,
        alive: member.alive,
      })),
    });
    return { status: 200, body };
  },
};

export const clusterOperations: readonly Operation[] = [readCluster];
