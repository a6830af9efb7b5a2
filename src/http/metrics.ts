import { statfs } from 'node:fs/promises';
import { collectDefaultMetrics, type Metric, Registry } from 'prom-client';
import { Type } from 'typebox';
import type { Histogram, NodeMetrics, SchedulerNode } from '../node/api.ts';
import { LOOP_LAG_SAMPLE_MS } from './limits.ts';
import type { Operation } from './operation.ts';

/**
 * What /metrics shows: the node's own counters as they are at the scrape, and prom-client's figures of the process, the event
 * loop's delay among them. The node counts by itself and keeps its histograms, so nothing here is counted twice.
 */

interface Sample {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string | number>>;
  readonly metricName?: string;
}
type Kind = 'counter' | 'gauge' | 'histogram';
type Reading = readonly [name: string, kind: Kind, help: string, read: (metrics: NodeMetrics) => readonly Sample[]];

const one = (value: number): readonly Sample[] => [{ value }];
const labelled = (label: string, values: Readonly<Record<string, number>>): readonly Sample[] =>
  Object.entries(values).map(([name, value]) => ({ value, labels: { [label]: name } }));

function buckets(name: string, { buckets: counts, sum, count }: Histogram): readonly Sample[] {
  const finite = counts.filter(({ le }) => Number.isFinite(le));
  return [
    ...finite.map((bucket) => ({ metricName: `${name}_bucket`, value: bucket.count, labels: { le: bucket.le } })),
    { metricName: `${name}_bucket`, value: count, labels: { le: '+Inf' } },
    { metricName: `${name}_sum`, value: sum },
    { metricName: `${name}_count`, value: count },
  ];
}

const READINGS: readonly Reading[] = [
  ['xcron_proposals_total', 'counter', 'Writes proposed to the log.', (m) => one(m.proposals)],
  ['xcron_entries_total', 'counter', 'Entries appended to the log.', (m) => one(m.entries)],
  ['xcron_turns_total', 'counter', 'Turns of the event loop that had work.', (m) => one(m.turns)],
  ['xcron_fsyncs_total', 'counter', 'Flushes of the log to disk.', (m) => one(m.fsyncs)],
  ['xcron_elections_total', 'counter', 'Elections begun by this node.', (m) => one(m.elections)],
  ['xcron_fires_total', 'counter', 'Due times claimed.', (m) => one(m.fires)],
  ['xcron_attempts_total', 'counter', 'Attempts by how they ended.', (m) => labelled('result', m.attempts)],
  [
    'xcron_dead_letters_total',
    'counter',
    'Executions that failed for good, of all nodes, as this one applied them.',
    (m) => one(m.deadLetters),
  ],
  ['xcron_claims_in_hand', 'gauge', 'Claims that this node holds.', (m) => one(m.claimsInHand)],
  [
    'xcron_claims_held_ahead',
    'gauge',
    'Claims that this node holds ahead of their time.',
    (m) => one(m.claimsHeldAhead),
  ],
  ['xcron_requests_in_flight', 'gauge', 'Callbacks on their way.', (m) => one(m.requestsInFlight)],
  ['xcron_parked', 'gauge', 'Due work that waits for its target.', (m) => one(m.parked)],
  ['xcron_due_in_memory', 'gauge', 'Due times held in memory.', (m) => one(m.dueInMemory)],
  ['xcron_log_bytes', 'gauge', 'Size of the log on disk.', (m) => one(m.logBytes)],
  ['xcron_term', 'gauge', 'Current term.', (m) => one(m.term)],
  ['xcron_commit_index', 'gauge', 'Newest committed entry.', (m) => one(m.commitIndex)],
  ['xcron_applied_index', 'gauge', 'Newest applied entry.', (m) => one(m.appliedIndex)],
  ['xcron_durable_index', 'gauge', 'Newest entry whose effects are on disk.', (m) => one(m.durableIndex)],
  ['xcron_tasks', 'gauge', 'Tasks by state, as of the last flush.', (m) => labelled('state', m.counts.tasks)],
  ['xcron_executions', 'gauge', 'Executions kept, as of the last flush.', (m) => one(m.counts.executions)],
  [
    'xcron_transport_messages_total',
    'counter',
    'Messages to and from other nodes.',
    ({ transport }) => labelled('direction', { sent: transport.sentMessages, received: transport.receivedMessages }),
  ],
  [
    'xcron_transport_bytes_total',
    'counter',
    'What those messages weigh.',
    ({ transport }) => labelled('direction', { sent: transport.sentBytes, received: transport.receivedBytes }),
  ],
  [
    'xcron_transport_dropped_total',
    'counter',
    'Messages that arrived and were not taken.',
    (m) => labelled('cause', m.transport.dropped),
  ],
  ['xcron_transport_lost_total', 'counter', 'Messages that did not leave.', (m) => labelled('cause', m.transport.lost)],
  [
    'xcron_transport_reconnects_total',
    'counter',
    'Connections to NATS found again.',
    (m) => one(m.transport.reconnects),
  ],
  ['xcron_event_subscribers', 'gauge', 'Readers that follow the events of this node.', (m) => one(m.feed.subscribers)],
  ['xcron_events_told_total', 'counter', 'Events told, once for each reader.', (m) => one(m.feed.told)],
  ['xcron_event_gaps_total', 'counter', 'Times that a reader was told of a gap.', (m) => one(m.feed.gaps)],
  ['xcron_event_readers_cut_off_total', 'counter', 'Readers that took nothing for too long.', (m) => one(m.feed.slow)],
  [
    'xcron_fsync_seconds',
    'histogram',
    'Time that a flush of the log takes.',
    (m) => buckets('xcron_fsync_seconds', m.fsyncSeconds),
  ],
  [
    'xcron_lateness_seconds',
    'histogram',
    'How late attempts leave after their due time.',
    (m) => buckets('xcron_lateness_seconds', m.latenessSeconds),
  ],
];

