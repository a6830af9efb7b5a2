import { createActor } from 'xstate';
import { nodeMachine } from '../../machines/node.ts';
import { InvariantBroken } from '../invariant.ts';
import { createRaftCore, type RaftCore } from '../raft/core.ts';
import type { ChangeOutcome, MembershipChange, TransferOutcome } from '../raft/ports.ts';
import { isSoleVoter } from '../raft/quorum.ts';
import { termAt } from '../raft/raft-log.ts';
import { type RaftRole, roleOf } from '../raft/role.ts';
import type { MemberId, NodeId } from '../raft/types.ts';
import { StorageRefused } from '../store/log-store.ts';
import type { CommandId } from '../tasks/command-id.ts';
import type { StateMeta } from '../tasks/entities.ts';
import { Announcing } from './announcing.ts';
import { AnsweringAsks, decideAsk } from './answering-asks.ts';
import type { ClusterStatus, NodeHealth, NodeMetrics, SchedulerNode } from './api.ts';
import { AskingLeader } from './asking-leader.ts';
import type { MeasuredNote } from './batches.ts';
import { statusOf } from './cluster-status.ts';
import { type ClusterTime, createClusterTime } from './cluster-time.ts';
import { DeadLetters } from './dead-letters.ts';
import type { EventFeed } from './event-feed.ts';
import { Firing } from './firing.ts';
import { Housekeeping } from './housekeeping.ts';
import { LeaderDuties } from './leader-duties.ts';
import { Leadership } from './leadership.ts';
import { closedToReads, closedToWrites, healthOf, REMOVED_IN_WORDS } from './node-health.ts';
import { metricsOf } from './node-metrics.ts';
import type { NodeParts } from './node-parts.ts';
import { Observing } from './observing.ts';
import type { BackUp } from './online-backup.ts';
import { type StoppingParts, stopInOrder } from './orderly-stop.ts';
import { PeerTraces } from './peer-traces.ts';
import { Peers } from './peers.ts';
import { RAFT_TIMINGS, raftStartOf } from './raft-start.ts';
import { Replica } from './replica.ts';
import { Reporting } from './reporting.ts';
import { Requests } from './requests.ts';
import { Retiring } from './retiring.ts';
import { SendLease } from './send-lease.ts';
import { Senders } from './senders.ts';
import { Sending } from './sending.ts';
import { Sightings } from './sightings.ts';
import { TakingIn } from './taking-in.ts';
import { Tracing } from './tracing.ts';

/** One node of a group: the role machine in front of a log, tasks folded from it, and what a leader does with them. */
export class Node implements SchedulerNode {
  readonly #parts: NodeParts;
  readonly #core: RaftCore;
  readonly #clock: ClusterTime;
  readonly #replica: Replica;
  readonly #peers: Peers;
  readonly #leadership: Leadership;
  readonly #asking: AskingLeader;
  readonly #announcing: Announcing;
  readonly #sightings: Sightings;
  readonly #takingIn: TakingIn;
  readonly #answering: AnsweringAsks;
  readonly #lease: SendLease;
  readonly #firing: Firing;
  readonly #sending: Sending;
  readonly #reporting: Reporting;
  readonly #requests: Requests;
  readonly tracing: Tracing;
  readonly #traces: PeerTraces;
  readonly backUp: BackUp;
  readonly observing: Observing;
  readonly #duties: LeaderDuties;
  readonly #housekeeping: Housekeeping;
  readonly #retiring: Retiring;
  readonly #life;
  #asks = 0;
  #stopping: Promise<void> | null = null;

