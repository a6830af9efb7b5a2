import { createActor, type InspectionEvent } from 'xstate';
import { nodeMachine } from '../../machines/node.ts';
import type { Clock, Timer } from '../clock.ts';
import type { Sender } from '../dispatch/sender.ts';
import { InvariantBroken } from '../invariant.ts';
import { createRaftCore, type RaftCore } from '../raft/core.ts';
import { idOf } from '../raft/quorum.ts';
import { type RaftRole, roleOf } from '../raft/role.ts';
import type { ClusterId, Configuration, Incarnation, InstanceId, NodeId } from '../raft/types.ts';
import { memberId } from '../raft/types.ts';
import { type LogStore, StorageRefused } from '../store/log-store.ts';
import type { Projection, TaskFilter } from '../store/projection.ts';
import type { Command } from '../tasks/command.ts';
import type { Execution } from '../tasks/execution.ts';
import type { SchedulePlanner } from '../tasks/planner.ts';
import type { Task, TaskId } from '../tasks/task.ts';
import type {
  Asked,
  ClusterStatus,
  NodeHealth,
  NodeMetrics,
  ReadOutcome,
  SchedulerNode,
  SubmitOutcome,
  UnavailableReason,
} from './api.ts';
import type { Compact } from './compaction.ts';
import { DeadLetters } from './dead-letters.ts';
import { Firing } from './firing.ts';
import { DRAIN_MAX_MS, ELECTION_TIMEOUT_MAX_MS, ELECTION_TIMEOUT_MIN_MS, HOUSEKEEPING_EVERY_MS } from './limits.ts';
import { Replica } from './replica.ts';
import { retain } from './retention.ts';
import { Sending } from './sending.ts';
import { proposed, settleOrphanedClaims } from './settling.ts';
import { RETRY_AFTER_MS, Submitting } from './submitting.ts';

/**
 * One node: the role machine in front of a log, tasks folded from it, and what a leader does with them. Everything that touches the
 * world is handed in, so that a simulator runs this very code.
 */
export interface NodeParts {
  readonly identity: {
    readonly clusterId: ClusterId;
    readonly nodeId: NodeId;
    readonly instance: InstanceId;
    readonly incarnation: Incarnation;
  };
  readonly configuration: Configuration;
  readonly log: LogStore;
  readonly projection: Projection;
  readonly sender: Sender;
  readonly planner: SchedulePlanner;
  readonly clock: Clock;
  readonly random: () => number;
  readonly httpUrl: () => string | null;
  readonly events: NodeEvents;
  /** Forgets what the log need not keep. Called now and then while serving. */
  readonly compact: Compact;
  readonly group: number;
  /** Called when log and projection are closed. */
  readonly closed: () => void;
}

export interface NodeEvents {
  /** The node's own machine moved. */
  lifeChanged(health: NodeHealth): void;
  roleChanged(role: RaftRole, term: number): void;
  settled(count: number): void;
  /** The log could not be made shorter, for want of a copy of the state. */
  compactionPostponed(error: Error): void;
  /** `storage`: reads go on. `invariant`: the process must end (exit 70). */
  failed(kind: 'storage' | 'invariant', error: Error): void;
  inspect?(event: InspectionEvent): void;
}

const NO_READER: Record<string, UnavailableReason> = {
  booting: 'starting',
  recovering: 'starting',
  draining: 'stopping',
  stopped: 'stopping',
  halted: 'storage_failed',
};

export class Node implements SchedulerNode {
  readonly #parts: NodeParts;
  readonly #core: RaftCore;
  readonly #replica: Replica;
  readonly #firing: Firing;
  readonly #sending: Sending;
  readonly #submitting: Submitting;
  readonly #deadLetters = new DeadLetters();
  readonly #life;
  #housekeeping: Timer | null = null;
  #housekeepingRound: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | null = null;