export function createMetricsRegistry(node: SchedulerNode, version: string, dataDirectory: string | null): Registry {
  const registry = new Registry();
  // All readings of one scrape are made in one turn: the node is asked once for them.
  let reading: NodeMetrics | null = null;
  const readNode = (): NodeMetrics => {
    if (reading === null) {
      reading = node.metrics();
      queueMicrotask(() => {
        reading = null;
      });
    }
    return reading;
  };
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_LAG_SAMPLE_MS });
  register(registry, 'xcron_info', 'gauge', 'The version that runs.', () => [{ value: 1, labels: { version } }]);
  register(registry, 'xcron_ready', 'gauge', '1 when the node takes work.', () => one(node.health().ready ? 1 : 0));
  register(registry, 'xcron_leader', 'gauge', '1 when this node leads.', () =>
    one(node.status().role === 'leader' ? 1 : 0),
  );
  if (dataDirectory !== null) {
    register(registry, 'xcron_disk_free_bytes', 'gauge', 'Space left to this user where the data lies.', () =>
      freeBytes(dataDirectory),
    );
  }
  for (const [name, kind, help, read] of READINGS) register(registry, name, kind, help, () => read(readNode()));
  return registry;
}

/** No sample where it cannot be told: a scrape must not fail for it. */
async function freeBytes(directory: string): Promise<readonly Sample[]> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return one(bavail * bsize);
  } catch {
    return [];
  }
}

/** prom-client's own classes count; these are counted already, so they are given to the registry as what it asks of a metric. */
function register(
  registry: Registry,
  name: string,
  type: Kind,
  help: string,
  read: () => readonly Sample[] | Promise<readonly Sample[]>,
): void {
  const metric = {
    name,
    help,
    type,
    aggregator: 'sum',
    get: async () => ({ name, help, type, aggregator: 'sum', values: await read() }),
    reset() {},
  };
  registry.registerMetric(metric as unknown as Metric);
}

export function metricsOperation(registry: Registry): Operation {
  return {
    id: 'readMetrics',
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics of this node, as Prometheus reads them',
    success: {
      status: 200,
      description: 'Text, version 0.0.4.',
      schema: Type.String(),
      contentType: 'text/plain',
    },
    errors: [],
    async handle() {
      return { status: 200, body: await registry.metrics(), contentType: registry.contentType };
    },
  };
}
