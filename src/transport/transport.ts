import type { Hail } from '../raft/forming.ts';
import type { Message } from '../raft/messages.ts';
import type { MemberId } from '../raft/types.ts';
import { noCounts, type TransportCounts } from './counts.ts';

/**
 * The port through which the nodes of a group speak. What it carries may be lost, late, repeated, or burst out of a broker that
 * hung (I2); between two nodes the order holds as long as their connection does. Frames, subjects, signatures, and dropping what is
 * of another cluster, group or incarnation, are behind it.
 */
export interface Transport {
  /** What one turn has for one peer, or a part of it: at most BATCH_BYTES_MAX, encoded as JSON. */
  send(to: MemberId, batch: PeerBatch): void;
  /** To whoever is on the wire under this cluster's name, member or not. */
  hail(hail: Hail): void;
  /** Who listens now; another one may follow. */
  listen(listener: TransportListener): void;
  /**
   * Resolves when all that was sent so far is on its way; null when it is already. A disk write blocks the loop, so whoever wants the
   * network to work meanwhile waits for this first.
   */
  handedOver(): Promise<void> | null;
  counts(): TransportCounts;
  /** Why nobody can be reached at the moment, in words for a person; null when nothing is known to be wrong. */
  trouble(): string | null;
  close(): Promise<void>;
}

export interface PeerBatch {
  readonly raft: readonly Message[];
  /** What nodes ask each other beside consensus: plain JSON, checked by whoever reads it. */
  readonly notes: readonly unknown[];
  /** The sender's own clock, and what it takes for cluster time, unix milliseconds. */
  readonly clockMs: number;
  readonly clusterMs: number;
}

export interface TransportListener {
  received(from: MemberId, batch: PeerBatch): void;
  /** What was sent to this peer lately is lost for certain. */
  unreachable(peer: MemberId): void;
  /** Whatever was called out: it is read by whom it concerns. */
  hailed(said: unknown): void;
}

/** Of a node that has no peers, or cannot speak to them. */
export const noTransport: Transport = {
  send() {},
  hail() {},
  listen() {},
  handedOver: () => null,
  counts: noCounts,
  trouble: () => 'its cluster has other members, and it was started without --nats-url, through which they are reached',
  close: async () => {},
};
