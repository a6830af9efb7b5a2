import { flushCompileCache } from 'node:module';
import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import { systemClock } from '../clock.ts';
import type { EventPublication } from '../control/nats-events.ts';
import type { NatsService } from '../control/nats-service.ts';
import type { HostControls } from '../control/verb.ts';
import { createHttpServer, type HttpServer } from '../http/server.ts';
import { InvariantBroken } from '../invariant.ts';
import type { SchedulerNode } from '../node/api.ts';
import { createCallbackGuard } from '../node/callback-guard.ts';
import type { NodeEvents } from '../node/node-parts.ts';
import { type NatsEvents, type Peering, startNode } from '../node/start-node.ts';
import type { NodeId } from '../raft/types.ts';
import { isLoopbackHost } from './configuration-rules.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { firstSteps } from './first-steps.ts';
import { listenProblem, tryToListen, urlOf } from './listening.ts';
import { createLog, createOnce } from './node-log.ts';
import { operationLog } from './operation-log.ts';
import { offerOverNats, publishOverNats } from './operations-over-nats.ts';
import type { PeeringSettings } from './peering.ts';
import type { SettingValues } from './settings.ts';
import { stopAsked } from './stop-signal.ts';
import { sayStorageTrouble, storageTrouble } from './storage-failure.ts';
import type { Terminal } from './terminal.ts';
import { readManifest } from './version.ts';

/**
 * Puts a node together and runs it until it is told to stop. Order of the start: see that the port is free, open the data directory, listen,
 * and only then replay to the end, so that /readyz can say what is awaited. Order of the stop: the node drains while /readyz says so, then
 * the port is closed.
 */
export async function runNode(
  values: SettingValues,
  peering: PeeringSettings | null,
  terminal: Terminal,
): Promise<ExitCode> {
  const log = createLog(values.logLevel, values.nodeId, terminal);
  endOnBug(log);
  // From here on: what is being opened is closed in order too.
  const stopping = stopAsked(() => {
    log.warn('told to stop again: ending at once; what was acknowledged is on disk');
    process.exit(EXIT.done);
  });
  const sayListenProblem = (error: NodeJS.ErrnoException): ExitCode => {
    terminal.err(`xcron: ${listenProblem(error, values.httpHost, values.httpPort)}`);
    return EXIT.usage;
  };
  // Before the data directory is opened: a node that cannot be reached must not lead for a moment, nor hold the lock.
  const taken = await tryToListen(values.httpHost, values.httpPort);
  if (taken !== null) return sayListenProblem(taken);
  const manifest = readManifest();
  let bound: { readonly host: string; readonly port: number } | null = null;
  const { guard, rules } = createCallbackGuard({
    allowLoopback: isLoopbackHost(values.httpHost),
    allow: values.callbackAllow,
    deny: values.callbackDeny,
    ownAddresses: () => (bound === null ? [] : [bound]),
  });

  let node: SchedulerNode;
  try {
    node = await startNode({
      dataDirectory: resolve(values.dataDir),
      nodeId: values.nodeId,
      guard,
      userAgent: `xcron/${manifest.version}`,
      events: nodeEvents(log),
      featureLevel: values.featureLevel,
      lookAheadMs: values.lookAhead,
      peering:
        peering === null
          ? null
          : { ...peering, cluster: values.cluster, ...belonging(values), events: natsEvents(log, values.natsUrl) },
      httpUrl: () => (bound === null ? null : `${urlOf(bound.host, bound.port)}${values.httpBasePath}`),
    });
  } catch (error) {
    const trouble = storageTrouble(error);
    if (trouble !== null) return sayStorageTrouble(terminal, trouble);
    if (error instanceof InvariantBroken) return endBroken(log, error);
    throw error;
  }
  const host: HostControls = {
    logLevel: () => log.level,
    setLogLevel: (level) => {
      log.level = level;
    },
  };
  const server = createHttpServer({
    node,
    callbackRules: rules,
    token: values.apiToken,
    basePath: values.httpBasePath,
    hostNames: values.httpHostNames,
    logger: log,
    host,
    clock: systemClock,
    defaults: { timezone: values.defaultTimezone },
    version: manifest.version,
    dataDirectory: resolve(values.dataDir),
    uiDirectory: join(manifest.root, 'dist', 'ui'),
  });
  try {
    bound = await server.listen(values.httpHost, values.httpPort);
  } catch (error) {
    await node.stop();
    return sayListenProblem(error as NodeJS.ErrnoException);
  }
  const overNats = peering === null ? null : await offerOverNats(node, values, peering, host, manifest.version, log);
  const eventsOut = peering === null ? null : await publishOverNats(node, values, peering, log);
  for (const line of firstSteps(bound, values, manifest)) terminal.out(line);
  // Else it is written at the end of the process, which a kill does not reach: the next start would compile everything again.
  flushCompileCache();
  log.info({ signal: await stopping }, 'stopping');
  return stop(node, server, [overNats, eventsOut], log);
}