  constructor(parts: NodeParts) {
    this.#parts = parts;
    const { identity, log, projection, clock, random, planner, sender } = parts;
    const self = { nodeId: identity.nodeId, incarnation: identity.incarnation };
    this.#core = createRaftCore(
      {
        self: memberId(identity.nodeId, identity.instance),
        hardState: log.hardState,
        configuration: parts.configuration,
        lastIndex: log.lastIndex,
        lastTerm: log.lastTerm,
        appliedIndex: projection.appliedIndex,
      },
      { electionTimeoutMinMs: ELECTION_TIMEOUT_MIN_MS, electionTimeoutMaxMs: ELECTION_TIMEOUT_MAX_MS },
    );
    const failed = (error: Error): void => this.fail(error);
    this.#replica = new Replica({
      core: this.#core,
      log,
      projection,
      clock,
      random,
      listener: {
        gathering: () => this.#firing.gather(),
        applied: (content, results) => {
          this.#firing.applied(content, results);
          this.#sending.applied(content, results);
          this.#deadLetters.applied(content);
        },
        roleChanged: (role, term) => {
          if (role !== 'leader') this.#stepDown();
          parts.events.roleChanged(role, term);
        },
        termStarted: () => void this.#lead().catch(failed),
        failed,
      },
    });
    const replica = this.#replica;
    this.#firing = new Firing({ projection, replica, planner, clock, sender: self, failed });
    this.#sending = new Sending({
      projection,
      replica,
      sender,
      clock,
      random,
      self,
      ended: (taskId, run) => this.#firing.ended(taskId, run),
      failed,
    });
    this.#submitting = new Submitting({
      projection,
      replica,
      planner,
      clock,
      group: parts.group,
      closed: () => this.#closed(),
    });
    const { inspect } = parts.events;
    this.#life = createActor(nodeMachine, inspect === undefined ? {} : { inspect: (event) => inspect(event) });
    projection.onFailure(failed);
  }

  start(): void {
    this.#life.subscribe(() => this.#parts.events.lifeChanged(this.health()));
    this.#life.start();
    this.#life.send({ type: 'OPENED' });
    this.#replica.start();
  }

  /** A term begins: this incarnation is made known, what the last one left open is settled, and only then is anything claimed. */
  async #lead(): Promise<void> {
    const { identity, projection, events, clock, random } = this.#parts;
    const { nodeId, instance, incarnation } = identity;
    const started = await proposed(this.#replica, {
      requires: [{ type: 'incarnation-is-new', nodeId, instance, incarnation }],
      events: [{ type: 'NodeStarted', nodeId, instance, incarnation }],
      by: `node:${nodeId}`,
    });
    if (started.kind === 'refused' || started.kind === 'unknown') return;
    const settled = await settleOrphanedClaims({ projection, replica: this.#replica, clock, random }, () => {
      this.#sending.attempts.lost += 1;
    });
    if (settled > 0) events.settled(settled);
    if (!this.#replica.isLeading || this.#stopping !== null) return;
    this.#firing.begin();
    this.#life.send({ type: 'READY' });
    this.#keepHouse();
  }

  #stepDown(): void {
    this.#firing.end();
    this.#housekeeping?.cancel();
    if (this.#life.getSnapshot().value === 'serving') this.#life.send({ type: 'LEADER_LOST' });
  }

  #keepHouse(): void {
    this.#housekeeping?.cancel();
    this.#housekeeping = this.#parts.clock.setTimer(HOUSEKEEPING_EVERY_MS, () => {
      this.#housekeepingRound = this.#house().then(
        () => {
          if (this.#replica.isLeading && this.#stopping === null) this.#keepHouse();
        },
        (error: Error) => {
          if (this.#stopping === null) this.fail(error);
        },
      );
    });
  }

  async #house(): Promise<void> {
    while (
      this.#replica.isLeading &&
      this.#stopping === null &&
      (await retain(this.#parts.projection, this.#replica, this.#deadLetters))
    ) {
      // One more round: more had piled up than one takes.
    }
    if (this.#replica.isLeading && this.#stopping === null) await this.#parts.compact(() => this.#stopping !== null);
  }

  /** Something this node stands on failed: fail-stop. */
  fail(error: Error): void {
    const kind = error instanceof InvariantBroken ? 'invariant' : 'storage';
    const life = this.#life.getSnapshot().value;
    if (life === 'storageFailed' || life === 'halted') return;
    this.#firing.end();
    this.#housekeeping?.cancel();
    this.#replica.fail();
    const reason = error instanceof StorageRefused ? `${error.message}. ${error.remedy}` : error.message;
    this.#life.send(kind === 'invariant' ? { type: 'INVARIANT_BROKEN', reason } : { type: 'STORAGE_FAILED', reason });
    this.#parts.events.failed(kind, error);
  }

  #closed(): UnavailableReason | null {
    const life = this.#life.getSnapshot().value;
    if (life === 'serving') return null;
    if (life === 'storageFailed') return 'storage_failed';
    return NO_READER[life] ?? 'no_leader';
  }

  submit(command: Command, asked: Asked): Promise<SubmitOutcome> {
    return this.#submitting.submit(command, asked);
  }

  readTask(taskId: TaskId): Promise<ReadOutcome<Task | undefined>> {
    return this.#read(() => this.#parts.projection.readTask(taskId));
  }

  listTasks(filter: TaskFilter, after: TaskId | null, limit: number): Promise<ReadOutcome<readonly Task[]>> {
    return this.#read(() => this.#parts.projection.listTasks(filter, after, limit));
  }

  listExecutions(
    taskId: TaskId,
    beforeRun: number | null,
    limit: number,
  ): Promise<ReadOutcome<readonly Execution[] | undefined>> {
    return this.#read(async () => {
      const { projection } = this.#parts;
      if ((await projection.readTask(taskId)) === undefined) return undefined;
      return projection.listExecutions(taskId, beforeRun, limit);
    });
  }

  readExecution(taskId: TaskId, run: number): Promise<ReadOutcome<Execution | undefined>> {
    return this.#read(() => this.#parts.projection.readExecution(taskId, run));
  }

  async #read<T>(read: () => Promise<T>): Promise<ReadOutcome<T>> {
    const life = this.#life.getSnapshot().value;
    const closed = life === 'storageFailed' ? undefined : NO_READER[life];
    if (closed !== undefined) return { ok: false, reason: closed, retryAfterMs: RETRY_AFTER_MS };
    if (!(await this.#replica.readBarrier())) return { ok: false, reason: 'no_leader', retryAfterMs: RETRY_AFTER_MS };
    return { ok: true, value: await read() };
  }

  health(): NodeHealth {
    const { value, context } = this.#life.getSnapshot();
    const reasons: Readonly<Record<string, string>> = {
      booting: 'opening the data directory',
      recovering: `replaying the log: ${this.#core.appliedIndex} of ${this.#core.lastIndex} entries applied`,
      draining: 'stopping: waiting for callbacks in flight',
      storageFailed: `storage failed, writes are refused until it is mended and the node restarted: ${context.reason}`,
      halted: `halted: ${context.reason}`,
      stopped: 'stopped',
    };
    return { state: value, ready: value === 'serving', reason: reasons[value] ?? null };
  }

  status(): ClusterStatus {
    const { identity, configuration, httpUrl } = this.#parts;
    const { term, leader } = this.#core.role.context;
    const role = roleOf(this.#core.role);
    return {
      clusterId: identity.clusterId,
      nodeId: identity.nodeId,
      role,
      term,
      leaderId: leader === null ? null : (leader.split('/')[0] ?? null),
      commitIndex: this.#core.commitIndex,
      appliedIndex: this.#core.appliedIndex,
      members: configuration.members.map((member) => {
        const isSelf = idOf(member) === this.#core.self;
        return {
          nodeId: member.nodeId,
          kind: member.kind,
          role: isSelf ? role : null,
          httpUrl: isSelf ? httpUrl() : null,
          matchIndex: isSelf ? this.#core.durableIndex : null,
          lagMs: isSelf ? 0 : null,
          alive: isSelf,
        };
      }),
    };
  }

  metrics(): NodeMetrics {
    const { log, projection, sender } = this.#parts;
    const { proposals, entries, turns, fsyncs, elections } = this.#replica.counters;
    return {
      proposals,
      entries,
      turns,
      fsyncs,
      elections,
      fires: this.#sending.fires,
      attempts: { ...this.#sending.attempts },
      claimsInHand: this.#firing.claimsInHand,
      requestsInFlight: sender.inFlight,
      parked: this.#firing.parked,
      dueInMemory: this.#firing.dueInMemory,
      logBytes: log.sizeBytes,
      term: this.#core.role.context.term,
      commitIndex: this.#core.commitIndex,
      appliedIndex: this.#core.appliedIndex,
      durableIndex: projection.durableIndex,
      counts: projection.counts,
      fsyncSeconds: this.#replica.fsyncSeconds.read(),
      latenessSeconds: this.#sending.latenessSeconds.read(),
    };
  }

  /** Not ready → stop claiming → drain → fsync → closed. */
  stop(): Promise<void> {
    this.#stopping ??= this.#drain();
    return this.#stopping;
  }

  async #drain(): Promise<void> {
    const failed = this.#closed() === 'storage_failed';
    this.#life.send({ type: 'STOP' });
    this.#firing.end();
    this.#housekeeping?.cancel();
    // What is committed is applied first: a claim among it is handed to the sender, or withheld by it, and its outcome committed.
    await this.#replica.idle();
    await this.#parts.sender.close(failed ? 0 : DRAIN_MAX_MS);
    await this.#sending.idle();
    this.#replica.stop();
    await this.#replica.idle();
    this.#life.send({ type: 'DRAINED' });
    // Ends a copy that is being made, which the housekeeping would wait for.
    await this.#parts.projection.close({ flush: !failed });
    await this.#housekeepingRound;
    this.#parts.log.close();
    this.#parts.closed();
    this.#life.stop();
  }
}
