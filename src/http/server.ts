import type { AddressInfo, Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { Type } from 'typebox';
import type { Clock, Timer } from '../clock.ts';
import type { HostControls } from '../control/verb.ts';
import type { SchedulerNode } from '../node/api.ts';
import type { CallbackRules } from '../node/callback-guard.ts';
import { createAdmission } from './admission.ts';
import { createAnswerText } from './answer-text.ts';
import { apiError } from './api-error.ts';
import { createApp } from './app.ts';
import { clusterOperations } from './cluster-operations.ts';
import { deadLetterOperations } from './dead-letter-operations.ts';
import { createDirectConnections } from './direct-connections.ts';
import { eventOperations } from './event-operations.ts';
import { executionOperations } from './execution-operations.ts';
import { healthOperations } from './health-operations.ts';
import {
  CLOSE_LOOKS_EVERY_MS,
  CONNECTION_LIMITS,
  CONNECTIONS_CHECKED_EVERY_MS,
  type ConnectionLimits,
} from './limits.ts';
import { endWith } from './malformed.ts';
import { createMetricsRegistry, metricsOperation } from './metrics.ts';
import { missedOperations } from './missed-operations.ts';
import { createNewConnections } from './new-connections.ts';
import { openApiDocument } from './openapi.ts';
import type { Operation } from './operation.ts';
import { originalOperations } from './original-api.ts';
import { scheduleOperations } from './schedule-operations.ts';
import { statisticsOperation } from './statistics-operation.ts';
import type { TaskDefaults } from './task-draft.ts';
import { taskOperations } from './task-operations.ts';
import { readTraceOfAll } from './trace-operation.ts';
import { readUiFiles } from './ui-files.ts';
import { updateTask } from './update-operation.ts';

export interface HttpServerOptions {
  readonly node: SchedulerNode;
  /** The dispatch room's judgement of callback URLs and headers. */
  readonly callbackRules: CallbackRules;
  /** Null: whoever reaches the port may ask, from this machine's own names only (admission.ts). */
  readonly token: string | null;
  /** Before every path, as `/scheduler`, for a proxy that does not strip it. */
  readonly basePath?: string;
  /** More names that a Host header may have where no token is set. */
  readonly hostNames?: readonly string[];
  readonly logger: Logger;
  /** What cluster operations may change of the process. */
  readonly host: HostControls;
  readonly clock: Clock;
  readonly defaults: TaskDefaults;
  readonly version: string;
  /** Whose free space is told at /metrics. */
  readonly dataDirectory?: string;
  /** Where the built pages lie. */
  readonly uiDirectory?: string;
  readonly connectionLimits?: Partial<ConnectionLimits>;
}

export interface HttpServer {
  /** Resolves to where it really listens: port 0 is any free one. */
  listen(host: string, port: number): Promise<{ readonly host: string; readonly port: number }>;
  /** No new connections; idle ones are closed, and each answer from now on ends its own. Safe to call twice. */
  stopAccepting(): void;
  /** stopAccepting, then waits for the requests in hand, up to `closeGraceMs`. Safe to call twice. */
  close(): Promise<void>;
  /** For requests without a socket. */
  readonly inject: FastifyInstance['inject'];
  readonly operations: readonly Operation[];
}

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { node, clock, logger, token, basePath = '', hostNames = [], version } = options;
  const admission = createAdmission({ token, hostNames });
  const operations = operationsOf(node, version, basePath, options.dataDirectory ?? null);
  const limits = { ...CONNECTION_LIMITS, ...options.connectionLimits };
  let closing = false;
  const context = {
    node,
    clock,
    rules: options.callbackRules,
    defaults: options.defaults,
    asked: { by: token === null ? 'anonymous' : 'token' },
    basePath,
    host: options.host,
  };
  const newConnections = createNewConnections(clock);
  const answering = { context, logger, newConnections };
  const {
    framework: app,
    directRoutes,
    endStreams,
  } = createApp({
    ...answering,
    operations,
    admission,
    limits,
    ui: readUiFiles(options.uiDirectory ?? null),
    isClosing: () => closing,
  });
  const { server } = app;
  const [toHttp] = server.listeners('connection') as [(socket: Socket) => void];
  const direct = createDirectConnections({
    ...answering,
    routes: directRoutes,
    admission,
    clock,
    keepAliveMs: limits.keepAliveMs,
    answerText: createAnswerText(clock, limits.keepAliveMs),
    isClosing: () => closing,
    toHttp: (socket) => toHttp.call(server, socket),
  });
  server.removeListener('connection', toHttp).on('connection', direct.take);
  let looking: Timer | null = null;
  const lookAgain = (): void => {
    looking = clock.setTimer(CONNECTIONS_CHECKED_EVERY_MS, () => {
      direct.look();
      lookAgain();
    });
  };
  let openConnections = 0;
  server.on('connection', (socket) => {
    newConnections.note();
    openConnections += 1;
    socket.once('close', () => {
      openConnections -= 1;
    });
    if (openConnections > limits.openMax) {
      endWith(
        socket,
        apiError('too_many_connections', `${limits.openMax} connections are open, which is as many as are kept`),
      );
    }
  });

  const closeIdle = (): void => {
    direct.closeIdle();
    server.closeIdleConnections();
  };

  let closed: Promise<void> | null = null;
  const stopAccepting = (): void => {
    if (closing) return;
    closing = true;
    looking?.cancel();
    if (server.listening) server.close();
    endStreams();
    closeIdle();
  };
  const drain = (): Promise<void> =>
    new Promise((resolve) => {
      const untilMs = clock.monotonicMs() + limits.closeGraceMs;
      const look = (): void => {
        closeIdle();
        if (clock.monotonicMs() >= untilMs) {
          direct.closeAll();
          server.closeAllConnections();
        }
        if (openConnections === 0) resolve();
        else clock.setTimer(CLOSE_LOOKS_EVERY_MS, look);
      };
      look();
    });

  return {
    operations,
    inject: app.inject.bind(app) as FastifyInstance['inject'],
    async listen(host, port) {
      await app.ready();
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          resolve();
        });
      });
      lookAgain();
      admission.bound(host);
      const { address, port: boundPort } = server.address() as AddressInfo;
      admission.bound(address);
      return { host: address, port: boundPort };
    },
    stopAccepting,
    close() {
      stopAccepting();
      closed ??= drain().then(() => app.close());
      return closed;
    },
  };
}

function operationsOf(
  node: SchedulerNode,
  version: string,
  basePath: string,
  dataDirectory: string | null,
): readonly Operation[] {
  let document: string | null = null;
  const readOpenApi: Operation = {
    id: 'readOpenApi',
    method: 'GET',
    path: '/openapi.json',
    summary: 'This description',
    success: { status: 200, description: 'OpenAPI 3.1.', schema: Type.Object({}) },
    errors: [],
    handle() {
      document ??= JSON.stringify(openApiDocument(operations, version, basePath));
      return { status: 200, body: document };
    },
  };
  const operations: readonly Operation[] = [
    ...originalOperations,
    ...taskOperations,
    updateTask,
    ...executionOperations,
    ...deadLetterOperations,
    ...missedOperations,
    ...scheduleOperations,
    ...clusterOperations,
    ...eventOperations,
    statisticsOperation,
    readTraceOfAll,
    ...healthOperations,
    metricsOperation(createMetricsRegistry(node, version, dataDirectory)),
    readOpenApi,
  ];
  return operations;
}
