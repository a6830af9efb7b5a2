import type { Sender } from '../dispatch/sender.ts';
import type { LogStore } from '../store/log-store.ts';
import type { Projection } from '../store/projection.ts';
import type { TransportCounts } from '../transport/counts.ts';
import type { Transport } from '../transport/transport.ts';
import type { NodeMetrics } from './api.ts';
import { type EventFeed, NO_FEED_COUNTERS } from './event-feed.ts';
import type { Firing } from './firing.ts';
import { createHistogram } from './histogram.ts';
import type { Replica } from './replica.ts';
import type { Sending } from './sending.ts';

/** The counters and gauges of a node, as they stand. */
export function metricsOf({
  log,
  projection,
  sender,
  transport,
  replica,
  firing,
  sending,
  feed,
}: {
  readonly log: LogStore;
  readonly projection: Projection;
  readonly sender: Sender;
  readonly transport: Transport;
  readonly replica: Replica;
  readonly firing: Firing;
  readonly sending: Sending;
  readonly feed: EventFeed;
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
    deadLetters: sending.deadLetters,
    claimsInHand: firing.claimsInHand,
    claimsHeldAhead: sending.heldAhead,
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
    transport: transport.counts(),
    feed: feed.counters,
  };
}

/** Of a node that has not found its cluster yet: it has done nothing. */
export const metricsBefore = (log: LogStore, projection: Projection, transport: TransportCounts): NodeMetrics => ({
  proposals: 0,
  entries: 0,
  turns: 0,
  fsyncs: 0,
  elections: 0,
  fires: 0,
  attempts: { succeeded: 0, failed: 0, error: 0, withheld: 0, lost: 0 },
  deadLetters: 0,
  claimsInHand: 0,
  claimsHeldAhead: 0,
  requestsInFlight: 0,
  parked: 0,
  dueInMemory: 0,
  logBytes: log.sizeBytes,
  term: 0,
  commitIndex: 0,
  appliedIndex: 0,
  durableIndex: projection.durableIndex,
  counts: projection.counts,
  fsyncSeconds: createHistogram([]).read(),
  latenessSeconds: createHistogram([]).read(),
  transport,
  feed: NO_FEED_COUNTERS,
});
