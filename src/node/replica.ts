import { type Clock, nextTurnOf, type Timer } from '../clock.ts';
import { unreachable } from '../invariant.ts';
import type { RaftCore } from '../raft/core.ts';
import { featureLevelOf } from '../raft/membership.ts';
import type { Message } from '../raft/messages.ts';
import type { ChangeOutcome, Effect, Input, MembershipChange, TransferOutcome } from '../raft/ports.ts';
import { isSoleVoter } from '../raft/quorum.ts';
import { type RaftRole, roleOf } from '../raft/role.ts';
import type { Incarnation, LogIndex, MemberId, NodeId, Term } from '../raft/types.ts';
import type { LogStore } from '../store/log-store.ts';
import type { Projection } from '../store/projection.ts';
import type { SnapshotStore } from '../store/snapshot-store.ts';
import type { EntryContent, Pair, PairResult } from '../tasks/entry.ts';
import { ENTRY_VERSION } from '../tasks/entry-version.ts';
import { Applying } from './applying.ts';
import { DiskWork } from './disk-work.ts';
import { createHistogram, type RunningHistogram } from './histogram.ts';
import { TICK_MS } from './limits.ts';
import type { LogWriter } from './log-writer.ts';
import { PendingAsks } from './pending-asks.ts';
import { type OnceDeposed, ProposalQueue, type Proposer, type Settle } from './proposal-queue.ts';
import { ReadBarriers } from './read-barriers.ts';
import { carryOutSnapshot } from './snapshot-traffic.ts';
import type { Tracing } from './tracing.ts';

/**
 * The event loop's turn: gather what waits, step the core once, write once, apply, answer. Cost per decision falls as load grows,
 * because a turn has one fsync however many decisions wait for it.
 */
export interface ReplicaListener {
  /** Called at the beginning of each turn: what is due joins this turn's entry. */
  gathering(): void;
  /** Called after an entry was folded, in log order, on every node. */
  applied(content: EntryContent, results: readonly PairResult[], index: LogIndex): void;
  /** A snapshot took the place of the state: what it holds was applied elsewhere, and is not told. */
  replaced(): void;
  roleChanged(role: RaftRole, term: Term, leader: MemberId | null): void;
  /** This leader's first entry is applied: from now on it may decide (I5). */
  termStarted(term: Term): void;
  /** A turn is over: all that it applied was told. */
  turned(): void;
  /** A message that cannot be was dropped. */
  dropped(from: MemberId, cause: string): void;
  failed(error: Error): void;
}

export interface ReplicaOptions {
  readonly core: RaftCore;
  readonly identity: { readonly incarnation: Incarnation };
  readonly log: LogStore;
  readonly write: LogWriter;
  readonly projection: Projection;
  readonly snapshots: SnapshotStore;
  /** Messages of one turn, to be sent before its disk write begins. */
  readonly send: (messages: readonly Message[]) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly listener: ReplicaListener;
  readonly tracing: Tracing;
}

const FSYNC_BUCKETS_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

export class Replica {
  readonly #core: RaftCore;
  readonly #log: LogStore;
  readonly #snapshots: SnapshotStore;
  readonly #send: (messages: readonly Message[]) => void;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #listener: ReplicaListener;
  readonly #tracing: Tracing;
  readonly #proposals = new ProposalQueue();
  readonly #reads: ReadBarriers;
  readonly #changes = new PendingAsks<ChangeOutcome>();
  readonly #transfers = new PendingAsks<TransferOutcome>();
  /** Messages and completions that wait for a turn, in order of arrival. */
  #arrived: Input[] = [];
  readonly #disk: DiskWork;
  readonly #applying: Applying;
  #scheduled = false;
  #inTurn = false;
  /** Somebody asked for a turn during this one: what it found due while entries were applied goes into the next. */
  #wanted = false;
  #tickTimer: Timer | null = null;
  /** Its log is about to be closed: what arrived late, or completes, is not acted on any more. */
  #isOver = false;
  #ended: 'stopping' | 'storage_failed' | null = null;
  readonly counters = { proposals: 0, entries: 0, turns: 0, fsyncs: 0, elections: 0 };
  readonly fsyncSeconds: RunningHistogram = createHistogram(FSYNC_BUCKETS_SECONDS);

