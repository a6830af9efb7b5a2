import { createActor, type InspectionEvent } from 'xstate';
import { nodeMachine } from '../../machines/node.ts';
import type { Clock, Timer } from '../clock.ts';
import type { Sender } from '../dispatch/sender.ts';
import { InvariantBroken } from '../invariant.ts';
import { compactableThrough } from '../raft/compacting.ts';
import { createRaftCore, type RaftCore } from '../raft/core.ts';
import { configurationAt } from '../raft/membership.ts';
import type { ChangeOutcome, MembershipChange, RaftStart, TransferOutcome } from '../raft/ports.ts';
import { idOf, isSoleVoter } from '../raft/quorum.ts';
import { termAt } from '../raft/raft-log.ts';
import { type RaftRole, roleOf } from '../raft/role.ts';
import type { ClusterId, Incarnation, InstanceId, MemberId, NodeId, PlacedConfiguration } from '../raft/types.ts';
import { memberId } from '../raft/types.ts';
import { type LogStore, StorageRefused } from '../store/log-store.ts';
import type { Projection, RunRef, TaskFilter } from '../store/projection.ts';
import type { SnapshotStore } from '../store/snapshot-store.ts';
import type { Command } from '../tasks/command.ts';
import type { CommandId } from '../tasks/command-id.ts';
import { ENTRY_VERSION } from '../tasks/entry.ts';
import type { Execution } from '../tasks/execution.ts';
import type { SchedulePlanner } from '../tasks/planner.ts';
import type { Task, TaskId } from '../tasks/task.ts';
import type { Transport } from '../transport/transport.ts';
import { Acknowledging } from './acknowledging.ts';
import { AnsweringAsks } from './answering-asks.ts';
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
import { AskingLeader } from './asking-leader.ts';
import { type ClusterTime, createClusterTime } from './cluster-time.ts';
import type { Compact } from './compaction.ts';
import { DeadLetters } from './dead-letters.ts';
import { Firing } from './firing.ts';
import { Leadership } from './leadership.ts';
import {
  ASK_AGAIN_MS,
  DRAIN_MAX_MS,
  ELECTION_TIMEOUT_MAX_MS,
  ELECTION_TIMEOUT_MIN_MS,
  HEARTBEAT_MS,
  HOUSEKEEPING_EVERY_MS,
  NODE_LOST_MS,
  PLAN_B_LOOK_MS,
  READ_DEADLINE_MS,
  SETTLE_BATCH,
} from './limits.ts';
import type { LogWriter } from './log-writer.ts';
import type { Answer, Ask } from './peer-notes.ts';
import { Peers } from './peers.ts';
import { Replica } from './replica.ts';
import { Reporting } from './reporting.ts';
import { retain } from './retention.ts';
import { SendLease } from './send-lease.ts';
import { Senders } from './senders.ts';
import { Sending } from './sending.ts';
import { proposed, settleLostClaims } from './settling.ts';
import { RETRY_AFTER_MS, Submitting } from './submitting.ts';
import { Writing } from './writing.ts';

/**
 * One node of a group: the role machine in front of a log, tasks folded from it, and what a leader does with them. Everything that
 * touches the world is handed in, so that a simulator runs this very code.
 */
export interface NodeParts {
  readonly identity: {
    readonly clusterId: ClusterId;
    readonly nodeId: NodeId;
    readonly instance: InstanceId;
    readonly incarnation: Incarnation;
  };
  /** Those that the log holds, oldest first, after the one in force where it begins. */
  readonly configurations: readonly PlacedConfiguration[];
  /** Part of the log was lost: no vote until caught up. */
  readonly recovering: boolean;
  readonly log: LogStore;
  readonly write: LogWriter;
  readonly projection: Projection;
  readonly snapshots: SnapshotStore;
  readonly transport: Transport;
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
  /** A peer said what cannot be: it changed nothing. */
  dropped(from: MemberId, cause: string): void;
  /** `storage`: reads go on. `invariant`: the process must end (exit 70). */
  failed(kind: 'storage' | 'invariant', error: Error): void;
  inspect?(event: InspectionEvent): void;
}

const NO_READER: Record<string, UnavailableReason> = {
  booting: 'starting',
  draining: 'stopping',
  stopped: 'stopping',
  halted: 'storage_failed',
};

