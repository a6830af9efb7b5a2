import type { ChangeOutcome, MembershipChange } from '../../../src/raft/ports.ts';
import type { InstanceId, Member, NodeId } from '../../../src/raft/types.ts';
import { type Cluster, feed, nodeNamed, passSettling } from './cluster.ts';
import { effectsOf } from './effects.ts';

/** Changes of the membership, as a person asks for them. */

export const add = (kind: 'learner' | 'worker', name: string, instance = 1): MembershipChange => {
  const member: Member = { nodeId: name as NodeId, instance: `i${instance}` as InstanceId, kind };
  return { type: 'add', member: { ...member, kind } };
};
export const remove = (name: string): MembershipChange => ({ type: 'remove', nodeId: name as NodeId });
export const promote = (name: string): MembershipChange => ({ type: 'promote', nodeId: name as NodeId });

let changes = 0;

/** Asks, and lets so much time pass; what came of it, or undefined when nothing has yet. */
export function change(
  cluster: Cluster,
  name: string,
  asked: MembershipChange,
  passedMs = 0,
): ChangeOutcome | undefined {
  changes += 1;
  const changeId = changes;
  feed(cluster, nodeNamed(cluster, name), { type: 'change-members', changeId, change: asked });
  passSettling(cluster, passedMs);
  return effectsOf(cluster, name, 'change-settled').find((settled) => settled.changeId === changeId)?.outcome;
}
