import type { InstanceId, MemberId, NodeId } from '../raft/types.ts';

/**
 * Who speaks stands in the subject, so that a server's permissions can hold each node to its own name: a node may publish
 * `xcron.<cluster>.raft.<group>.*.<itself>` and nothing else.
 */
export interface Names {
  readonly cluster: string;
  readonly group: number;
  readonly nodeId: NodeId;
}

/** `bulk`: pieces of snapshots, on a connection of their own, so that no heartbeat waits behind them. */
export type Lane = 'raft' | 'bulk';
export const LANES = ['raft', 'bulk'] as const satisfies readonly Lane[];

/** No node may be called so. */
export const EVERYONE = 'all';

const prefixOf = ({ cluster, group }: Names, lane: Lane): string => `xcron.${cluster}.${lane}.${group}`;

export const subjectTo = (names: Names, lane: Lane, to: string): string =>
  `${prefixOf(names, lane)}.${to}.${names.nodeId}`;

/** Everything that others say to `to`. */
export const subjectsFor = (names: Names, lane: Lane, to: string): string => `${prefixOf(names, lane)}.${to}.*`;

export const senderOf = (subject: string): string => subject.slice(subject.lastIndexOf('.') + 1);

export const nodeOf = (member: MemberId): NodeId => member.slice(0, member.indexOf('/')) as NodeId;
export const instanceOf = (member: MemberId): InstanceId => member.slice(member.indexOf('/') + 1) as InstanceId;
export const memberOf = (nodeId: string, instance: string): MemberId => `${nodeId}/${instance}` as MemberId;
