import { connect, createInbox, type NatsConnection } from 'nats';
import type { NatsServer } from '../../ops/scripts/nats-server.ts';
import { systemClock } from '../../src/clock.ts';
import { type NatsService, type NatsServiceOptions, offerOperations } from '../../src/control/nats-service.ts';
import { CATALOGUE } from '../../src/http/error-catalogue.ts';
import { createFakeNode, type FakeNode } from '../http/fake-node.ts';
import { until } from '../whole/serving.ts';

/** Nodes in memory that offer their operations on a real nats-server, and a client of it as an operator has one. */
export interface Offering {
  readonly node: FakeNode;
  readonly service: NatsService;
  level(): string;
}

export interface Answer {
  readonly v: number;
  readonly ok: boolean;
  readonly node_id: string;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: string; readonly detail: string };
  /** Of the service protocol's error header. */
  readonly header: string;
}

export async function offering(
  server: NatsServer,
  nodeId: string,
  cluster: string,
  more: Partial<NatsServiceOptions> = {},
): Promise<Offering> {
  const node = createFakeNode();
  const events: string[] = [];
  let level = 'info';
  const service = offerOperations({
    access: { servers: [server.url], credential: { kind: 'none' }, tls: null },
    cluster,
    nodeId,
    version: '0.1.0',
    node,
    host: {
      logLevel: () => level,
      setLogLevel: (next) => {
        level = next;
      },
    },
    clock: systemClock,
    offersAdmin: true,
    statusOf: (code) => CATALOGUE[code].status,
    events: {
      offered: () => events.push('offered'),
      withdrawn: (why) => events.push(`withdrawn: ${why}`),
      operated: (verb) => events.push(`operated: ${verb}`),
    },
    ...more,
  });
  await until(
    () => events.includes('offered'),
    () => events.join('; '),
  );
  return { node, service, level: () => level };
}

export async function withNodes(
  server: NatsServer,
  cluster: string,
  work: (nodes: readonly Offering[], operator: Operator) => Promise<void>,
): Promise<void> {
  const nodes = await Promise.all(['n1', 'n2', 'n3'].map((nodeId) => offering(server, nodeId, cluster)));
  const operator = await operatorOf(server);
  try {
    await work(nodes, operator);
  } finally {
    await operator.connection.close();
    await Promise.all(nodes.map(({ service }) => service.close()));
  }
}

export interface Operator {
  readonly connection: NatsConnection;
  ask(subject: string, body?: unknown): Promise<Answer>;
  /** What all that listen answer, until there are so many. */
  askAll(subject: string, answers: number, body?: unknown): Promise<readonly Record<string, unknown>[]>;
}

const textOf = (body: unknown): string => (typeof body === 'string' ? body : JSON.stringify(body));
/** Longer than a node may take to say that it does not know. */
const ASK_MS = 15_000;

export async function operatorOf(server: NatsServer): Promise<Operator> {
  const connection = await connect({ servers: server.url });
  return {
    connection,
    async ask(subject, body = '') {
      const message = await connection.request(subject, textOf(body), { timeout: ASK_MS });
      return { ...message.json<Answer>(), header: message.headers?.get('Nats-Service-Error-Code') ?? '' };
    },
    async askAll(subject, answers, body = '') {
      const inbox = createInbox();
      const heard: Record<string, unknown>[] = [];
      const subscription = connection.subscribe(inbox, { callback: (_error, message) => heard.push(message.json()) });
      connection.publish(subject, textOf(body), { reply: inbox });
      await until(
        () => heard.length >= answers,
        () => `${heard.length} of ${answers} answered ${subject}`,
      );
      subscription.unsubscribe();
      return heard;
    },
  };
}
