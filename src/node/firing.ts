import type { Clock, Timer } from '../clock.ts';
import type { DuePosition, Projection } from '../store/projection.ts';
import { type ClaimContext, decideAttempt, decideClaim } from '../tasks/claim.ts';
import type { EntryContent, Pair, PairResult } from '../tasks/entry.ts';
import type { TaskEvent } from '../tasks/event.ts';
import { openRun } from '../tasks/evolve-task.ts';
import type { Execution } from '../tasks/execution.ts';
import type { EntityRef } from '../tasks/needs.ts';
import type { SchedulePlanner } from '../tasks/planner.ts';
import type { Task, TaskId } from '../tasks/task.ts';
import { DueIndex, needsOfPosition } from './due-index.ts';
import {
  CATCH_UP_MAX,
  CLAIM_BATCH,
  DUE_AHEAD_MS,
  DUE_LOOK_MS,
  DUE_PAGE,
  DUE_WINDOW_MAX,
  SEND_LEASE_OVER_MS,
} from './limits.ts';
import { LostHolders } from './lost-holders.ts';
import type { Replica } from './replica.ts';
import type { ClaimSender, Senders } from './senders.ts';
import { Targets, targetOf } from './targets.ts';

/**
 * The leader's first duty: what is due becomes a claim, in the log before its request is sent (I6). Works on applied state plus its
 * own claims in flight; what the state no longer wants is refused when it is applied (I5).
 */
export interface FiringOptions {
  readonly projection: Projection;
  readonly replica: Replica;
  readonly planner: SchedulePlanner;
  readonly clock: Clock;
  readonly self: string;
  /** Who may be given a claim. `openOf`: how many a node holds. */
  readonly senders: (openOf: (nodeId: string) => number) => Senders;
  readonly failed: (error: Error) => void;
}

interface Claim {
  readonly pair: Pair;
  readonly run: number;
}

export class Firing {
  readonly #projection: Projection;
  readonly #replica: Replica;
  readonly #planner: SchedulePlanner;
  readonly #clock: Clock;
  readonly #self: string;
  readonly #senders: Senders;
  readonly #failed: (error: Error) => void;
  readonly #due = new DueIndex();
  readonly #targets = new Targets();
  /** Of tasks that the entry just applied changed: who held claims of them. */
  readonly #heldBefore = new Map<TaskId, readonly string[]>();
  /** Claims proposed and not applied: a due thing is decided on once at a time. */
  readonly #deciding = new Set<string>();
  /** Open claims are counted: from when leading begins, before any is made. */
  #counting = false;
  #active = false;
  #firingSinceMs = 0;
  readonly #lost = new LostHolders();
  /** Every node that may send holds as much as it may. */
  #noHands = false;
  #reading = false;
  #timer: Timer | null = null;

  constructor(options: FiringOptions) {
    this.#projection = options.projection;
    this.#replica = options.replica;
    this.#planner = options.planner;
    this.#clock = options.clock;
    this.#self = options.self;
    this.#senders = options.senders((nodeId) => this.#targets.openOf(nodeId));
    this.#failed = options.failed;
  }

  get claimsInHand(): number {
    return this.#targets.open;
  }
  get parked(): number {
    return this.#targets.parked;
  }
  get dueInMemory(): number {
    return this.#due.size;
  }