  constructor(parts: NodeParts) {
    this.#parts = parts;
    this.backUp = parts.backUp;
    const { identity, projection, random, planner, sender, events } = parts;
    this.#core = createRaftCore(raftStartOf(parts), RAFT_TIMINGS);
    const core = this.#core;
    const clock = createClusterTime(parts.clock, () => core);
    this.#clock = clock;
    this.tracing = new Tracing(identity.nodeId, clock);
    const { tracing } = this;
    const failed = (error: Error): void => this.fail(error);
    const send = (to: MemberId, note: MeasuredNote): void => this.#peers.sendNote(to, note);
    const deadLetters = new DeadLetters();
    this.#replica = new Replica({
      ...parts,
      core,
      send: (messages) => this.#peers.sendRaft(messages),
      clock,
      tracing,
      listener: {
        gathering: () => this.#firing.gather(),
        applied: (content, results, index) => {
          this.#firing.applied(content, results);
          this.#sending.applied(content, results);
          deadLetters.applied(content);
          this.observing.applied(index, content, results);
        },
        replaced: () => {
          this.#sending.replaced();
          this.observing.replaced();
        },
        roleChanged: (role, term, leader) => this.#roleChanged(role, term, leader),
        termStarted: () => this.#termStarted(),
        turned: () => this.#turned(),
        dropped: (from, cause) => events.dropped(from, cause),
        failed,
      },
    });
    const replica = this.#replica;
    const { clusterId } = identity;
    this.observing = new Observing({ ...parts, clusterId, core, clock, appliedIndex: () => replica.appliedIndex });
    const meta = (): StateMeta => projection.entities.meta();
    this.#retiring = new Retiring({ replica, clock, incarnation: identity.incarnation, meta, send });
    const retiring = this.#retiring;
    this.#peers = new Peers({
      transport: parts.transport,
      clock,
      take: (input) => replica.take(input),
      noted: (from, note) => {
        if (note.kind === 'ask') this.#answering.take(from, note);
        else if (note.kind === 'answer') this.#asking.answered(note);
        else if (note.kind === 'retiring') this.#retiring.heard(from, note.incarnation);
        else if (note.kind === 'retired') this.#retiring.answered(from, note.lastIndex);
        else if (note.kind === 'trace-asked' || note.kind === 'trace-told') this.#traces.noted(from, note);
        else if (note.kind === 'here') this.#sightings.here(from, note.httpUrl);
        else this.#sightings.seen(from, note.members);
      },
      hailed: (said) => this.#takingIn.hailed(said),
      dropped: (from, cause) => events.dropped(from, cause),
    });
    const { incarnation } = identity;
    this.#traces = new PeerTraces({ core, clock, tracing, incarnation, send });
    this.#leadership = new Leadership(clock, this.#core.self);
    const leadership = this.#leadership;
    this.#asking = new AskingLeader(clock, leadership, send);
    const asking = this.#asking;
    this.#sightings = new Sightings({ ...parts, core, clock, leadership, send });
    this.#announcing = new Announcing({
      identity,
      meta,
      asking,
      nextAskId: () => this.#nextAskId(),
    });
    this.#takingIn = new TakingIn({
      identity,
      transport: parts.transport,
      replica,
      leadership,
      clock,
      wants: parts.wants,
      events,
    });
    this.#answering = new AnsweringAsks({
      clock,
      mayDecide: (term) => leadership.mayDecide && leadership.term === term,
      answer: (askId, ask) => decideAsk(askId, ask, this.#requests, this.#reporting, this.#duties),
      send,
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
      self: identity,
      lookAheadMs: parts.lookAheadMs ?? 0,
      senders: (openOf) => new Senders({ core, meta, openOf, isRetired: (member) => retiring.isRetired(member) }),
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
      self: identity,
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
    this.#requests = new Requests({
      ...parts,
      core,
      nodeId: identity.nodeId,
      replica,
      clock,
      leadership,
      asking,
      firing: this.#firing,
      isAlone: alone,
      nextAskId: () => this.#nextAskId(),
      closedToWrites: () => closedToWrites(this.#life.getSnapshot().value, this.#isAlone),
      closedToReads: (consistency) =>
        closedToReads(this.#life.getSnapshot().value, this.#isAlone, this.#replica.showsAll, consistency),
    });
    this.#duties = new LeaderDuties({
      identity,
      projection,
      replica,
      leadership,
      firing: this.#firing,
      clock,
      random,
      settled: events.settled,
      lost: () => {
        this.#sending.attempts.lost += 1;
      },
      begun: () => this.#becomeReady(),
      failed,
    });
    this.#housekeeping = new Housekeeping({
      clock,
      projection,
      replica,
      leadership,
      deadLetters,
      compact: parts.compact,
      failed,
    });
    this.#life = createActor(nodeMachine, { inspect: (seen) => this.tracing.lived(seen) });
    projection.onFailure(failed);
  }

  /** Its own only voter, and nobody else gets the log. */
  get #isAlone(): boolean {
    return isSoleVoter(this.#core.voters, this.#core.self) && this.#core.configuration.members.length === 1;
  }

  /** Unlike any other of any node: instance and incarnation are in it. */
  #nextAskId(): CommandId {
    this.#asks += 1;
    return `${this.#core.self}/${this.#parts.identity.incarnation}/${this.#asks}` as CommandId;
  }

  start(): void {
    this.#life.subscribe(() => this.#parts.events.lifeChanged(this.health()));
    this.#life.start();
    this.#life.send({ type: 'OPENED' });
    this.#replica.start();
    this.#housekeeping.begin();
    this.#takingIn.begin();
    this.#sightings.begin();
  }

  #roleChanged(role: RaftRole, term: number, leader: MemberId | null): void {
    if (role !== 'leader') this.#duties.end();
    // Who is no member any more hears of no leader, and the last one that it knew may be itself.
    this.#leadership.changed(role === 'removed' ? null : leader, term);
    this.#asking.leaderChanged();
    if (this.#leadership.leader === null && this.#life.getSnapshot().value === 'serving')
      this.#life.send({ type: 'LEADER_LOST' });
    this.#parts.events.roleChanged(role, term);
  }

  #termStarted(): void {
    this.#leadership.termBegun();
    this.#requests.acknowledging.termBegun();
    this.#requests.operating.ends.termBegun();
    this.#asking.leaderChanged();
    if (this.#stopping === null || !this.#isAlone) this.#duties.begin();
  }

  #turned(): void {
    if (!this.#replica.isBehind) this.#sending.turned();
    this.#requests.acknowledging.look();
    this.#retiring.look();
    this.#followLeader();
    this.observing.turned();
  }

  /** Of a node that follows: once it has an entry of the leader's term it knows all that was committed before. */
  #followLeader(): void {
    if (this.#leadership.elsewhere === null || this.#stopping !== null) return;
    if (termAt(this.#core.log, this.#replica.appliedIndex) !== this.#core.role.context.term) return;
    this.#becomeReady();
    this.#announcing.look();
  }

  #becomeReady(): void {
    if (this.#life.getSnapshot().value === 'recovering') this.#life.send({ type: 'READY' });
  }

  /** Something this node stands on failed: fail-stop. */
  fail(error: Error): void {
    const kind = error instanceof InvariantBroken ? 'invariant' : 'storage';
    const life = this.#life.getSnapshot().value;
    if (life === 'storageFailed' || life === 'halted') return;
    this.#duties.end();
    this.#housekeeping.stop();
    this.#replica.fail();
    this.#leadership.ended();
    this.#requests.acknowledging.stop();
    const reason = error instanceof StorageRefused ? `${error.message}. ${error.remedy}` : error.message;
    this.#life.send(kind === 'invariant' ? { type: 'INVARIANT_BROKEN', reason } : { type: 'STORAGE_FAILED', reason });
    this.#parts.events.failed(kind, error);
  }
  submit: SchedulerNode['submit'] = (command, asked) => this.#requests.writing.write(command, asked);
  operate: SchedulerNode['operate'] = (operation, { by }, requestId) =>
    this.#requests.operating.operate(operation, by, requestId ?? this.#nextAskId());
  operateHere: SchedulerNode['operateHere'] = (operation, { by }, requestId, work) =>
    this.#requests.operating.operateHere(operation, by, requestId ?? this.#nextAskId(), work);
  operations: SchedulerNode['operations'] = () => this.#parts.projection.entities.meta().operations ?? [];
  compactLog: SchedulerNode['compactLog'] = () => this.#housekeeping.compactNow();
  changeMembers = (change: MembershipChange): Promise<ChangeOutcome> => this.#replica.changeMembers(change);
  transferTo = (nodeId: NodeId): Promise<TransferOutcome> => this.#replica.transferTo(nodeId);
  statistics: SchedulerNode['statistics'] = (window) => this.observing.statistics.read(window, this.#clock.nowMs());
  get feed(): EventFeed {
    return this.observing.feed;
  }
  traceOf: SchedulerNode['traceOf'] = (nodeId, place) => this.#traces.of(nodeId, place);
  readTask: SchedulerNode['readTask'] = (...about) => this.#requests.reads.task(...about);
  listTasks: SchedulerNode['listTasks'] = (...about) => this.#requests.reads.tasks(...about);
  listExecutions: SchedulerNode['listExecutions'] = (...about) => this.#requests.reads.executions(...about);
  listDeadLetters: SchedulerNode['listDeadLetters'] = (...about) => this.#requests.reads.deadLetters(...about);
  listMissed: SchedulerNode['listMissed'] = (...about) => this.#requests.reads.missed(...about);
  readExecution: SchedulerNode['readExecution'] = (...about) => this.#requests.reads.execution(...about);
  health(): NodeHealth {
    const { value, context } = this.#life.getSnapshot();
    const { appliedIndex, isBehind } = this.#replica;
    const replaying = this.#isAlone || isBehind ? { appliedIndex, lastIndex: this.#core.log.lastIndex } : null;
    const removed = roleOf(this.#core.role) === 'removed' ? REMOVED_IN_WORDS : null;
    return healthOf(value, context.reason, replaying, removed ?? this.#peers.hearing.whyNoLeader(this.#core));
  }
  status(): ClusterStatus {
    const { identity, projection } = this.#parts;
    return statusOf(this.#core, identity, this.#replica.appliedIndex, projection.entities.meta(), this.#sightings);
  }
  metrics(): NodeMetrics {
    return metricsOf({
      ...this.#parts,
      feed: this.feed,
      replica: this.#replica,
      firing: this.#firing,
      sending: this.#sending,
    });
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#drain();
    return this.#stopping;
  }

  async #drain(): Promise<void> {
    const failed = this.#life.getSnapshot().value === 'storageFailed';
    this.#life.send({ type: 'STOP' });
    await stopInOrder(this.#stoppingParts(), {
      failed,
      alone: this.#isAlone,
      drained: () => void this.#life.send({ type: 'DRAINED' }),
    });
    this.#parts.closed();
    this.#life.stop();
  }

  #stoppingParts(): StoppingParts {
    return {
      ...this.#parts,
      clock: this.#clock,
      retiring: this.#retiring,
      observing: this.observing,
      duties: this.#duties,
      housekeeping: this.#housekeeping,
      takingIn: this.#takingIn,
      sightings: this.#sightings,
      replica: this.#replica,
      leadership: this.#leadership,
      sending: this.#sending,
      lease: this.#lease,
      acknowledging: this.#requests.acknowledging,
      asking: this.#asking,
    };
  }
}
