import type { Brand } from '../brand.ts';

/**
 * The words of the Raft paper (Ongaro & Ousterhout 2014, Figure 2), as types. Nothing here knows tasks: what an entry says is
 * an opaque string to consensus.
 */

export type Term = number;
export type LogIndex = number;
export type NodeId = Brand<string, 'NodeId'>;
/** Random, made with a data directory: a wiped node is another member under the old name (I8). */
export type InstanceId = Brand<string, 'InstanceId'>;
/** Number of this process's start: one more with each on its data directory. */
export type Incarnation = Brand<number, 'Incarnation'>;
export type ClusterId = Brand<string, 'ClusterId'>;
/** Node id and instance: what votes and acknowledgements count for. */
export type MemberId = Brand<string, 'MemberId'>;

export const memberId = (nodeId: NodeId, instance: InstanceId): MemberId => `${nodeId}/${instance}` as MemberId;

/**
 * - `term-started`: the first entry of a leader's term. Nothing is decided before it is applied (I5).
 * - `configuration`: the members; in force from the moment it is appended.
 * - `events`: (precondition, events) pairs of tasks/.
 */
export type EntryKind = 'term-started' | 'configuration' | 'events';

export interface Entry {
  readonly index: LogIndex;
  readonly term: Term;
  readonly kind: EntryKind;
  readonly data: string;
}

/** What must be on disk before a vote or an acknowledgement leaves (paper Figure 2, "persistent state"). */
export interface HardState {
  readonly term: Term;
  readonly votedFor: MemberId | null;
}

export interface Member {
  readonly nodeId: NodeId;
  readonly instance: InstanceId;
  readonly kind: 'voter' | 'learner' | 'worker';
}

export interface Configuration {
  readonly members: readonly Member[];
  /** While it is joint (paper §6): the voters of the configuration that is being left. Their majority counts as well. */
  readonly outgoing?: readonly Member[];
  /** What every member knows to read. Absent: 1. A new kind of entry is written only from its level on. */
  readonly featureLevel?: number;
}

/** A configuration and the entry that brought it. */
export interface PlacedConfiguration {
  readonly index: LogIndex;
  readonly configuration: Configuration;
}
