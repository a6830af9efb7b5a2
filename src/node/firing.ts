import type { Clock, Timer } from '../clock.ts';
import { invariant } from '../invariant.ts';
import { featureLevelOf } from '../raft/membership.ts';
import type { DuePosition, Projection } from '../store/projection.ts';
import { isClaimedAhead, mayBeClaimedAhead } from '../tasks/ahead.ts';
import { type ClaimContext, decideAttempt } from '../tasks/claim.ts';
import type { EntryContent, PairResult } from '../tasks/entry.ts';
import { LOOK_AHEAD_LEVEL } from '../tasks/entry-version.ts';
import type { ClaimHolder, TaskEvent } from '../tasks/event.ts';
import type { Execution } from '../tasks/execution.ts';
import type { SchedulePlanner } from '../tasks/planner.ts';
import type { Task, TaskId } from '../tasks/task.ts';
import { type Claim, decideDueTimes, hadItsTurn } from './due-claims.ts';
import { type DueIndex, keyOfPosition } from './due-index.ts';
import { DueWindow } from './due-window.ts';
import { CATCH_UP_MAX, CLAIM_BATCH, DUE_LOOK_MS, LOOK_AHEAD_MAX_MS, SEND_LEASE_OVER_MS } from './limits.ts';
import { LostHolders } from './lost-holders.ts';
import { untilOffBeatMs } from './off-beat.ts';
import type { Replica } from './replica.ts';
import type { Senders } from './senders.ts';
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
  readonly self: ClaimHolder;
  /** How long ahead of its time a claim is made, where it may be; 0: never. */
  readonly lookAheadMs: number;
  /** Who may be given a claim. `openOf`: how many a node holds. */
  readonly senders: (openOf: (nodeId: string) => number) => Senders;
  readonly failed: (error: Error) => void;
}

export class Firing {
  readonly #projection: Projection;
  readonly #replica: Replica;
  readonly #planner: SchedulePlanner;
  readonly #clock: Clock;
  readonly #self: ClaimHolder;
  readonly #senders: Senders;
  readonly #due: DueIndex;
  readonly #window: DueWindow;
  readonly #lookAheadMs: number;
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
  /** Every node that may send holds as much as it may; and as much as it may ahead. */
  #noHands = false;
  #noHandsAhead = false;
  readonly #hasRoom = (target: string): boolean => this.#targets.roomOf(target) > 0;
  #timer: Timer | null = null;