async function stop(
  node: SchedulerNode,
  server: HttpServer,
  onNats: readonly (NatsService | EventPublication | null)[],
  log: Logger,
): Promise<ExitCode> {
  const failed = node.health().state === 'storageFailed';
  await node.stop();
  await Promise.all(onNats.map((door) => door?.close()));
  await server.close();
  log.info('stopped');
  const code = failed ? EXIT.storage : EXIT.done;
  endWhateverIsOpen(code);
  return code;
}

/**
 * All that is ours is closed. The NATS client leaves the socket of an attempt to connect that took too long open (2.29), and no process may
 * hang on that.
 */
function endWhateverIsOpen(code: ExitCode): void {
  setTimeout(() => process.exit(code), LEFT_OPEN_MS).unref();
}

const LEFT_OPEN_MS = 500;

/** What an empty data directory is to become. */
const belonging = ({ peers, join, role }: SettingValues): Pick<Peering, 'peers' | 'wants'> => ({
  peers: peers.map((name) => name as NodeId),
  wants: role === 'worker' ? 'worker' : join ? 'learner' : 'found',
});

function natsEvents(log: Logger, servers: readonly string[]): NatsEvents {
  const oncePerCause = createOnce();
  return {
    connected: (server) => log.info({ server }, 'connected to NATS'),
    disconnected: (why) => log.warn({ why, servers }, 'no NATS server is connected: other nodes cannot be reached'),
    refused: (what) =>
      oncePerCause(what, () => log.error({ what }, 'the NATS server does not permit this node to do that')),
    dropped: (from, cause) =>
      oncePerCause(`${from} ${cause}`, () => log.warn({ from, cause }, 'dropped what came over NATS; said once')),
    failed: (error) => endBroken(log, error),
  };
}

function nodeEvents(log: Logger): NodeEvents {
  const oncePerCause = createOnce();
  return {
    lifeChanged({ state, ready, reason }) {
      if (ready) log.info('ready');
      else log.info({ state }, reason ?? state);
    },
    roleChanged: (role, term) => log.info({ role, term }, 'role changed'),
    settled: (count) => log.warn({ executions: count }, 'settled what an earlier start had left open'),
    ...operationLog(log),
    notTakenIn: (nodeId, reason) =>
      oncePerCause(`${nodeId} ${reason}`, () =>
        log.warn({ empty_node: nodeId, reason }, 'an empty node is not taken in now; said once'),
      ),
    dropped: (from, cause) =>
      oncePerCause(`${from} ${cause}`, () =>
        log.warn({ from, cause }, 'dropped what a peer said, because it cannot be; said once'),
      ),
    compactionPostponed: (error) =>
      log.error(
        { error: error.message },
        'the state could not be copied, so the log is not compacted: is there space?',
      ),
    failed(kind, error) {
      if (kind === 'invariant') endBroken(log, error);
      else {
        const remedy = storageTrouble(error)?.remedy ?? 'Mend the device, and start again.';
        log.error(
          { error: error.message, remedy },
          'the disk failed: writes are refused until it is mended and the node restarted',
        );
      }
    },
  };
}

/** Fail-stop: nothing of a node whose state is not to be trusted may go on (exit 70). */
function endBroken(log: Logger, error: Error): never {
  const invariant = error instanceof InvariantBroken ? error.invariant : 'none';
  log.error({ invariant, error: error.message, stack: error.stack ?? '' }, 'an invariant is broken: the node ends');
  process.exit(EXIT.invariantBroken);
}

/** An error that nobody caught is a bug, and what it left half done is unknown. */
function endOnBug(log: Logger): void {
  const end = (error: unknown): void => {
    endBroken(log, error instanceof Error ? error : new Error(String(error)));
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}
