import type { ClusterId, InstanceId, NodeId } from '../../src/raft/types.ts';
import { Arrivals } from '../../src/transport/arrivals.ts';
import { EntryBytes, packBatch } from '../../src/transport/batch-codec.ts';
import { packFrame } from '../../src/transport/frame.ts';
import { createSigning } from '../../src/transport/signing.ts';
import type { PeerBatch } from '../../src/transport/transport.ts';

/** Frames as n1 says them to n2, and whoever judges them there. */
export const SUBJECT = 'xcron.demo.raft.0.n2.n1';
export const SECRET = 'of sixteen or more';
const CLUSTER_ID = 'c-1' as ClusterId;

export interface Said {
  readonly clusterId: ClusterId | null;
  readonly instance: string;
  readonly incarnation: number;
  readonly number: number;
  readonly toInstance: string;
  readonly secret: string | null;
}

export function frameOf(batch: PeerBatch, changes: Partial<Said> = {}): Buffer {
  const { toInstance = 'i-n2', secret = null, ...origin } = changes;
  const packed = packBatch(
    { clusterId: CLUSTER_ID, instance: 'i-n1', incarnation: 1, number: 1, ...origin },
    toInstance,
    batch,
    new EntryBytes(),
  );
  return packFrame(SUBJECT, packed.headJson, packed.blobs, createSigning(secret));
}

/** A frame whose head is any JSON. */
export const frameWithHead = (headJson: string, blob = Buffer.alloc(0)): Buffer =>
  packFrame(SUBJECT, headJson, [blob], createSigning(null));

export const judgeOfN2 = (secret: string | null): Arrivals =>
  new Arrivals({
    names: { cluster: 'demo', group: 0, nodeId: 'n2' as NodeId },
    instance: 'i-n2' as InstanceId,
    clusterId: () => CLUSTER_ID,
    signing: createSigning(secret),
  });