  get senders(): Senders {
    return this.#senders;
  }
  /** Incarnations that hold claims. */
  get holders(): readonly ClaimSender[] {
    return this.#targets.holders;
  }
  /**
   * Who held claims of a task when it was changed: to be asked as soon as the change is applied. Who was taken for lost may only not have
   * been heard, and sends for as long as its lease runs; of that, a leader knows nothing from before its own time. Null: not known.
   */
  holdersOf(taskId: TaskId | null): readonly string[] | null {
    const sinceMs = this.#clock.monotonicMs() - SEND_LEASE_OVER_MS;
    if (!this.#active || taskId === null || this.#firingSinceMs > sinceMs) return null;
    this.#lost.forgetBefore(sinceMs);
    const holders = new Set([...(this.#heldBefore.get(taskId) ?? []), ...this.#lost.of(taskId)]);
    return [...holders].filter((nodeId) => nodeId !== this.#self);
  }

  /** What ends from now on is counted out; what is open already is to be counted in, by `adopt`. */
  count(): void {
    this.#counting = true;
  }

  /** Claims that other nodes hold when this one begins to lead: they count against their targets. */
  adopt(task: Task, execution: Execution): void {
    if (!this.#counting) return;
    const holder = execution.attempts.at(-1);
    if (holder !== undefined) this.#targets.claim(targetOf(task.definition), holder, task.taskId, execution.run);
  }

  /** This node leads, its term has begun, and what earlier incarnations held is settled. */
  begin(): void {
    this.#active = true;
    this.#firingSinceMs = this.#clock.monotonicMs();
    this.#readAhead();
    this.#arm();
  }

  end(): void {
    this.#counting = false;
    this.#active = false;
    this.#timer?.cancel();
    this.#due.clear();
    this.#targets.clear();
    this.#lost.clear();
    this.#deciding.clear();
  }

  /** Takes what is due into this turn's entry. */
  gather(): void {
    // While leadership is to move nothing is taken into the log: what is due waits where it is, in case it does not move.
    if (!this.#active || this.#replica.core.transfer !== null) return;
    const nowMs = this.#clock.nowMs();
    const missing: EntityRef[] = [];
    const later: DuePosition[] = [];
    for (let looked = 0; looked < CLAIM_BATCH; looked += 1) {
      const sender = this.#senders.next();
      this.#noHands = sender === null;
      if (sender === null) break;
      const position = this.#takeParked() ?? this.#due.take(nowMs);
      if (position === null) break;
      const needs = needsOfPosition(position);
      const absent = this.#projection.missing(needs);
      if (absent.length > 0) {
        missing.push(...absent);
        later.push(position);
      } else this.#decide(position, { nowMs, planner: this.#planner, sender });
    }
    if (missing.length > 0) this.#load(missing, later);
    this.#readAhead();
  }

  #takeParked(): DuePosition | null {
    const taken = this.#targets.takeReady();
    if (taken === null) return null;
    if (taken.rewind !== null) this.#due.rewindTo(taken.rewind);
    return taken.position;
  }

  /** The attempt is over on this node: its request ended, or was never made. Its place is free from now on, and not before. */
  ended(taskId: TaskId, run: number): void {
    if (!this.#counting) return;
    this.#targets.release(taskId, run);
    this.#noHands = false;
    this.#arm();
  }

  applied(content: EntryContent, results: readonly PairResult[]): void {
    if (!this.#counting) return;
    this.#heldBefore.clear();
    this.#noHands = false;
    for (const [at, pair] of content.pairs.entries()) {
      if (results[at]?.applied !== true) continue;
      for (const event of pair.events) this.#follow(event);
    }
    this.#arm();
  }

  #follow(event: TaskEvent): void {
    switch (event.type) {
      case 'TaskCreated':
        this.#due.put({ dueAtMs: event.nextAtMs, taskId: event.taskId, run: 0 });
        return;
      case 'TaskUpdated':
      case 'TaskPaused':
        this.#heldBefore.set(event.taskId, this.#targets.holdersOf(event.taskId));
        this.#refreshTask(event.taskId);
        return;
      case 'ExecutionClaimed':
        this.#refreshTask(event.taskId);
        return;
      case 'TaskResumed':
        this.#refreshTask(event.taskId);
        this.#refreshOpenRuns(event.taskId);
        return;
      case 'TaskCancelled':
        this.#heldBefore.set(event.taskId, this.#targets.holdersOf(event.taskId));
        this.#targets.releaseOthers(event.taskId, this.#self);
        this.#due.remove(event.taskId, 0);
        return;
      case 'TaskRemoved':
        this.#due.remove(event.taskId, 0);
        return;
      case 'ExecutionRequested':
        this.#refreshRun(event.taskId, event.run);
        return;
      case 'AttemptFailed':
      case 'AttemptLost':
      case 'AttemptWithheld':
        if (event.type === 'AttemptLost') this.#rememberLost(event.taskId);
        this.#targets.release(event.taskId, event.run);
        this.#due.put({ dueAtMs: event.nextAttemptAtMs, taskId: event.taskId, run: event.run });
        return;
      case 'ExecutionSucceeded':
      case 'ExecutionFailed':
      case 'ExecutionDoubted':
        if (event.type === 'ExecutionDoubted') this.#rememberLost(event.taskId);
        this.#targets.release(event.taskId, event.run);
        // A task that waited because too many of its executions were open may go on.
        this.#refreshTask(event.taskId);
        return;
      default:
        return;
    }
  }

  #rememberLost(taskId: TaskId): void {
    const nowMs = this.#clock.monotonicMs();
    this.#lost.forgetBefore(nowMs - SEND_LEASE_OVER_MS);
    this.#lost.put(taskId, this.#targets.holdersOf(taskId), nowMs);
  }

  #decide(position: DuePosition, context: ClaimContext): void {
    const { taskId, run } = position;
    const key = `${taskId}/${run}`;
    if (this.#deciding.has(key)) return;
    const task = this.#projection.entities.task(taskId);
    if (task === undefined) return;
    const target = targetOf(task.definition);
    if (this.#targets.roomOf(target) === 0) {
      this.#targets.park(target, position);
      return;
    }
    const decided = run === 0 ? this.#decideDueTimes(task, target, context) : this.#decideAttempt(task, run, context);
    const { sender } = context;
    if (decided.length === 0) return;
    this.#deciding.add(key);
    for (const [at, { pair, run: claimedRun }] of decided.entries()) {
      let place = claimedRun;
      if (run === 0) place = this.#targets.claimNext(target, sender, taskId, claimedRun);
      else this.#targets.claim(target, sender, taskId, claimedRun);
      this.#replica.propose(pair, (outcome) => {
        if (at === decided.length - 1) this.#deciding.delete(key);
        if (outcome.kind === 'applied') return;
        // The state moved on between decision and apply, or nothing was taken into the log: look at it again as it is now.
        this.#targets.release(taskId, place);
        const goesOn = outcome.kind === 'not-applied' || (outcome.kind === 'refused' && outcome.why === 'no_leader');
        if (goesOn) this.#refresh(position);
      });
    }
  }

  /** A task that is behind takes several due times in one entry, each claim decided on the state that the one before leaves. */
  #decideDueTimes(task: Task, target: string, context: ClaimContext): readonly Claim[] {
    const claims: Claim[] = [];
    let ahead = task;
    while (claims.length < CATCH_UP_MAX && this.#targets.roomOf(target) > claims.length) {
      const decided = decideClaim(ahead, context);
      if (!decided.ok) {
        if (claims.length === 0 && decided.error === 'not-due') this.#refreshTask(task.taskId);
        break;
      }
      const { pair, claimed } = decided.value;
      claims.push({ pair, run: claimed.run });
      ahead = openRun(ahead, claimed.run, claimed);
    }
    return claims;
  }

  #decideAttempt(task: Task, run: number, context: ClaimContext): readonly Claim[] {
    const execution = this.#projection.entities.execution(task.taskId, run);
    if (execution === undefined) return [];
    const decided = decideAttempt(task, execution, context);
    if (decided.ok) return [{ pair: decided.value, run }];
    // Its time was an old one: what it is now stands in the execution.
    if (execution.nextAttemptAtMs !== null && execution.nextAttemptAtMs > context.nowMs)
      this.#refreshRun(task.taskId, run);
    return [];
  }

  #refresh(position: DuePosition): void {
    if (!this.#active) return;
    if (position.run === 0) this.#refreshTask(position.taskId);
    else this.#refreshRun(position.taskId, position.run);
  }

  #refreshTask(taskId: TaskId): void {
    const ref = { kind: 'task', taskId } as const;
    if (this.#projection.missing([ref]).length > 0) {
      this.#load([ref], [{ dueAtMs: 0, taskId, run: 0 }]);
      return;
    }
    const task = this.#projection.entities.task(taskId);
    if (task?.state === 'scheduled' && task.nextAtMs !== null)
      this.#due.put({ dueAtMs: task.nextAtMs, taskId, run: 0 });
    else this.#due.remove(taskId, 0);
  }

  #refreshRun(taskId: TaskId, run: number): void {
    const missing = this.#projection.missing(needsOfPosition({ dueAtMs: 0, taskId, run }));
    if (missing.length > 0) {
      this.#load(missing, [{ dueAtMs: 0, taskId, run }]);
      return;
    }
    const execution = this.#projection.entities.execution(taskId, run);
    if (execution?.state === 'waiting' && execution.nextAttemptAtMs !== null) {
      this.#due.put({ dueAtMs: execution.nextAttemptAtMs, taskId, run });
    } else this.#due.remove(taskId, run);
  }

