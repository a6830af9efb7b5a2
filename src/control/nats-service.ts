import { connect, type NatsConnection, type Service, type ServiceMsg } from 'nats';
import type { Clock, Timer } from '../clock.ts';
import type { SchedulerNode } from '../node/api.ts';
import { connectionOptions, type NatsAccess } from '../node/nats-connecting.ts';
import {
  BELONGS_LOOK_MS,
  BELONGS_YET_LOOK_MS,
  OFFER_AGAIN_MS,
  OPERATIONS_IN_FLIGHT_MAX,
  OVERLOADED_RETRY_MS,
} from './limits.ts';
import { answerJson, readRequest } from './request.ts';
import { subjectOf, subjectOfAll, subjectOfNode } from './subjects.ts';
import { type ControlErrorCode, failed, type HostControls, type Verb, type VerbOutcome } from './verb.ts';
import { VERBS } from './verbs.ts';

/**
 * Cluster operations as a NATS micro service: every node is an instance, so that `nats micro ls` shows the cluster. On a connection of
 * its own: no operation waits behind consensus, and none keeps it waiting. Without a server it offers itself again and again; what one node
 * can do alone needs none of this.
 */
export interface NatsServiceOptions {
  readonly access: NatsAccess;
  readonly cluster: string;
  readonly nodeId: string;
  readonly version: string;
  readonly node: SchedulerNode;
  readonly host: HostControls;
  readonly clock: Clock;
  /** False where whoever reaches the servers could ask: then only reading is offered. */
  readonly offersAdmin: boolean;
  /** What HTTP would answer with; it stands in the header of an error. */
  readonly statusOf: (code: ControlErrorCode) => number;
  readonly events: NatsServiceEvents;
}

export interface NatsServiceEvents {
  offered(): void;
  /** Not offered now, and why; it goes on trying. */
  withdrawn(why: string): void;
  /** An operation was asked for and is over; only those that change something. */
  operated(verb: string, outcome: VerbOutcome): void;
}

export interface NatsService {
  close(): Promise<void>;
}

const SERVICE_NAME = 'xcron';