export class Node implements SchedulerNode {
  readonly #parts: NodeParts;
  readonly #self: MemberId;
  readonly #core: RaftCore;
  readonly #clock: ClusterTime;
  readonly #replica: Replica;
  readonly #peers: Peers;
  readonly #leadership: Leadership;
  readonly #asking: AskingLeader;
  readonly #answering: AnsweringAsks;
  readonly #lease: SendLease;
  readonly #firing: Firing;
  readonly #sending: Sending;
  readonly #reporting: Reporting;
  readonly #submitting: Submitting;
  readonly #writing: Writing;
  readonly #acknowledging: Acknowledging;
  readonly #deadLetters = new DeadLetters();
  readonly #life;
  #housekeeping: Timer | null = null;
  #housekeepingRound: Promise<void> = Promise.resolve();
  #planB: Timer | null = null;
  #announcing = false;
  #asks = 0;
  #stopping: Promise<void> | null = null;

  constructor(parts: NodeParts) {
    this.#parts = parts;
    const { identity, log, projection, random, planner, sender, events } = parts;
    const self = { nodeId: identity.nodeId, incarnation: identity.incarnation };
    this.#self = memberId(identity.nodeId, identity.instance);
    this.#core = createRaftCore(raftStartOf(parts, this.#self), {
      heartbeatMs: HEARTBEAT_MS,
      electionTimeoutMinMs: ELECTION_TIMEOUT_MIN_MS,
      electionTimeoutMaxMs: ELECTION_TIMEOUT_MAX_MS,
    });
    const core = this.#core;
    const clock = createClusterTime(parts.clock, () => core);
    this.#clock = clock;
    const failed = (error: Error): void => this.fail(error);
    this.#replica = new Replica({
      core,
      log,
      write: parts.write,
      projection,
      snapshots: parts.snapshots,
      send: (messages) => this.#peers.sendRaft(messages),
      clock,
      random,
      listener: {
        gathering: () => this.#firing.gather(),
        applied: (content, results) => {
          this.#firing.applied(content, results);
          this.#sending.applied(content, results);
          this.#deadLetters.applied(content);
        },
        roleChanged: (role, term, leader) => this.#roleChanged(role, term, leader),
        termStarted: () => this.#termStarted(),
        configurationChanged: () => {},
        stateReplaced: () => {},
        turned: () => this.#turned(),
        dropped: (from, cause) => events.dropped(from, cause),
        failed,
      },
    });
    const replica = this.#replica;
    this.#peers = new Peers({
      transport: parts.transport,
      clock,
      take: (input) => replica.take(input),
      noted: (from, note) => {
        if (note.kind === 'ask') this.#answering.take(from, note.askId, note.ask);
        else this.#asking.answered(note.askId, note.answer);
      },
      dropped: (from, cause) => events.dropped(from, cause),
    });
    this.#leadership = new Leadership(clock, this.#self);
    const leadership = this.#leadership;
    this.#asking = new AskingLeader(clock, leadership, (to, note) => this.#peers.sendNote(to, note));
    const asking = this.#asking;
    this.#answering = new AnsweringAsks({
      mayDecide: () => leadership.mayDecide && this.#stopping === null,
      answer: (askId, ask) => this.#answer(askId, ask),
      send: (to, note) => this.#peers.sendNote(to, note),
      failed: (from, error) => events.dropped(from, `an ask that failed: ${String(error)}`),
    });
    this.#lease = new SendLease({
      clock,
      confirm: () => replica.readBarrier(),
      isNeeded: () => this.#sending.inHand > 0,
    });
    const lease = this.#lease;
    this.#firing = new Firing({
      projection,
      replica,
      planner,
      clock,
      self: identity.nodeId,
      senders: (openOf) => new Senders({ core, meta: () => projection.entities.meta(), openOf }),
      failed,
    });
    this.#reporting = new Reporting({
      projection,
      replica,
      leadership,
      asking,
      clock,
      random,
      nextAskId: () => this.#nextAskId(),
    });
    const alone = (): boolean => this.#isAlone;
    this.#sending = new Sending({
      projection,
      replica,
      sender,
      clock,
      self,
      // A node alone cannot be deposed.
      lease: {
        get isHeld() {
          return alone() || lease.isHeld;
        },
        acquire: () => lease.acquire(),
      },
      report: (report) => this.#reporting.report(report),
      ended: (taskId, run) => this.#firing.ended(taskId, run),
      failed,
    });
    this.#acknowledging = new Acknowledging(core);
    this.#submitting = new Submitting({
      projection,
      replica,
      planner,
      clock,
      group: parts.group,
      untilSilent: (taskId, index) => this.#acknowledging.untilSilent(index, this.#firing.holdersOf(taskId)),
    });
    this.#writing = new Writing({
      clock,
      leadership,
      submitting: this.#submitting,
      asking,
      nextCommandId: () => (this.#isAlone ? null : this.#nextAskId()),
      closed: () => this.#closed(),
    });
    const { inspect } = events;
    this.#life = createActor(nodeMachine, inspect === undefined ? {} : { inspect: (event) => inspect(event) });
    projection.onFailure(failed);
  }

  /** Its own only voter, and nobody else gets the log. */
  get #isAlone(): boolean {
    return isSoleVoter(this.#core.voters, this.#core.self) && this.#core.configuration.members.length === 1;
  }

  /** Unlike any other of any node: instance and incarnation are in it. */
  #nextAskId(): CommandId {
    this.#asks += 1;
    return `${this.#self}/${this.#parts.identity.incarnation}/${this.#asks}` as CommandId;
  }

  start(): void {
    this.#life.subscribe(() => this.#parts.events.lifeChanged(this.health()));
    this.#life.start();
    this.#life.send({ type: 'OPENED' });
    this.#replica.start();
    this.#keepHouse();
  }

  #roleChanged(role: RaftRole, term: number, leader: MemberId | null): void {
    if (role !== 'leader') {
      this.#firing.end();
      this.#planB?.cancel();
    }
    this.#leadership.changed(leader);
    this.#asking.leaderChanged();
    if (leader === null && this.#life.getSnapshot().value === 'serving') this.#life.send({ type: 'LEADER_LOST' });
    this.#parts.events.roleChanged(role, term);
  }

  #termStarted(): void {
    this.#leadership.termBegun();
    this.#acknowledging.termBegun();
    this.#asking.leaderChanged();
    void this.#lead(this.#core.role.context.term).catch((error: Error) => this.fail(error));
  }

  /** A term begins: this incarnation is made known, what lost ones left open is settled, and only then is anything claimed. */
  async #lead(term: number): Promise<void> {
    const { identity, events } = this.#parts;
    const { nodeId, instance, incarnation } = identity;
    const started = await this.#makeKnown(nodeId, instance, incarnation);
    if (!started) return;
    const settled = await this.#settleLost();
    if (settled > 0) events.settled(settled);
    await this.#adoptClaims();
    if (!this.#replica.isLeading || this.#core.role.context.term !== term || this.#stopping !== null) return;
    this.#firing.begin();
    this.#lookForLost();
    this.#becomeReady();
  }

  /** False when it could not be committed here. */
  async #makeKnown(nodeId: string, instance: string, incarnation: number): Promise<boolean> {
    const outcome = await proposed(this.#replica, {
      requires: [{ type: 'incarnation-is-new', nodeId, instance, incarnation }],
      events: [{ type: 'NodeStarted', nodeId, instance, incarnation }],
      by: `node:${nodeId}`,
    });
    return outcome.kind === 'applied' || outcome.kind === 'not-applied';
  }

  #settleLost(): Promise<number> {
    const { projection, random } = this.#parts;
    return settleLostClaims({
      projection,
      replica: this.#replica,
      clock: this.#clock,
      random,
      isLost: (nodeId, incarnation) => this.#firing.senders.isLost(nodeId, incarnation),
      lost: () => {
        this.#sending.attempts.lost += 1;
      },
    });
  }

  /** Claims that living nodes hold, for counting what is open per target. */
  async #adoptClaims(): Promise<void> {
    const { projection } = this.#parts;
    let after: RunRef | null = null;
    for (;;) {
      const claims: readonly RunRef[] = await projection.openClaims(after, SETTLE_BATCH);
      const last = claims.at(-1);
      if (last === undefined) return;
      for (const { taskId, run } of claims) {
        const task = await projection.readTask(taskId);
        const execution = await projection.readExecution(taskId, run);
        if (task !== undefined && execution?.state === 'attempting') this.#firing.adopt(task, execution);
      }
      after = last;
    }
  }

  /** Plan B: what a lost node holds goes to another. */
  #lookForLost(): void {
    this.#planB?.cancel();
    this.#planB = this.#clock.setTimer(PLAN_B_LOOK_MS, () => {
      const { nodes } = this.#parts.projection.entities.meta();
      const anyLost = this.#firing.holders.some((nodeId) =>
        this.#firing.senders.isLost(nodeId, nodes[nodeId]?.incarnation ?? 0),
      );
      const looked = anyLost ? this.#settleLost() : Promise.resolve(0);
      looked.then(
        (settled) => {
          if (settled > 0) this.#parts.events.settled(settled);
          if (this.#leadership.mayDecide && this.#stopping === null) this.#lookForLost();
        },
        (error: Error) => this.fail(error),
      );
    });
  }

  #turned(): void {
    if (!this.#replica.isBehind) this.#sending.turned();
    this.#acknowledging.look();
    this.#followLeader();
  }

  /** Of a node that follows: once it has an entry of the leader's term it knows all that was committed before. */
  #followLeader(): void {
    if (this.#leadership.elsewhere === null || this.#announcing || this.#stopping !== null) return;
    if (termAt(this.#core.log, this.#replica.appliedIndex) !== this.#core.role.context.term) return;
    this.#becomeReady();
    const { nodeId, instance, incarnation } = this.#parts.identity;
    const known = this.#parts.projection.entities.meta().nodes[nodeId];
    if (known?.instance === instance && known.incarnation === incarnation) return;
    this.#announcing = true;
    const ended = (): void => {
      this.#announcing = false;
    };
    this.#asking
      .ask(this.#nextAskId(), { type: 'start', nodeId, instance, incarnation }, ASK_AGAIN_MS)
      .then(ended, ended);
  }

  #becomeReady(): void {
    if (this.#life.getSnapshot().value === 'recovering') this.#life.send({ type: 'READY' });
  }

  async #answer(askId: CommandId, ask: Ask): Promise<Answer> {
    switch (ask.type) {
      case 'submit':
        return { type: 'submitted', outcome: await this.#submitting.submit(ask.command, ask.by, askId) };
      case 'report':
        return { type: (await this.#reporting.decide(ask.report)) ? 'taken' : 'not-leading' };
      case 'start': {
        const { nodeId, instance, incarnation } = ask;
        return { type: (await this.#makeKnown(nodeId, instance, incarnation)) ? 'taken' : 'not-leading' };
      }
    }
  }

  #keepHouse(): void {
    this.#housekeeping?.cancel();
    this.#housekeeping = this.#clock.setTimer(HOUSEKEEPING_EVERY_MS, () => {
      this.#housekeepingRound = this.#house().then(
        () => {
          if (this.#stopping === null) this.#keepHouse();
        },
        (error: Error) => {
          if (this.#stopping === null) this.fail(error);
        },
      );
    });
  }

  async #house(): Promise<void> {
    const stopping = (): boolean => this.#stopping !== null;
    while (
      this.#leadership.mayDecide &&
      !stopping() &&
      (await retain(this.#parts.projection, this.#replica, this.#deadLetters))
    ) {
      // One more round: more had piled up than one takes.
    }
    if (stopping()) return;
    const core = this.#core;
    await this.#parts.compact(
      {
        compactableThrough: (index) => compactableThrough(core, index),
        configurationAt: (index) => configurationAt(core.configurations, index)?.configuration ?? { members: [] },
        compacted: (index, term) => this.#replica.take({ type: 'compacted', index, term }),
      },
      stopping,
    );
  }

  /** Something this node stands on failed: fail-stop. */
  fail(error: Error): void {
    const kind = error instanceof InvariantBroken ? 'invariant' : 'storage';
    const life = this.#life.getSnapshot().value;
    if (life === 'storageFailed' || life === 'halted') return;
    this.#firing.end();
    this.#housekeeping?.cancel();
    this.#planB?.cancel();
    this.#replica.fail();
    const reason = error instanceof StorageRefused ? `${error.message}. ${error.remedy}` : error.message;
    this.#life.send(kind === 'invariant' ? { type: 'INVARIANT_BROKEN', reason } : { type: 'STORAGE_FAILED', reason });
    this.#parts.events.failed(kind, error);
  }

  #closed(): UnavailableReason | null {
    const life = this.#life.getSnapshot().value;
    if (life === 'serving') return null;
    if (life === 'storageFailed') return 'storage_failed';
    // With others around, one of them may lead, or will soon.
    if (life === 'recovering') return this.#isAlone ? 'starting' : null;
    return NO_READER[life] ?? 'no_leader';
  }

  submit(command: Command, asked: Asked): Promise<SubmitOutcome> {
    return this.#writing.write(command, asked.by);
  }

  changeMembers(change: MembershipChange): Promise<ChangeOutcome> {
    return this.#replica.changeMembers(change);
  }

  transferTo(nodeId: NodeId): Promise<TransferOutcome> {
    return this.#replica.transferTo(nodeId);
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
    let closed = life === 'storageFailed' ? undefined : NO_READER[life];
    if (life === 'recovering' && this.#isAlone) closed = 'starting';
    if (closed !== undefined) return { ok: false, reason: closed, retryAfterMs: RETRY_AFTER_MS };
    if (!(await this.#barrier())) return { ok: false, reason: 'no_leader', retryAfterMs: RETRY_AFTER_MS };
    return { ok: true, value: await read() };
  }

  /** What a leader confirms, this node may be far from having applied. */
  #barrier(): Promise<boolean> {
    const ready = this.#replica.readBarrier();
    if (this.#isAlone) return ready;
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimer(READ_DEADLINE_MS, () => resolve(false));
      ready.finally(() => timer.cancel()).then(resolve, reject);
    });
  }

  health(): NodeHealth {
    const { value, context } = this.#life.getSnapshot();
    const reasons: Readonly<Record<string, string>> = {
      booting: 'opening the data directory',
      recovering:
        this.#isAlone || this.#replica.isBehind
          ? `replaying the log: ${this.#replica.appliedIndex} of ${this.#core.log.lastIndex} entries applied`
          : 'waiting for a leader',
      draining: 'stopping: waiting for callbacks in flight',
      storageFailed: `storage failed, writes are refused until it is mended and the node restarted: ${context.reason}`,
      halted: `halted: ${context.reason}`,
      stopped: 'stopped',
    };
    return { state: value, ready: value === 'serving', reason: reasons[value] ?? null };
  }

  status(): ClusterStatus {
    const { identity, httpUrl } = this.#parts;
    const { term, leader } = this.#core.role.context;
    const role = roleOf(this.#core.role);
    return {
      clusterId: identity.clusterId,
      nodeId: identity.nodeId,
      role,
      term,
      leaderId: leader === null ? null : (leader.split('/')[0] ?? null),
      commitIndex: this.#core.commitIndex,
      appliedIndex: this.#replica.appliedIndex,
      members: this.#core.configuration.members.map((member) => {
        const isSelf = idOf(member) === this.#core.self;
        const progress = this.#core.leading?.peers.get(idOf(member));
        return {
          nodeId: member.nodeId,
          kind: member.kind,
          role: isSelf ? role : idOf(member) === leader ? 'leader' : null,
          httpUrl: isSelf ? httpUrl() : null,
          matchIndex: isSelf ? this.#core.durableIndex : (progress?.matchIndex ?? null),
          lagMs: isSelf ? 0 : progress === undefined ? null : this.#core.monotonicMs - progress.heardAtMs,
          alive: isSelf || (progress !== undefined && this.#core.monotonicMs - progress.heardAtMs < NODE_LOST_MS),
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
      appliedIndex: this.#replica.appliedIndex,
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
    this.#planB?.cancel();
    // What is committed is applied first: a claim among it is handed to the sender, or withheld by it, and its outcome committed.
    await this.#replica.idle();
    await this.#parts.sender.close(failed ? 0 : DRAIN_MAX_MS);
    if (failed) this.#sending.stop();
    const givenUp = this.#clock.setTimer(DRAIN_MAX_MS, () => this.#sending.stop());
    await this.#sending.idle();
    givenUp.cancel();
    this.#lease.stop();
    this.#replica.stop();
    this.#asking.stop();
    await this.#replica.idle();
    await this.#parts.transport.close();
    this.#life.send({ type: 'DRAINED' });
    // Ends a copy that is being made, which the housekeeping would wait for.
    await this.#parts.projection.close({ flush: !failed });
    await this.#housekeepingRound;
    this.#parts.log.close();
    this.#parts.closed();
    this.#life.stop();
  }
}

const raftStartOf = ({ log, projection, configurations, recovering }: NodeParts, self: MemberId): RaftStart => ({
  self,
  hardState: log.hardState,
  configurations,
  log,
  base: log.base,
  lastIndex: log.lastIndex,
  lastTerm: log.lastTerm,
  appliedIndex: projection.appliedIndex,
  recovering,
  featureLevel: ENTRY_VERSION,
});
