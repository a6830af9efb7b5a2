import type { Logger } from 'pino';
import { systemClock } from '../clock.ts';
import type { EventPublication } from '../control/nats-events.ts';
import type { NatsService } from '../control/nats-service.ts';
import type { HostControls } from '../control/verb.ts';
import { CATALOGUE } from '../http/error-catalogue.ts';
import type { SchedulerNode } from '../node/api.ts';
import { hostOfNats, isLoopbackHost } from './configuration-rules.ts';
import type { PeeringSettings } from './peering.ts';
import type { SettingValues } from './settings.ts';

/** The door for operators on NATS, of a node that has NATS. */
export async function offerOverNats(
  node: SchedulerNode,
  values: SettingValues,
  { access }: PeeringSettings,
  host: HostControls,
  version: string,
  log: Logger,
): Promise<NatsService> {
  const { offerOperations } = await import('../control/nats-service.ts');
  const offersAdmin = isAdminSafe(values);
  if (!offersAdmin) {
    log.info(
      'over NATS this cluster can be looked at and not operated: its servers ask nobody who he is; HTTP and xcron cluster do both',
    );
  }
  return offerOperations({
    access,
    cluster: values.cluster,
    nodeId: values.nodeId,
    version,
    node,
    host,
    clock: systemClock,
    offersAdmin,
    statusOf: (code) => CATALOGUE[code].status,
    events: {
      offered: () => log.info('operations are offered over NATS'),
      withdrawn: (why) => log.warn({ why }, 'operations are not offered over NATS now'),
      operated: (verb, outcome) =>
        log.info({ verb, by: 'nats', outcome: outcome.ok ? 'done' : outcome.error.code }, 'an operation was asked for'),
    },
  });
}

/** Null where it is not wished for. */
export async function publishOverNats(
  node: SchedulerNode,
  values: SettingValues,
  { access }: PeeringSettings,
  log: Logger,
): Promise<EventPublication | null> {
  if (!values.natsEvents) return null;
  const { publishEvents } = await import('../control/nats-events.ts');
  return publishEvents({
    access,
    cluster: values.cluster,
    nodeId: values.nodeId,
    node,
    clock: systemClock,
    events: {
      connected: () => log.info('events are published over NATS while this node leads'),
      withdrawn: (why) => log.warn({ why }, 'events are not published over NATS now'),
    },
  });
}

/** Where servers let everyone in, a token that HTTP asks for would be no use, and neither would one beyond this machine be safe. */
function isAdminSafe(values: SettingValues): boolean {
  const { natsUser, natsToken, natsSeed, natsCredsFile, natsCertFile, natsUrl, apiToken } = values;
  if ([natsUser, natsToken, natsSeed, natsCredsFile, natsCertFile].some((way) => way !== null)) return true;
  return apiToken === null && natsUrl.every((url) => isLoopbackHost(hostOfNats(url)));
}
