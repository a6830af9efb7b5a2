import type { ClusterId, InstanceId, MemberId } from '../raft/types.ts';
import { readOrigin, unpackBatch } from './batch-codec.ts';
import type { DropCause } from './counts.ts';
import { unpackFrame } from './frame.ts';
import { Freshness } from './freshness.ts';
import { isRecord, isShallow } from './message-shape.ts';
import type { Signing } from './signing.ts';
import { memberOf, type Names, senderOf } from './subjects.ts';
import type { PeerBatch } from './transport.ts';

/**
 * Judges what arrives on one connection. Whatever is garbled, forged, foreign or old is known as that before anything of it is told
 * (I2). In this order: only what is genuine may say which of its sender's messages was the last.
 */
export type Arrival =
  | { readonly kind: 'batch'; readonly from: MemberId; readonly batch: PeerBatch }
  | { readonly kind: 'hail'; readonly said: unknown }
  | { readonly kind: 'dropped'; readonly from: MemberId; readonly cause: DropCause };

export interface ArrivalsOptions {
  readonly names: Names;
  readonly instance: InstanceId;
  readonly clusterId: () => ClusterId | null;
  readonly signing: Signing;
}

export class Arrivals {
  readonly #options: ArrivalsOptions;
  readonly #freshness = new Freshness();

  constructor(options: ArrivalsOptions) {
    this.#options = options;
  }

  judge(subject: string, data: Uint8Array): Arrival {
    const { names, instance, clusterId, signing } = this.#options;
    const sender = senderOf(subject);
    const unknown = memberOf(sender, '?');
    const frame = unpackFrame(subject, data, signing);
    if (!frame.ok) return dropped(unknown, frame.cause);
    const { head } = frame.parts;
    const origin = readOrigin(head);
    if (origin === null || !isRecord(head)) return dropped(unknown, 'garbled');
    const from = memberOf(sender, origin.instance);
    const isHail = Object.hasOwn(head, 'hail');
    // Whoever calls out may belong to no cluster yet; what is called is read by whom it concerns.
    if (!isHail && (origin.clusterId === null || origin.clusterId !== clusterId())) return dropped(from, 'foreign');
    if (!this.#freshness.isNews(from, origin.incarnation, origin.number)) return dropped(from, 'stale');
    if (isHail) return isOf(from, head.hail) ? { kind: 'hail', said: head.hail } : dropped(from, 'garbled');
    const addressed = unpackBatch(frame.parts, from, names.nodeId);
    if (addressed === null) return dropped(from, 'garbled');
    if (addressed.toInstance !== instance) return dropped(from, 'misaddressed');
    return { kind: 'batch', from, batch: addressed.batch };
  }
}

/** Whoever calls, calls for itself: servers hold a node to its name in the subject, and to no other. */
const isOf = (from: MemberId, hail: unknown): boolean =>
  isRecord(hail) && isShallow(hail) && memberOf(String(hail.nodeId), String(hail.instance)) === from;

const dropped = (from: MemberId, cause: DropCause): Arrival => ({ kind: 'dropped', from, cause });