  constructor(options: ReplicaOptions) {
    this.#core = options.core;
    this.#log = options.log;
    this.#snapshots = options.snapshots;
    this.#send = options.send;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#listener = options.listener;
    this.#tracing = options.tracing;
    this.#reads = new ReadBarriers(options.identity.incarnation);
    this.#disk = new DiskWork({
      ...options,
      monotonicMs: () => this.#clock.monotonicMs(),
      isStateBusy: () => this.#applying.isWaiting,
      completed: (input) => this.take(input),
      wrote: (tookMs) => this.fsyncSeconds.observe(tookMs / 1_000),
      installed: ({ index }) => {
        this.#applying.replaced(index);
        this.#reads.applied(index);
        this.#listener.replaced();
      },
      failed: (error) => this.#broken(error),
    });
    this.#applying = new Applying({
      ...options,
      proposals: this.#proposals,
      applied: (index) => this.#reads.applied(index),
      folded: (content, results, index) => {
        if (this.#tracing.isOn) this.#tracing.folded(index, results);
        options.listener.applied(content, results, index);
      },
      termStarted: options.listener.termStarted,
      goOn: () => this.#goOn(),
      failed: (error) => this.#broken(error),
    });
  }

  /** The first tick comes at once: a sole voter has nobody to wait for. */
  start(): void {
    this.#tick();
  }

  /** Leads, and takes decisions: not stopping, not failed. */
  get isLeading(): boolean {
    return this.#ended === null && roleOf(this.#core.role) === 'leader';
  }
  get core(): Readonly<RaftCore> {
    return this.#core;
  }
  /** Up to where the state is folded. */
  get appliedIndex(): LogIndex {
    return this.#applying.index;
  }

  /** More is committed than is folded. */
  get isBehind(): boolean {
    return this.#applying.isBehind;
  }

  /** A message, or the completion of an effect: it joins the next turn. */
  take(input: Input): void {
    if (this.#ended === 'storage_failed' || this.#isOver) return;
    this.#arrived.push(input);
    this.wake();
  }

  changeMembers(change: MembershipChange): Promise<ChangeOutcome> {
    if (this.#ended !== null) return Promise.resolve({ kind: 'refused', reason: 'this node has ended' });
    return this.#changes.ask((changeId) => this.take({ type: 'change-members', changeId, change }));
  }

  transferTo(to: NodeId): Promise<TransferOutcome> {
    if (this.#ended !== null) return Promise.resolve({ kind: 'refused', reason: 'this node has ended' });
    return this.#transfers.ask((transferId) => this.take({ type: 'transfer', transferId, to }));
  }

  /**
   * Joins the next turn. `settle` is called once, when the fate of the pair is known here. Only requests of clients are bounded
   * here: the node's own decisions are bounded by its claims in hand, and refusing an outcome would leave its attempt open (I7).
   */
  propose(pair: Pair, settle: Settle, from: Proposer = 'node', onceDeposed: OnceDeposed = 'doubt'): void {
    if (this.#ended !== null) settle({ kind: 'refused', why: this.#ended });
    else if (from === 'client' && this.#proposals.isFull) settle({ kind: 'refused', why: 'overloaded' });
    else {
      this.#proposals.add(pair, settle, from, onceDeposed);
      this.wake();
    }
  }

  /** Resolves to true when what is applied here is as new as any acknowledged write, to false when nobody leads. */
  readBarrier(): Promise<boolean> {
    if (this.#ended !== null) return Promise.resolve(this.showsAll);
    const ready = this.#reads.ask();
    this.wake();
    return ready;
  }

  /** Its disk failed while it alone decided, and nobody else acknowledges anything: all that it ever did is applied. */
  get showsAll(): boolean {
    const { voters, self, role, durableIndex } = this.#core;
    const decided = this.#ended === 'storage_failed' && isSoleVoter(voters, self) && roleOf(role) === 'leader';
    return decided && this.appliedIndex >= durableIndex;
  }

  /** A turn follows after the poll phase, so that all requests that arrived together share it. */
  wake(): void {
    if (this.#inTurn) this.#wanted = true;
    if (this.#scheduled || this.#inTurn) return;
    this.#scheduled = true;
    this.#clock.nextTurn(() => {
      this.#scheduled = false;
      this.#turn([]);
    });
  }

  /** Takes no more decisions; what is in the log already is carried through. */
  stop(): void {
    if (this.#ended === null) this.#ended = 'stopping';
    this.#tickTimer?.cancel();
    this.#proposals.refuseWaiting('stopping');
    this.#reads.settleAll(false);
  }

  /** After `stop`, when nothing more is heard: no turn follows. Resolves when the disk has nothing to do either, and nobody is left to hang. */
  async end(): Promise<void> {
    this.#isOver = true;
    while (this.#ended !== 'storage_failed' && this.#disk.isWriting) await nextTurnOf(this.#clock);
    this.#proposals.doubtAll();
    this.#reads.settleAll(false);
    this.#changes.answerAll({ kind: 'unknown' });
    this.#transfers.answerAll({ kind: 'unknown' });
  }

  /** Resolves when everything that is committed is applied. */
  async idle(): Promise<void> {
    while (this.#ended !== 'storage_failed' && this.#applying.isBehind) await nextTurnOf(this.#clock);
  }

  /** Fail-stop: what the disk holds is known again after a restart. What was handed to it is unknown until then. */
  fail(): void {
    if (this.#ended === 'storage_failed') return;
    this.#ended = 'storage_failed';
    this.#tickTimer?.cancel();
    this.#proposals.doubtAll();
    this.#proposals.refuseWaiting('storage_failed');
    this.#reads.settleAll(this.showsAll);
    this.#changes.answerAll({ kind: 'unknown' });
    this.#transfers.answerAll({ kind: 'unknown' });
  }

  #tick(): void {
    this.#tickTimer = this.#clock.setTimer(TICK_MS, () => this.#tick());
    this.#turn([{ type: 'tick', monotonicMs: this.#clock.monotonicMs(), random: this.#random() }]);
    this.#proposals.look(this.#core.role.context.leader !== null, this.#core.monotonicMs);
  }

  #turn(inputs: Input[]): void {
    if (this.#ended === 'storage_failed' || this.#isOver) return;
    this.#inTurn = true;
    try {
      this.counters.turns += 1;
      // Between ticks time goes on: a read that is confirmed after a stall is confirmed now, and not when the last tick was.
      if (inputs.length === 0) inputs.push({ type: 'now', monotonicMs: this.#clock.monotonicMs() });
      inputs.push(...this.#arrived);
      this.#arrived = [];
      if (!this.#applying.isPressed && !this.#disk.isInstalling) {
        if (this.#ended === null) this.#listener.gathering();
        this.#gather(inputs);
      }
      this.#run(inputs);
      this.#apply();
      this.#listener.turned();
    } catch (error) {
      this.#broken(error);
    } finally {
      this.#inTurn = false;
    }
    if (this.#log.checkpointDue) this.#clock.nextTurn(() => this.#maintain());
    this.#wakeForMore();
  }

  #wakeForMore(): void {
    if (this.#arrived.length > 0) this.wake();
    if (this.#applying.isWaiting || this.#disk.isInstalling) return;
    if (this.#wanted || this.#proposals.waiting > 0 || this.#reads.waiting > 0 || this.#applying.isBehind) {
      this.#wanted = false;
      this.wake();
    }
  }

  /** A checkpoint that is due costs milliseconds: after this turn's answers are out, not before. */
  #maintain(): void {
    if (this.#ended !== null || !this.#log.checkpointDue) return;
    try {
      this.#log.maintain();
    } catch (error) {
      this.#broken(error);
    }
  }

  #broken(error: unknown): void {
    this.fail();
    this.#listener.failed(error instanceof Error ? error : new Error(String(error)));
  }

  #gather(inputs: Input[]): void {
    if (this.#proposals.waiting > 0) {
      const version = Math.min(ENTRY_VERSION, featureLevelOf(this.#core.configuration));
      const { proposals, pairs } = this.#proposals.gather(this.#applying.logTimeMs(this.#clock.nowMs()), version);
      this.counters.proposals += pairs;
      inputs.push({ type: 'propose', proposals });
    }
    if (this.#reads.waiting > 0) inputs.push({ type: 'read', readIds: this.#reads.gather() });
  }

  /** Steps and carries out effects until nothing completes at once any more. */
  #run(inputs: readonly Input[]): void {
    let pending = inputs;
    while (pending.length > 0) {
      const completed: Input[] = [];
      const effects = this.#tracing.step(this.#core, this.#applying.index, pending);
      for (const effect of effects) this.#carryOut(effect, completed);
      pending = completed;
    }
  }

  #carryOut(effect: Effect, completed: Input[]): void {
    switch (effect.type) {
      case 'send':
        this.#send(effect.messages);
        return;
      case 'persist':
        this.#disk.persist(effect, completed);
        this.counters.fsyncs += 1;
        this.counters.entries += effect.entries.length;
        return;
      case 'accepted':
        for (const { proposalId, index } of effect.at) this.#proposals.accepted(proposalId, index, effect.term);
        // Deposed in the very step in which it took them.
        this.#proposals.roleIs(roleOf(this.#core.role));
        return;
      case 'refused':
        for (const proposalId of effect.proposalIds) this.#proposals.refused(proposalId);
        return;
      case 'read-ready':
        this.#reads.confirmed(effect.readIds, effect.index);
        this.#reads.applied(this.#applying.index);
        return;
      case 'read-refused':
        this.#reads.refused(effect.readIds);
        return;
      case 'role-changed':
        if (effect.role === 'candidate') this.counters.elections += 1;
        this.#proposals.roleIs(effect.role);
        this.#rememberRecovering(effect.role);
        this.#listener.roleChanged(effect.role, effect.term, effect.leader);
        return;
      case 'committed':
      case 'configuration-changed':
        // Read from the core when it is needed.
        return;
      case 'change-settled':
        this.#changes.answer(effect.changeId, effect.outcome);
        return;
      case 'transfer-settled':
        this.#transfers.answer(effect.transferId, effect.outcome);
        return;
      case 'make-snapshot':
      case 'read-snapshot':
      case 'write-snapshot':
        carryOutSnapshot(
          this.#snapshots,
          effect,
          (input) => this.take(input),
          (error) => this.#broken(error),
        );
        return;
      case 'install-snapshot':
        this.#disk.install(effect.head);
        return;
      case 'dropped':
        this.#listener.dropped(effect.from, effect.cause);
        return;
      default:
        unreachable(effect);
    }
  }

  /** A restart must not give the vote back to a log that is not whole (raft.md, case 30). A vote leaves a step later at the earliest. */
  #rememberRecovering(role: RaftRole): void {
    if (role === 'recovering') this.#log.tailLost();
    else if (this.#log.lostTail) this.#log.recovered();
  }

  #apply(): void {
    if (this.#disk.isInstalling) return;
    const before = this.#applying.index;
    this.#applying.apply();
    const { index } = this.#applying;
    // Told once for all: the core does nothing for a single entry.
    if (index > before) this.#run([{ type: 'applied', index }]);
  }

  /** What applying waited for is there. */
  #goOn(): void {
    this.#disk.goOn();
    this.#wakeForMore();
  }
}
