import type { Sender } from '../dispatch/sender.ts';
import type { LogStore } from '../store/log-store.ts';
import type { Projection } from '../store/projection.ts';
import type { NodeMetrics } from './api.ts';
import type { Firing } from './firing.ts';
import type { Replica } from './replica.ts';
import type { Sending } from './sending.ts';

/** The counters and gauges of a node, as they stand. */
export function metricsOf({
  log,
  projection,
  sender,
  replica,
  firing,
  sending,
}: {
  readonly log: LogStore;
  readonly projection: Projection;
  readonly sender: Sender;
  readonly replica: Replica;
  readonly firing: Firing;
  readonly sending: Sending;
}): NodeMetrics {
  const { core } = replica;
  const { proposals, entries, turns, fsyncs, elections } = replica.counters;
  return {
    proposals,
    entries,
    turns,
    fsyncs,
    elections,
    fires: sending.fires,
    attempts: { ...sending.attempts },
    claimsInHand: firing.claimsInHand,
    requestsInFlight: sender.inFlight,
    parked: firing.parked,
    dueInMemory: firing.dueInMemory,
    logBytes: log.sizeBytes,
    term: core.role.context.term,
    commitIndex: core.commitIndex,
    appliedIndex: replica.appliedIndex,
    durableIndex: projection.durableIndex,
    counts: projection.counts,
    fsyncSeconds: replica.fsyncSeconds.read(),
    latenessSeconds: sending.latenessSeconds.read(),
  };
}