export function offerOperations(options: NatsServiceOptions): NatsService {
  const { access, cluster, nodeId, version, node, host, clock, offersAdmin, statusOf, events } = options;
  const verbs = VERBS.filter((verb) => verb.access === 'read' || offersAdmin);
  let connection: NatsConnection | null = null;
  let service: Service | null = null;
  let retry: Timer | null = null;
  let look: Timer | null = null;
  let closing = false;
  /** Operations that are worked on. */
  const atWork = new Set<Promise<void>>();
  let said = '';

  async function run(verb: Verb, data: Uint8Array): Promise<VerbOutcome> {
    const request = readRequest(verb, data);
    if (!request.ok) return { ok: false, error: request.error };
    const outcome = await verb.run(request.value.input, {
      node,
      asked: { by: 'nats' },
      requestId: request.value.requestId,
      host,
    });
    if (verb.access === 'admin') events.operated(verb.name, outcome);
    return outcome;
  }

  function take(verb: Verb | undefined, message: ServiceMsg): void {
    if (verb === undefined) {
      respond(
        message,
        failed('validation_failed', `no such verb; there are ${verbs.map(({ name }) => name).join(', ')}`),
      );
    } else if (atWork.size >= OPERATIONS_IN_FLIGHT_MAX) {
      const detail = `${atWork.size} operations are under way here`;
      respond(message, { ok: false, error: { code: 'overloaded', detail, retryAfterMs: OVERLOADED_RETRY_MS } });
    } else {
      const answered = run(verb, message.data)
        .catch((error: unknown) => failed('outcome_unknown', `it ended with an error: ${wordsOf(error)}`))
        .then((outcome) => {
          atWork.delete(answered);
          respond(message, outcome);
        });
      atWork.add(answered);
    }
  }

  function respond(message: ServiceMsg, outcome: VerbOutcome): void {
    // Nobody waits, or the connection went while it was worked on.
    if (message.reply === undefined || connection === null || connection.isClosed()) return;
    const answer = new TextEncoder().encode(answerJson(nodeId, outcome));
    const bytesMax = connection.info?.max_payload ?? answer.length;
    if (outcome.ok && answer.length > bytesMax) {
      // The client would throw, and the node end for it.
      const detail = `the answer has ${answer.length} bytes, and a message of these NATS servers ${bytesMax} at most: ask for less, or over HTTP`;
      respond(message, failed('validation_failed', detail));
    } else if (outcome.ok) message.respond(answer);
    else message.respondError(statusOf(outcome.error.code), outcome.error.code, answer);
  }

  /** Who is looking for a cluster, or was removed from it, has nothing to say in its name: a request to any node would end there. */
  function belongs(): boolean {
    const { nodeId: self, role, members } = node.status();
    return role !== 'removed' && members.some((member) => member.nodeId === self);
  }

  function lookAgain(): void {
    look = clock.setTimer(BELONGS_LOOK_MS, () => {
      if (belongs()) lookAgain();
      else void service?.stop();
    });
  }

  async function offer(): Promise<void> {
    if (!belongs()) {
      retry = clock.setTimer(BELONGS_YET_LOOK_MS, () => void offer());
      return;
    }
    try {
      connection = await connect(connectionOptions(access, `xcron ${cluster} ${nodeId} operations`));
      service = await addService(connection);
      await connection.flush();
      // Told to close while it was not there yet.
      if (closing) await service.stop();
      said = '';
      events.offered();
      lookAgain();
      throw (await service.stopped) ?? new Error('the connection was closed');
    } catch (error) {
      service = null;
      look?.cancel();
      if (closing && atWork.size > 0) return;
      await connection?.close().catch(() => {});
      connection = null;
      if (closing) return;
      const why = belongs() ? wordsOf(error) : 'this node belongs to no cluster';
      // Once for each cause: it is tried every second.
      if (why !== said) events.withdrawn(why);
      said = why;
      retry = clock.setTimer(OFFER_AGAIN_MS, () => void offer());
    }
  }

  async function addService(offering: NatsConnection): Promise<Service> {
    const service = await offering.services.add({
      name: SERVICE_NAME,
      version,
      description: `cluster ${cluster}: a scheduler of HTTP callbacks`,
      metadata: { cluster, node_id: nodeId },
      // The metadata of a registration stays as it was: what changes stands in the statistics.
      statsHandler: async () => statisticsOf(node),
    });
    for (const verb of verbs) {
      service.addEndpoint(verb.name, {
        subject: subjectOf(cluster, verb),
        metadata: { about: verb.about, access: verb.access, summary: verb.summary },
        handler: (_error, message) => take(verb, message),
      });
    }
    const named = (message: ServiceMsg, from: readonly Verb[]): Verb | undefined =>
      from.find(({ name }) => name === message.subject.slice(message.subject.lastIndexOf('.') + 1));
    for (const kind of offersAdmin ? (['read', 'admin'] as const) : (['read'] as const)) {
      const ofKind = verbs.filter((verb) => verb.access === kind);
      // A queue of its own for each node: the default one lets a single node answer for all.
      service.addEndpoint(`${kind}-node`, {
        subject: subjectOfNode(cluster, kind, nodeId),
        queue: nodeId,
        handler: (_error, message) => take(named(message, ofKind), message),
      });
      // What is the cluster's own is not asked of every node at once.
      const ofEach = kind === 'read' ? ofKind : ofKind.filter(({ about }) => about === 'node');
      service.addEndpoint(`${kind}-all`, {
        subject: subjectOfAll(cluster, kind),
        queue: nodeId,
        handler: (_error, message) => take(named(message, ofEach), message),
      });
    }
    return service;
  }

  void offer();
  return {
    async close() {
      closing = true;
      retry?.cancel();
      look?.cancel();
      await service?.stop().catch(() => {});
      // What is being worked on is answered; all of it has a deadline of its own.
      await Promise.all(atWork);
      await connection?.close().catch(() => {});
    },
  };
}

function statisticsOf(node: SchedulerNode): Readonly<Record<string, unknown>> {
  const { nodeId, role, term, leaderId, commitIndex, appliedIndex, schedulingPaused } = node.status();
  const { ready, state } = node.health();
  return {
    node_id: nodeId,
    role,
    term,
    leader_id: leaderId,
    commit_index: commitIndex,
    applied_index: appliedIndex,
    ready,
    state,
    scheduling: schedulingPaused ? 'paused' : 'running',
  };
}

/** Of the client's errors the code alone: a message may show what was sent to the server (I11). */
const wordsOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : error instanceof Error
      ? error.message
      : 'unknown';
