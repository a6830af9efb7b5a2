import { type NatsServer, startNatsServer } from '../../ops/scripts/nats-server.ts';
import { systemClock } from '../../src/clock.ts';
import type { ClusterId, Incarnation, InstanceId, NodeId } from '../../src/raft/types.ts';
import { createNatsTransport, type NatsTransportOptions } from '../../src/transport/nats.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { until } from '../whole/serving.ts';

/** Nodes on a nats-server of the test's own, with what was said about them. */
export interface NatsNetwork {
  readonly server: NatsServer;
  readonly clusterId: ClusterId;
  readonly events: string[];
  open(nodeId: string, changes?: Partial<NatsTransportOptions>): Transport;
  /** Resolves when it is connected. */
  join(nodeId: string, changes?: Partial<NatsTransportOptions>): Promise<Transport>;
  close(): Promise<void>;
}

const CLUSTER = 'demo';

export async function openNatsNetwork(given?: NatsServer): Promise<NatsNetwork> {
  const server = given ?? (await startNatsServer());
  const joined: Transport[] = [];
  const clusterId = 'c-1' as ClusterId;
  const events: string[] = [];
  const open = (nodeId: string, changes: Partial<NatsTransportOptions> = {}): Transport => {
    const transport = createNatsTransport({
      access: { servers: [server.url], credential: { kind: 'none' }, tls: null },
      names: { cluster: CLUSTER, group: 0, nodeId: nodeId as NodeId },
      instance: `i-${nodeId}` as InstanceId,
      incarnation: 1 as Incarnation,
      clusterId: () => clusterId,
      secret: null,
      clock: systemClock,
      events: {
        connected: () => events.push(`${nodeId} connected`),
        disconnected: (why) => events.push(`${nodeId} disconnected: ${why}`),
        refused: (what) => events.push(`${nodeId} refused: ${what}`),
        failed: (error) => events.push(`${nodeId} failed: ${error.message}`),
        dropped: (from, cause) => events.push(`${nodeId} dropped from ${from}: ${cause}`),
      },
      ...changes,
    });
    joined.push(transport);
    return transport;
  };
  return {
    server,
    clusterId,
    events,
    open,
    async join(nodeId, changes) {
      const transport = open(nodeId, changes);
      await connected(transport);
      return transport;
    },
    async close() {
      await Promise.all(joined.map((transport) => transport.close()));
      if (given === undefined) await server.kill('SIGTERM');
    },
  };
}

export const connected = (transport: Transport): Promise<void> =>
  until(
    () => transport.trouble() === null,
    () => transport.trouble() ?? '',
    10_000,
  );
