import type { Clock, Timer } from '../clock.ts';
import { InvariantBroken, invariant, unreachable } from '../invariant.ts';
import type { RaftCore } from '../raft/core.ts';
import type { Effect, Input } from '../raft/ports.ts';
import { type RaftRole, roleOf } from '../raft/role.ts';
import { step } from '../raft/step.ts';
import type { Entry, LogIndex, MemberId, Term } from '../raft/types.ts';
import type { LogStore } from '../store/log-store.ts';
import type { Projection } from '../store/projection.ts';
import { applyEntry, decodeEntry, type EntryContent, type Pair, type PairResult } from '../tasks/entry.ts';
import { needsOf } from '../tasks/needs.ts';
import { createHistogram, type RunningHistogram } from './histogram.ts';
import { APPLY_SLICE_MS, PROPOSALS_WAITING_MAX, REPLAY_READ_BYTES, TICK_MS } from './limits.ts';
import { type OwnEntry, ProposalQueue, type ProposeOutcome } from './proposal-queue.ts';
import { ReadBarriers } from './read-barriers.ts';

/**
 * The event loop's turn: gather what waits, step the core once, write once, apply, answer. Cost per decision falls as load grows,
 * because a turn has one fsync however many decisions wait for it.
 */
export interface ReplicaListener {
  /** Called at the beginning of each turn: what is due joins this turn's entry. */
  gathering(): void;
  /** Called after an entry was folded, in log order, on every node. */
  applied(content: EntryContent, results: readonly PairResult[]): void;
  roleChanged(role: RaftRole, term: Term, leader: MemberId | null): void;
  /** This leader's first entry is applied: from now on it may decide (I5). */
  termStarted(term: Term): void;
  failed(error: Error): void;
}

export interface ReplicaOptions {
  readonly core: RaftCore;
  readonly log: LogStore;
  readonly projection: Projection;
  readonly clock: Clock;
  readonly random: () => number;
  readonly listener: ReplicaListener;
}

const FSYNC_BUCKETS_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

export class Replica {
  readonly #core: RaftCore;
  readonly #log: LogStore;
  readonly #projection: Projection;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #listener: ReplicaListener;
  readonly #proposals = new ProposalQueue();
  readonly #reads = new ReadBarriers();
  /** Entries of the log that are read ahead of applying. */
  #readAhead: Entry[] = [];
  #lastLogTimeMs: number;
  #scheduled = false;
  #inTurn = false;
  /** Somebody asked for a turn during this one: what it found due while entries were applied goes into the next. */
  #wanted = false;
  #loading = false;
  /** The overlay is full: entries are applied faster than a flush writes them (I10). */
  #pressed = false;
  #tickTimer: Timer | null = null;
  #ended: 'stopping' | 'storage_failed' | null = null;
  readonly counters = { proposals: 0, entries: 0, turns: 0, fsyncs: 0, elections: 0 };
  readonly fsyncSeconds: RunningHistogram = createHistogram(FSYNC_BUCKETS_SECONDS);

