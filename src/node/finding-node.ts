import { refused } from '../result.ts';
import type { ClusterStatus, NodeHealth, NodeMetrics, ReadOutcome, SchedulerNode } from './api.ts';
import { type EventFeed, NO_FEED } from './event-feed.ts';
import type { FoundCluster } from './finding-cluster.ts';
import type { StatisticsSeen, StatisticsWindow } from './statistics.ts';
import { RETRY_AFTER_MS } from './submitting.ts';
import type { Tracing } from './tracing.ts';

/**
 * A node on an empty data directory, until it has found its cluster: it is there, takes nothing yet, and says whom it waits for. Then
 * it is the node that it has become.
 */
export interface FindingNodeOptions {
  readonly found: Promise<FoundCluster | null>;
  stopFinding(): void;
  /** Begins the log, and starts a node on it. */
  begin(found: FoundCluster): SchedulerNode;
  /** Whom it waits for, in words for a person. */
  waitsFor(): string;
  /** As of a node that has done nothing yet. */
  metrics(): NodeMetrics;
  status(): ClusterStatus;
  statistics(window: StatisticsWindow): StatisticsSeen;
  /** There is nothing to see before the node has begun. */
  readonly tracing: Tracing;
  failed(error: Error): void;
  /** Of what `begin` was not called with. */
  close(): Promise<void>;
}

export class FindingNode implements SchedulerNode {
  readonly #options: FindingNodeOptions;
  readonly #begun: Promise<void>;
  #node: SchedulerNode | null = null;
  #ended: { readonly state: 'storageFailed' | 'draining' | 'stopped'; readonly reason: string } | null = null;
  #stopping: Promise<void> | null = null;

  constructor(options: FindingNodeOptions) {
    this.#options = options;
    this.#begun = options.found.then((found) => this.#begin(found));
  }

  submit: SchedulerNode['submit'] = (command, asked) => this.#node?.submit(command, asked) ?? Promise.resolve(NOT_YET);
  readTask: SchedulerNode['readTask'] = (...about) => this.#node?.readTask(...about) ?? notReadable();
  listTasks: SchedulerNode['listTasks'] = (...about) => this.#node?.listTasks(...about) ?? notReadable();
  listExecutions: SchedulerNode['listExecutions'] = (...about) => this.#node?.listExecutions(...about) ?? notReadable();
  listDeadLetters: SchedulerNode['listDeadLetters'] = (...about) =>
    this.#node?.listDeadLetters(...about) ?? notReadable();
  listMissed: SchedulerNode['listMissed'] = (...about) => this.#node?.listMissed(...about) ?? notReadable();
  readExecution: SchedulerNode['readExecution'] = (...about) => this.#node?.readExecution(...about) ?? notReadable();
  operate: SchedulerNode['operate'] = (operation, asked, requestId) =>
    this.#node?.operate(operation, asked, requestId) ?? Promise.resolve(NOT_YET);
  operateHere: SchedulerNode['operateHere'] = async (operation, asked, requestId, work) =>
    this.#node?.operateHere(operation, asked, requestId, work) ?? { audited: false, result: (await work()).result };
  operations: SchedulerNode['operations'] = () => this.#node?.operations() ?? [];
  compactLog: SchedulerNode['compactLog'] = () => this.#node?.compactLog() ?? Promise.resolve(NO_CLUSTER_YET);
  backUp: SchedulerNode['backUp'] = () => this.#node?.backUp() ?? Promise.resolve(refused(NO_CLUSTER_YET));
  traceOf: SchedulerNode['traceOf'] = (...about) => this.#node?.traceOf(...about) ?? Promise.resolve(null);
  status = (): ClusterStatus => this.#node?.status() ?? this.#options.status();
  metrics = (): NodeMetrics => this.#node?.metrics() ?? this.#options.metrics();

  statistics: SchedulerNode['statistics'] = (window) =>
    this.#node?.statistics(window) ?? this.#options.statistics(window);

  get feed(): EventFeed {
    return this.#node?.feed ?? NO_FEED;
  }

  get tracing(): Tracing {
    return this.#node?.tracing ?? this.#options.tracing;
  }

  health(): NodeHealth {
    if (this.#node !== null) return this.#node.health();
    if (this.#ended !== null) return { ...this.#ended, ready: false };
    return { state: 'booting', ready: false, reason: this.#options.waitsFor() };
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  #begin(found: FoundCluster | null): void {
    if (found === null) return;
    try {
      this.#node = this.#options.begin(found);
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      this.#ended = { state: 'storageFailed', reason: `the log could not be begun: ${failure.message}` };
      this.#options.failed(failure);
    }
  }

  async #stop(): Promise<void> {
    this.#options.stopFinding();
    await this.#begun;
    if (this.#node !== null) return this.#node.stop();
    this.#ended ??= { state: 'draining', reason: 'stopping' };
    await this.#options.close();
    if (this.#ended.state === 'draining') this.#ended = { state: 'stopped', reason: 'stopped' };
  }
}

const NO_CLUSTER_YET = 'this node has not found its cluster yet';

const NOT_YET = { outcome: 'unavailable', reason: 'starting', retryAfterMs: RETRY_AFTER_MS } as const;

const notReadable = <T>(): Promise<ReadOutcome<T>> =>
  Promise.resolve({ ok: false, reason: 'starting', retryAfterMs: RETRY_AFTER_MS });
