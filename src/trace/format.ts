import type { RaftRoleEvent } from '../../machines/raft-role.ts';
import type { RaftRole } from '../raft/role.ts';
import type { EntryKind, LogIndex, Term } from '../raft/types.ts';
import type { Precondition } from '../tasks/precondition.ts';

/**
 * The trace format, version 1: text, one JSON object a line. The first line is a header; lines of nodes and of the world around them
 * follow in the order in which they were seen; the last is `end`, so that a file that was cut says so. One format for what a live
 * cluster kept and for what the simulator wrote, so that both open in the same page. A reader takes any line whose `what` it does
 * not know as something that a later minor change added, and leaves it out; what changes the meaning of a line raises the version.
 */
export const TRACE_FORMAT = 'xcron-trace';
export const TRACE_VERSION = 1;

export interface TraceHeader {
  readonly format: typeof TRACE_FORMAT;
  readonly version: number;
  readonly source: 'live' | 'sim';
  readonly clusterId: string;
  readonly nodes: readonly string[];
  /** What made it: the command that repeats a simulated run, or the version of the node. */
  readonly made: string;
}

/** What the role machine stands at. The term's vote and leader are members: node id and instance. */
export interface RoleSeen {
  readonly role: RaftRole;
  readonly term: Term;
  readonly vote: string | null;
  readonly leader: string | null;
}

/** A message between two nodes, without what its entries say: that stands where they were written. */
export interface MessageSeen {
  readonly kind: string;
  /** The other end. */
  readonly peer: string;
  readonly term: Term;
  /** The rest of it that is a number, a word or a list of numbers. */
  readonly says: Readonly<Record<string, unknown>>;
}

/** What a leader knows of a peer (paper Figure 2, "volatile state on leaders"). */
export interface PeerSeen {
  readonly state: 'probe' | 'replicate' | 'snapshot';
  readonly match: LogIndex;
  readonly next: LogIndex;
  readonly inFlight: number;
}

export interface EntrySeen {
  readonly index: LogIndex;
  readonly term: Term;
  readonly kind: EntryKind;
  /** Left out where it was too large to carry, or stands in an earlier line of the trace. */
  readonly data?: string;
}

/** A pair whose precondition did not hold when it was applied: a no-op on every node alike (I5). */
export interface PairRefused {
  readonly index: LogIndex;
  readonly pair: number;
  readonly failed: Precondition;
}

/** One step of consensus on one node: what it was told, what it answered, and how it stands after that. */
export interface StepLine extends RoleSeen {
  readonly what: 'step';
  /** Counts up from 1 for as long as the node's process lives. */
  readonly line: number;
  readonly atMs: number;
  readonly node: string;
  readonly last: LogIndex;
  readonly commit: LogIndex;
  readonly applied: LogIndex;
  /** Where the role machine stood, and every event that it was sent then: the rest is found by running it. */
  readonly before?: RoleSeen & { readonly self: string };
  readonly moves?: readonly RaftRoleEvent[];
  readonly got?: readonly MessageSeen[];
  readonly sent?: readonly MessageSeen[];
  /** Entries handed to the disk. One replaces the one at its index and all that follow. */
  readonly wrote?: readonly EntrySeen[];
  readonly peers?: Readonly<Record<string, PeerSeen>>;
  readonly refused?: readonly PairRefused[];
  /** Everything else that it was told or answered, by its type. */
  readonly also?: readonly Readonly<Record<string, unknown>>[];
}

/** A machine other than the role's moved: that of the node's life, or of one attempt. */
export interface MoveLine {
  readonly what: 'move';
  readonly line: number;
  readonly atMs: number;
  readonly node: string;
  readonly machine: 'node' | 'attempt';
  /** Of an attempt: its execution and number. */
  readonly of: string;
  readonly event: string;
  readonly from: string;
  readonly to: string;
}

/** Something that the world did, or saw: a fault, a start, a request that arrived. */
export interface NoteLine {
  readonly what: 'note';
  readonly line: number;
  readonly atMs: number;
  readonly node?: string;
  readonly kind: string;
  readonly says?: Readonly<Record<string, unknown>>;
}

/** So many lines of a node came and went: there were more than could be kept, or carried; or, `unseen`, nobody could ask meanwhile. */
export interface GapLine {
  readonly what: 'gap';
  readonly atMs: number;
  readonly node: string;
  readonly lines: number;
  readonly why?: 'unseen';
}

export interface EndLine {
  readonly what: 'end';
  readonly lines: number;
}

export type TraceLine = StepLine | MoveLine | NoteLine | GapLine;