  #refreshOpenRuns(taskId: TaskId): void {
    const ref = { kind: 'open-executions', taskId } as const;
    const missing = this.#projection.missing([ref]);
    const task = this.#projection.entities.task(taskId);
    if (task === undefined) return;
    const positions = task.openRuns.map((run) => ({ dueAtMs: 0, taskId, run }));
    if (missing.length > 0) this.#load(missing, positions);
    else for (const { run } of positions) this.#refreshRun(taskId, run);
  }

  /** Brings entities into memory; what waited for them is looked at again. */
  #load(refs: readonly EntityRef[], then: readonly DuePosition[]): void {
    // Not pinned: what waits under a slow target must not be held in memory with its bodies.
    this.#projection.load(refs, false).then(
      () => {
        if (!this.#active) return;
        for (const position of then) this.#refresh(position);
        this.#replica.wake();
      },
      (error: Error) => this.#failed(error),
    );
  }

  /** Keeps the window ahead of now filled, a page at a time. */
  #readAhead(): void {
    if (!this.#active || this.#reading) return;
    // Well below the bound, so that the next flood is not cut one by one.
    if (this.#due.size > 2 * DUE_WINDOW_MAX) this.#due.shrinkTo(DUE_WINDOW_MAX);
    if (this.#due.size >= DUE_WINDOW_MAX) return;
    const untilMs = this.#clock.nowMs() + DUE_AHEAD_MS;
    const horizon = this.#due.horizon;
    // Half of the window is left: reading on each turn would cost a query per turn.
    if (horizon !== null && horizon.dueAtMs > untilMs - DUE_AHEAD_MS / 2) return;
    this.#reading = true;
    this.#due.beginPage(untilMs);
    this.#projection.dueAfter(horizon, untilMs, DUE_PAGE).then(
      (positions) => {
        this.#reading = false;
        if (!this.#active) return;
        this.#due.endPage(
          positions.filter(({ taskId, run }) => !this.#deciding.has(`${taskId}/${run}`)),
          positions.length < DUE_PAGE,
        );
        this.#arm();
        this.#replica.wake();
      },
      (error: Error) => this.#failed(error),
    );
  }

  /** Sleeps until the next due time, but never long: clocks jump. */
  #arm(): void {
    this.#timer?.cancel();
    if (!this.#active) return;
    let delayMs = DUE_LOOK_MS;
    const nextAtMs = this.#targets.hasReady ? Number.NEGATIVE_INFINITY : this.#due.nextDueAtMs;
    // With all claims in hand there is nothing to wake for: the next attempt that ends arms the timer again.
    if (nextAtMs !== null && !this.#noHands) {
      const untilNextMs = nextAtMs - this.#clock.nowMs();
      if (untilNextMs <= 0) this.#replica.wake();
      else delayMs = Math.min(delayMs, untilNextMs);
    }
    this.#timer = this.#clock.setTimer(delayMs, () => {
      this.#replica.wake();
      this.#arm();
    });
  }
}