  constructor(options: ReplicaOptions) {
    this.#core = options.core;
    this.#log = options.log;
    this.#projection = options.projection;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#listener = options.listener;
    this.#lastLogTimeMs = options.projection.entities.meta().logTimeMs;
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

  /**
   * Joins the next turn. `settle` is called once, when the fate of the pair is known here. Only requests of clients are bounded
   * here: the node's own decisions are bounded by its claims in hand, and refusing an outcome would leave its attempt open (I7).
   */
  propose(pair: Pair, settle: (outcome: ProposeOutcome) => void, from: 'node' | 'client' = 'node'): void {
    if (this.#ended !== null) settle({ kind: 'refused', why: this.#ended });
    else if (from === 'client' && this.#proposals.waiting >= PROPOSALS_WAITING_MAX)
      settle({ kind: 'refused', why: 'overloaded' });
    else {
      this.#proposals.add(pair, settle);
      this.wake();
    }
  }

  /** Resolves to true when what is applied here is as new as any acknowledged write, to false when nobody leads. */
  readBarrier(): Promise<boolean> {
    // After a failed write nothing newer is acknowledged here, so what is applied is all there is to see.
    if (this.#ended !== null) return Promise.resolve(this.#ended === 'storage_failed');
    const ready = this.#reads.ask();
    this.wake();
    return ready;
  }

  /** A turn follows after the poll phase, so that all requests that arrived together share it. */
  wake(): void {
    if (this.#inTurn) this.#wanted = true;
    if (this.#scheduled || this.#inTurn) return;
    this.#scheduled = true;
    setImmediate(() => {
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

  /** Resolves when everything that is committed is applied. */
  async idle(): Promise<void> {
    while (this.#ended !== 'storage_failed' && this.#core.appliedIndex < this.#core.commitIndex) {
      await new Promise((turned) => setImmediate(turned));
    }
  }

  /** Fail-stop: what the disk holds is known again after a restart. What was handed to it is unknown until then. */
  fail(): void {
    if (this.#ended === 'storage_failed') return;
    this.#ended = 'storage_failed';
    this.#tickTimer?.cancel();
    this.#proposals.doubtAll();
    this.#proposals.refuseWaiting('storage_failed');
    this.#reads.settleAll(true);
  }

  #tick(): void {
    this.#tickTimer = this.#clock.setTimer(TICK_MS, () => this.#tick());
    this.#turn([{ type: 'tick', monotonicMs: this.#clock.monotonicMs(), random: this.#random() }]);
  }

  #turn(inputs: Input[]): void {
    if (this.#ended === 'storage_failed') return;
    this.#inTurn = true;
    try {
      this.counters.turns += 1;
      if (!this.#pressed) {
        if (this.#ended === null) this.#listener.gathering();
        this.#gather(inputs);
      }
      this.#run(inputs);
      this.#apply();
    } catch (error) {
      this.#broken(error);
    } finally {
      this.#inTurn = false;
    }
    if (this.#log.checkpointDue) setImmediate(() => this.#maintain());
    this.#wakeForMore();
  }

  #wakeForMore(): void {
    if (this.#pressed || this.#loading) return;
    const behind = this.#core.appliedIndex < this.#core.commitIndex;
    if (this.#wanted || this.#proposals.waiting > 0 || this.#reads.waiting > 0 || behind) {
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
      // Log time never decreases, whatever the clock does.
      this.#lastLogTimeMs = Math.max(this.#lastLogTimeMs, Math.floor(this.#clock.nowMs()));
      const { proposals, pairs } = this.#proposals.gather(this.#lastLogTimeMs);
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
      for (const effect of step(this.#core, pending)) this.#carryOut(effect, completed);
      pending = completed;
    }
  }

  #carryOut(effect: Effect, completed: Input[]): void {
    switch (effect.type) {
      case 'persist': {
        const began = this.#clock.monotonicMs();
        this.#log.persist(effect);
        this.fsyncSeconds.observe((this.#clock.monotonicMs() - began) / 1_000);
        this.counters.fsyncs += 1;
        this.counters.entries += effect.entries.length;
        const term = effect.hardState?.term ?? this.#core.durableTerm;
        completed.push({ type: 'persisted', lastIndex: this.#log.lastIndex, term });
        return;
      }
      case 'accepted':
        for (const { proposalId, index } of effect.at) this.#proposals.accepted(proposalId, index);
        return;
      case 'refused':
        for (const proposalId of effect.proposalIds) this.#proposals.refused(proposalId);
        return;
      case 'committed':
        return;
      case 'read-ready':
        this.#reads.confirmed(effect.readIds, effect.index);
        this.#reads.applied(this.#core.appliedIndex);
        return;
      case 'read-refused':
        this.#reads.refused(effect.readIds);
        return;
      case 'role-changed':
        if (effect.role === 'candidate') this.counters.elections += 1;
        this.#listener.roleChanged(effect.role, effect.term, effect.leader);
        return;
      default:
        unreachable(effect);
    }
  }

  /** Folds what is committed. What an entry needs is in memory first; loading it is the only thing that applying waits for. */
  #apply(): void {
    if (this.#pressed || this.#core.appliedIndex >= this.#core.commitIndex) return;
    const began = this.#clock.monotonicMs();
    this.#applyUntil(() => this.#clock.monotonicMs() - began > APPLY_SLICE_MS);
    this.#awaitRoom();
  }

  #applyUntil(sliceOver: () => boolean): void {
    while (!this.#loading && this.#core.appliedIndex < this.#core.commitIndex) {
      const index = this.#core.appliedIndex + 1;
      const own = this.#proposals.at(index);
      const content = own?.content ?? this.#contentAt(index);
      if (content === null) this.#projection.applied(index);
      else {
        const missing = this.#projection.missing(needsOf(content));
        if (missing.length > 0) {
          this.#load(missing);
          return;
        }
        this.#fold(index, content, own);
      }
      this.#run([{ type: 'applied', index }]);
      this.#reads.applied(index);
      if (index === this.#core.termStartIndex) this.#listener.termStarted(this.#core.role.context.term);
      if (sliceOver()) return;
    }
  }

  #fold(index: LogIndex, content: EntryContent, own: OwnEntry | undefined): void {
    const results = applyEntry(this.#projection.entities, content);
    this.#projection.applied(index);
    this.#lastLogTimeMs = Math.max(this.#lastLogTimeMs, content.atMs);
    this.#listener.applied(content, results);
    if (own === undefined) return;
    for (const [at, { settle }] of own.waiters.entries()) {
      const result = results[at];
      invariant(result !== undefined, 'I4', `entry ${index} has no result for its pair ${at}`);
      settle(result.applied ? { kind: 'applied', index } : { kind: 'not-applied', failed: result.failed });
    }
    this.#proposals.forget(index);
  }

  /** Null for an entry that says nothing about tasks. */
  #contentAt(index: LogIndex): EntryContent | null {
    while (this.#readAhead[0] !== undefined && this.#readAhead[0].index < index) this.#readAhead.shift();
    if (this.#readAhead[0]?.index !== index) this.#readAhead = [...this.#log.read(index, REPLAY_READ_BYTES)];
    const entry = this.#readAhead[0];
    invariant(entry?.index === index, 'I4', `entry ${index} is committed and not in the log`);
    if (entry.kind !== 'events') return null;
    const decoded = decodeEntry(entry.data);
    // Skipping what one does not know would part this node from the others (I4).
    if (!decoded.ok) throw new InvariantBroken('I4', `entry ${index} is ${decoded.error}: run a newer xcron`);
    return decoded.value;
  }

  #load(missing: Parameters<Projection['load']>[0]): void {
    this.#loading = true;
    this.#projection.load(missing).then(
      () => {
        this.#loading = false;
        this.wake();
      },
      (error: unknown) => this.#broken(error),
    );
  }

  /** Resolves within this turn unless the overlay is at its bound. */
  #awaitRoom(): void {
    this.#pressed = true;
    this.#projection.untilRoom().then(
      () => {
        this.#pressed = false;
        this.#wakeForMore();
      },
      (error: unknown) => this.#broken(error),
    );
  }
}