  constructor(options: FiringOptions) {
    this.#projection = options.projection;
    this.#replica = options.replica;
    this.#planner = options.planner;
    this.#clock = options.clock;
    this.#self = options.self;
    this.#senders = options.senders((nodeId) => this.#targets.openOf(nodeId));
    this.#lookAheadMs = options.lookAheadMs;
    invariant(options.lookAheadMs <= LOOK_AHEAD_MAX_MS, 'I10', `a look-ahead of ${options.lookAheadMs} ms`);
    this.#window = new DueWindow({
      ...options,
      looksAhead: options.lookAheadMs > 0,
      isWanted: (position) => !this.#deciding.has(keyOfPosition(position)),
      filled: () => {
        this.#arm();
        this.#replica.wake();
      },
    });
    this.#due = this.#window.index;
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
  get holders(): readonly ClaimHolder[] {
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
    return [...holders].filter((nodeId) => nodeId !== this.#self.nodeId);
  }

  /** What ends from now on is counted out; what is open already is to be counted in, by `adopt`. */
  count(): void {
    this.#counting = true;
  }

  /** Claims that other nodes hold when this one begins to lead: they count against their targets. */
  adopt(task: Task, execution: Execution): void {
    if (!this.#counting) return;
    const holder = execution.attempts.at(-1);
    if (holder === undefined) return;
    const waitsUntilMs = isClaimedAhead(execution) ? execution.scheduledAtMs : null;
    this.#targets.claim(targetOf(task.definition), holder, task.taskId, execution.run, waitsUntilMs);
  }

  /** This node leads, its term has begun, and what earlier incarnations held is settled. */
  begin(): void {
    this.#active = true;
    this.#firingSinceMs = this.#clock.monotonicMs();
    this.#window.open();
    this.#arm();
  }

  end(): void {
    this.#counting = false;
    this.#active = false;
    this.#timer?.cancel();
    this.#window.close();
    this.#targets.clear();
    this.#lost.clear();
    this.#deciding.clear();
  }

  /** Takes what is due into this turn's entry. */
  gather(): void {
    // While leadership is to move nothing is taken into the log: what is due waits where it is, in case it does not move.
    if (!this.#active || this.#replica.core.transfer !== null) return;
    const nowMs = this.#clock.nowMs();
    this.#senders.look();
    this.#targets.fallDue(nowMs);
    const looked = this.#claimDue(nowMs);
    // What is due goes first.
    if (looked < CLAIM_BATCH) this.#claimAhead(nowMs, CLAIM_BATCH - looked);
    this.#window.fill();
  }

  #claimDue(nowMs: number): number {
    this.#noHands = false;
    let looked = 0;
    for (; looked < CLAIM_BATCH; looked += 1) {
      // Nobody is looked for at rest, when there is a turn with every tick and message all the same.
      if (!this.#targets.hasReady && !this.#due.isDue(nowMs)) break;
      const sender = this.#senders.next();
      this.#noHands = sender === null;
      if (sender === null) break;
      const position = this.#takeParked() ?? this.#due.take(nowMs);
      if (position === null) break;
      if (!this.#window.isAbsent(position)) this.#decide(position, this.#contextOf(nowMs, 0, sender));
    }
    this.#window.bringIn();
    return looked;
  }

  /** What is left where it is, is claimed when it is due. */
  #claimAhead(nowMs: number, lookMax: number): void {
    const aheadMs = this.#aheadMs;
    if (aheadMs === 0 || untilOffBeatMs(nowMs, aheadMs) > 0) return;
    for (const position of this.#window.leftAhead.takeReady(this.#hasRoom)) this.#due.lookAgain(position);
    for (let looked = 0; ; looked += 1) {
      const sender = this.#senders.nextAhead();
      this.#noHandsAhead = sender === null;
      if (sender === null) break;
      if (looked === lookMax) {
        this.#replica.wake();
        break;
      }
      const position = this.#due.lookAhead(nowMs + aheadMs);
      if (position === null) break;
      if (this.#window.isAbsent(position)) this.#due.remove(position.taskId, 0);
      else this.#decideAhead(position, this.#contextOf(nowMs, aheadMs, sender));
    }
    this.#window.bringIn();
  }

  /** A node of an older version would send at once. */
  get #aheadMs(): number {
    if (this.#lookAheadMs === 0) return 0;
    return featureLevelOf(this.#replica.core.configuration) < LOOK_AHEAD_LEVEL ? 0 : this.#lookAheadMs;
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
    this.#targets.release(taskId, run, this.#self.nodeId);
    this.#noHands = false;
    this.#noHandsAhead = false;
    this.#arm();
  }

  applied(content: EntryContent, results: readonly PairResult[]): void {
    if (!this.#counting) return;
    this.#heldBefore.clear();
    this.#noHands = false;
    this.#noHandsAhead = false;
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
        this.#window.refreshTask(event.taskId);
        return;
      case 'ExecutionClaimed':
        this.#window.refreshTask(event.taskId);
        return;
      case 'TaskResumed':
        this.#window.refreshTask(event.taskId);
        this.#window.refreshOpenRuns(event.taskId);
        return;
      case 'TaskCancelled':
        this.#heldBefore.set(event.taskId, this.#targets.holdersOf(event.taskId));
        this.#targets.releaseOthers(event.taskId, this.#self);
        this.#due.remove(event.taskId, 0);
        return;
      case 'ExecutionsWithdrawn':
        for (const run of event.runs) {
          this.#targets.release(event.taskId, run);
          this.#due.remove(event.taskId, run);
        }
        return;
      case 'TaskRemoved':
        this.#due.remove(event.taskId, 0);
        return;
      case 'ExecutionRequested':
        this.#window.refreshRun(event.taskId, event.run);
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
        this.#window.refreshTask(event.taskId);
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

  #contextOf(nowMs: number, aheadMs: number, sender: ClaimHolder): ClaimContext {
    return { nowMs, aheadMs, planner: this.#planner, sender };
  }

  #decide(position: DuePosition, context: ClaimContext): void {
    const { taskId, run } = position;
    const task = this.#projection.entities.task(taskId);
    if (task === undefined || this.#deciding.has(keyOfPosition(position))) return;
    const target = targetOf(task.definition);
    const room = this.#targets.roomOf(target);
    if (room <= 0) {
      this.#targets.park(target, position, run > 0 && hadItsTurn(this.#projection.entities.execution(taskId, run)));
      return;
    }
    const claims =
      run === 0
        ? this.#decideDueTimes(task, Math.min(room, CATCH_UP_MAX), context)
        : this.#decideAttempt(task, run, context);
    this.#propose(position, target, claims, context);
  }

  /** Not counted against its target before it is due; but one that is full gets no more. */
  #decideAhead(position: DuePosition, context: ClaimContext): void {
    const task = this.#projection.entities.task(position.taskId);
    if (task === undefined || this.#deciding.has(keyOfPosition(position)) || !mayBeClaimedAhead(task.definition))
      return;
    const target = targetOf(task.definition);
    if (!this.#hasRoom(target)) {
      this.#window.leftAhead.put(target, position);
      return;
    }
    const claims = this.#decideDueTimes(task, CATCH_UP_MAX, context);
    if (claims.length > 0) this.#due.remove(position.taskId, 0);
    this.#propose(position, target, claims, context);
  }

  #propose(position: DuePosition, target: string, claims: readonly Claim[], context: ClaimContext): void {
    const { taskId, run } = position;
    if (claims.length === 0) return;
    this.#deciding.add(keyOfPosition(position));
    for (const [at, { pair, run: claimedRun, dueAtMs }] of claims.entries()) {
      let place = claimedRun;
      const waitsUntilMs = dueAtMs > context.nowMs ? dueAtMs : null;
      if (run === 0) place = this.#targets.claimNext(target, context.sender, taskId, claimedRun, waitsUntilMs);
      else this.#targets.claim(target, context.sender, taskId, claimedRun);
      this.#replica.propose(pair, (outcome) => {
        if (at === claims.length - 1) this.#deciding.delete(keyOfPosition(position));
        if (outcome.kind === 'applied') return;
        // The state moved on between decision and apply, or nothing was taken into the log: look at it again as it is now.
        this.#targets.release(taskId, place);
        const goesOn = outcome.kind === 'not-applied' || (outcome.kind === 'refused' && outcome.why === 'no_leader');
        if (goesOn) this.#window.refresh(position);
      });
    }
  }

  #decideDueTimes(task: Task, claimsMax: number, context: ClaimContext): readonly Claim[] {
    const claims = decideDueTimes(task, claimsMax, context);
    if (claims === 'not-due') this.#window.refreshTask(task.taskId);
    return claims === 'not-due' ? [] : claims;
  }

  #decideAttempt(task: Task, run: number, context: ClaimContext): readonly Claim[] {
    const execution = this.#projection.entities.execution(task.taskId, run);
    if (execution === undefined) return [];
    const decided = decideAttempt(task, execution, context);
    if (decided.ok) return [{ pair: decided.value, run, dueAtMs: execution.nextAttemptAtMs ?? 0 }];
    // Its time was an old one: what it is now stands in the execution.
    if (execution.nextAttemptAtMs !== null && execution.nextAttemptAtMs > context.nowMs)
      this.#window.refreshRun(task.taskId, run);
    return [];
  }

  /** When there is something to decide on next. */
  get #nextAtMs(): number | null {
    if (this.#targets.hasReady) return Number.NEGATIVE_INFINITY;
    const dueAtMs = this.#due.nextDueAtMs;
    const aheadMs = this.#aheadMs;
    if (aheadMs === 0 || this.#noHandsAhead) return dueAtMs;
    const nowMs = this.#clock.nowMs();
    const offBeatAtMs = nowMs + untilOffBeatMs(nowMs, aheadMs);
    if (this.#window.leftAhead.hasReady(this.#hasRoom)) return Math.min(dueAtMs ?? offBeatAtMs, offBeatAtMs);
    const aheadAtMs = this.#due.nextAheadAtMs;
    if (aheadAtMs === null) return dueAtMs;
    return Math.min(dueAtMs ?? aheadAtMs, Math.max(aheadAtMs - aheadMs, offBeatAtMs));
  }

  /** Sleeps until the next due time, but never long: clocks jump. */
  #arm(): void {
    this.#timer?.cancel();
    if (!this.#active) return;
    let delayMs = DUE_LOOK_MS;
    const nextAtMs = this.#nextAtMs;
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
