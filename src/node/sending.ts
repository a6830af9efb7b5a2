import type { Clock, Timer } from '../clock.ts';
import type { CallbackOutcome } from '../dispatch/callback.ts';
import type { Sender } from '../dispatch/sender.ts';
import type { Projection, RunRef } from '../store/projection.ts';
import { isClaimedAhead } from '../tasks/ahead.ts';
import type { EntryContent, PairResult } from '../tasks/entry.ts';
import type { ClaimHolder, TaskEvent } from '../tasks/event.ts';
import type { Execution } from '../tasks/execution.ts';
import { refsOfRun } from '../tasks/needs.ts';
import type { AttemptOutcome } from '../tasks/outcome.ts';
import type { Task, TaskId } from '../tasks/task.ts';
import { HeldClaims } from './held-claims.ts';
import { createHistogram, type RunningHistogram } from './histogram.ts';
import {
  CONNECT_TIMEOUT_MS,
  GIVE_BACK_MAX_MS,
  HEADERS_TIMEOUT_MS,
  REPORT_AGAIN_MS,
  SETTLE_BATCH,
  TOTAL_TIMEOUT_MS,
} from './limits.ts';
import { OutcomesBehindSends } from './outcomes-behind-sends.ts';
import type { AttemptReport } from './peer-notes.ts';
import type { Replica } from './replica.ts';
import { isOfAnEarlierStart } from './settling.ts';

/**
 * Sends the claims that name this node and this incarnation, and no others (I6), under a lease; what comes of them is reported to the
 * leader, again and again until the state says that the attempt is over.
 */
export interface SendingOptions {
  readonly projection: Projection;
  readonly replica: Replica;
  readonly sender: Sender;
  readonly clock: Clock;
  readonly self: Required<ClaimHolder>;
  readonly lease: Lease;
  /** Resolves when the leader has taken the report, or could not be reached for a while. */
  readonly report: (report: AttemptReport) => Promise<void>;
  /** An attempt of this node is over: whatever came of it is committed, or was committed by others before. */
  readonly ended: (taskId: TaskId, run: number) => void;
  readonly failed: (error: Error) => void;
}

/** The right to send, see send-lease.ts. */
export interface Lease {
  readonly isHeld: boolean;
  acquire(): Promise<boolean>;
}

/** One attempt of this incarnation, from its claim to its committed outcome. */
interface InHand {
  readonly taskId: TaskId;
  readonly run: number;
  readonly attempt: number;
  /** Its task was paused, changed or cancelled since: whatever is not on the wire stays here. */
  superseded: boolean;
  /** The state says that it is over. */
  over: boolean;
  tellOver: (() => void) | null;
  /** While it waits for its time, ahead of it, or for a lease: ends the waiting, and says whether it did. */
  takeBack: (() => boolean) | null;
  isGivenBack: boolean;
}

export class Sending {
  readonly #options: SendingOptions;
  readonly #inHand = new Map<string, InHand>();
  /** Claims of this turn. What the turn itself settles again, as when a node catches up, is not sent. */
  #claimed: { readonly taskId: TaskId; readonly run: number; readonly attempt: number }[] = [];
  readonly #held: HeldClaims;
  readonly #behindSends: OutcomesBehindSends;
  #keepsAhead = true;
  #leavesGivenBack = false;
  #leaving: Timer | null = null;
  #stopped = false;
  readonly #outcomes = new Set<Promise<void>>();
  readonly #byTask = new Map<TaskId, Set<InHand>>();
  readonly attempts = { succeeded: 0, failed: 0, error: 0, withheld: 0, lost: 0 };
  readonly latenessSeconds: RunningHistogram = createHistogram([
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60,
  ]);
  fires = 0;
  /** Executions of the whole cluster that failed for good, as far as this process applied them. */
  deadLetters = 0;

  constructor(options: SendingOptions) {
    this.#options = options;
    this.#held = new HeldClaims(options.clock);
    this.#behindSends = new OutcomesBehindSends(options.clock, () => options.sender.waiting);
  }

  get inHand(): number {
    return this.#inHand.size;
  }
  /** Of these, those that wait for their time. */
  get heldAhead(): number {
    return this.#held.size;
  }

  /**
   * This node is to end: what is not due yet, or waits for a lease, goes to others, now and from now on. If nobody leads who could take it, because all end, this
   * one ends all the same: whoever leads next settles it.
   */
  giveBackAhead(): void {
    this.#keepsAhead = false;
    for (const inHand of this.#inHand.values()) this.#giveBack(inHand);
    this.#leaving = this.#options.clock.setTimer(GIVE_BACK_MAX_MS, () => {
      this.#leavesGivenBack = true;
      for (const { isGivenBack, tellOver } of this.#inHand.values()) if (isGivenBack) tellOver?.();
    });
  }

  /** Nothing is reported again: whoever leads settles what is left. */
  stop(): void {
    this.#stopped = true;
    this.#held.stop();
    this.#behindSends.release();
    for (const inHand of this.#inHand.values()) inHand.tellOver?.();
  }

  /** Resolves when the outcome of everything that was sent is committed. */
  async idle(): Promise<void> {
    await Promise.all(this.#outcomes);
    this.#leaving?.cancel();
  }

  applied(content: EntryContent, results: readonly PairResult[]): void {
    for (const [at, pair] of content.pairs.entries()) {
      if (results[at]?.applied !== true) continue;
      for (const event of pair.events) this.#follow(event);
    }
  }

  /**
   * A snapshot says what became of tasks, and not how: whatever is not on the wire stays here, as if its task had changed; and what was
   * claimed for this node in the meantime is found in the state, because no entry tells it any more.
   */
  replaced(): void {
    for (const inHand of this.#inHand.values()) this.#supersede(inHand);
    this.#claimed = [];
    this.#findClaims().catch(this.#options.failed);
  }

  async #findClaims(): Promise<void> {
    const { projection, replica } = this.#options;
    let after: RunRef | null = null;
    for (;;) {
      const claims: readonly RunRef[] = await projection.openClaims(after, SETTLE_BATCH);
      const last = claims.at(-1);
      if (last === undefined) return;
      for (const { taskId, run } of claims) {
        const held = (await projection.readExecution(taskId, run))?.attempts.at(-1);
        if (held === undefined || !this.#isOwn(held)) continue;
        if (isOfAnEarlierStart(held, projection.entities.meta())) continue;
        const claim = { taskId, run, attempt: held.number };
        if (!this.#inHand.has(keyOf(claim))) this.#claimed.push(claim);
      }
      after = last;
      replica.wake();
    }
  }

  /** A turn is over, and nothing more is known to be committed: what is still claimed now is sent. */
  turned(): void {
    if (this.#claimed.length === 0) return;
    const claimed = this.#claimed;
    this.#claimed = [];
    for (const { taskId, run, attempt } of claimed) this.#begin(taskId, run, attempt);
  }

  #begin(taskId: TaskId, run: number, attempt: number): void {
    const { projection, failed } = this.#options;
    const refs = refsOfRun(taskId, run);
    if (projection.missing(refs).length > 0) {
      projection.load(refs, false).then(() => this.#begin(taskId, run, attempt), failed);
      return;
    }
    const task = projection.entities.task(taskId);
    const execution = projection.entities.execution(taskId, run);
    if (task === undefined || !isOpen(execution, attempt)) {
      this.#options.ended(taskId, run);
      return;
    }
    // Told by an entry, and found in the state as well.
    if (this.#inHand.has(keyOf({ taskId, run, attempt }))) return;
    const inHand = this.#take(task, execution, attempt);
    if (isClaimedAhead(execution)) this.#hold(task, execution, inHand);
    else this.#sendUnderLease(task, execution, inHand);
  }

  /** Until its instant in cluster time. The lease is kept up meanwhile: then there may be nobody to ask for one. */
  #hold(task: Task, execution: Execution, inHand: InHand): void {
    const { lease, failed } = this.#options;
    inHand.takeBack = this.#held.hold(execution.scheduledAtMs, () => this.#sendUnderLease(task, execution, inHand));
    if (inHand.superseded || !this.#keepsAhead) this.#giveBack(inHand);
    else lease.acquire().catch(failed);
  }

  /** What waits for its time, or for a lease, waits no more, and its claim is given back: nothing was sent. */
  #giveBack(inHand: InHand): void {
    if (inHand.takeBack?.() !== true) return;
    inHand.isGivenBack = true;
    const { taskId, run, attempt } = inHand;
    const report: AttemptReport = { taskId, run, attempt, outcome: { kind: 'withheld', changed: true } };
    // Not while an entry is being applied: what it says is not all told yet.
    queueMicrotask(() => this.#settled(inHand, report, { kind: 'withheld', reason: 'may_not_send' }));
  }

  #sendUnderLease(task: Task, execution: Execution, inHand: InHand): void {
    const { lease, failed } = this.#options;
    if (lease.isHeld) this.#send(task, execution, inHand);
    else {
      inHand.takeBack = () => !inHand.isGivenBack;
      // Without one, nothing is sent: the sender withholds it, and it goes to another node.
      lease.acquire().then(() => {
        inHand.takeBack = null;
        if (!inHand.isGivenBack) this.#send(task, execution, inHand);
      }, failed);
      if (!this.#keepsAhead) this.#giveBack(inHand);
    }
  }

  #follow(event: TaskEvent): void {
    if (event.type === 'ExecutionFailed') this.deadLetters += 1;
    switch (event.type) {
      case 'ExecutionClaimed':
      case 'AttemptClaimed': {
        if (!this.#isOwn(event)) return;
        this.#claimed.push(event);
        return;
      }
      case 'TaskPaused':
      case 'TaskUpdated':
        for (const inHand of this.#byTask.get(event.taskId) ?? []) this.#supersede(inHand);
        return;
      // Claims that come later in the log, from a leader that had not applied it yet, find it in the state: see #take.
      case 'SchedulingPaused':
        for (const inHand of this.#inHand.values()) this.#supersede(inHand);
        return;
      case 'TaskCancelled':
        for (const inHand of this.#byTask.get(event.taskId) ?? []) this.#over(inHand);
        return;
      case 'ExecutionsWithdrawn':
        for (const inHand of this.#byTask.get(event.taskId) ?? []) {
          if (event.runs.includes(inHand.run)) this.#over(inHand);
        }
        return;
      case 'ExecutionSucceeded':
      case 'ExecutionFailed':
      case 'ExecutionDoubted':
      case 'AttemptFailed':
      case 'AttemptLost':
      case 'AttemptWithheld': {
        const inHand = this.#inHand.get(keyOf(event));
        if (inHand !== undefined) this.#over(inHand);
        return;
      }
      default:
        return;
    }
  }

  /** What only waits for its target makes room at once: else claims that follow each other could fill the sender (I10). */
  #supersede(inHand: InHand): void {
    inHand.superseded = true;
    this.#options.sender.withhold(keyOf(inHand));
    this.#giveBack(inHand);
  }

  /** One that names no instance is for whoever was known under this name and number when it was applied. */
  #isOwn({ nodeId, incarnation, instance }: ClaimHolder): boolean {
    const { self, projection } = this.#options;
    if (nodeId !== self.nodeId || incarnation !== self.incarnation) return false;
    return (instance ?? projection.entities.meta().nodes[nodeId]?.instance) === self.instance;
  }

  #over(inHand: InHand): void {
    inHand.over = true;
    this.#supersede(inHand);
    inHand.tellOver?.();
  }

  #take(task: Task, execution: Execution, attempt: number): InHand {
    const { taskId, run } = execution;
    const isHeld = this.#options.projection.entities.meta().schedulingPaused === true;
    const superseded = isHeld || task.state !== 'scheduled' || execution.attempts.at(-1)?.version !== task.version;
    const state = { superseded, over: false, tellOver: null, takeBack: null, isGivenBack: false };
    const inHand: InHand = { taskId, run, attempt, ...state };
    this.#inHand.set(keyOf(inHand), inHand);
    this.#remember(inHand);
    return inHand;
  }

  #send(task: Task, execution: Execution, inHand: InHand): void {
    const { sender, clock, replica, lease } = this.#options;
    const { taskId, run, attempt } = inHand;
    const { callback } = task.definition;
    if (attempt === 1) this.fires += 1;
    sender.send(
      {
        key: keyOf(inHand),
        executionId: execution.executionId,
        taskId,
        scheduledAtMs: execution.scheduledAtMs,
        attempt,
        term: replica.core.role.context.term,
        url: callback.url,
        method: callback.method,
        headers: callback.headers,
        body: callback.body,
        timeouts: { connectMs: CONNECT_TIMEOUT_MS, headersMs: HEADERS_TIMEOUT_MS, totalMs: TOTAL_TIMEOUT_MS },
      },
      () => {
        if (inHand.superseded || !lease.isHeld) return false;
        if (attempt === 1) this.latenessSeconds.observe(Math.max(0, clock.nowMs() - execution.scheduledAtMs) / 1_000);
        return true;
      },
      (outcome) => this.#settled(inHand, { taskId, run, attempt, outcome: outcomeOf(outcome) }, outcome),
    );
    // It may have been while the lease was asked for.
    if (inHand.superseded) sender.withhold(keyOf(inHand));
  }

  #settled(inHand: InHand, report: AttemptReport, outcome: CallbackOutcome): void {
    this.#count(outcome);
    const committed: Promise<void> = this.#reportUntilOver(inHand, report).then(
      () => {
        this.#inHand.delete(keyOf(inHand));
        this.#forget(inHand);
        this.#outcomes.delete(committed);
        this.#options.ended(inHand.taskId, inHand.run);
      },
      (error: Error) => this.#options.failed(error),
    );
    this.#outcomes.add(committed);
  }

  /** Until this node has applied what became of it, whoever committed that: nothing dies with a leader (I7). */
  async #reportUntilOver(inHand: InHand, report: AttemptReport): Promise<void> {
    await new Promise<void>((told) => this.#behindSends.put(told));
    while (!inHand.over && !this.#isLeft(inHand)) {
      await this.#options.report(report);
      if (inHand.over || this.#isLeft(inHand)) return;
      await this.#untilOver(inHand, REPORT_AGAIN_MS);
      if (!inHand.over && !(await this.#isOpenStill(inHand))) return;
    }
  }

  /** To whoever leads next. */
  #isLeft({ isGivenBack }: InHand): boolean {
    return this.#stopped || (isGivenBack && this.#leavesGivenBack);
  }

  #untilOver(inHand: InHand, maxMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.setTimer(maxMs, resolve);
      inHand.tellOver = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  async #isOpenStill({ taskId, run, attempt }: InHand): Promise<boolean> {
    return isOpen(await this.#options.projection.readExecution(taskId, run), attempt);
  }

  #count(outcome: CallbackOutcome): void {
    if (outcome.kind === 'response')
      this.attempts[outcome.status >= 200 && outcome.status < 300 ? 'succeeded' : 'failed'] += 1;
    else this.attempts[outcome.kind] += 1;
  }

  #remember(inHand: InHand): void {
    let ofTask = this.#byTask.get(inHand.taskId);
    if (ofTask === undefined) {
      ofTask = new Set();
      this.#byTask.set(inHand.taskId, ofTask);
    }
    ofTask.add(inHand);
  }

  #forget(inHand: InHand): void {
    const ofTask = this.#byTask.get(inHand.taskId);
    ofTask?.delete(inHand);
    if (ofTask?.size === 0) this.#byTask.delete(inHand.taskId);
  }
}

const keyOf = ({ taskId, run, attempt }: { taskId: TaskId; run: number; attempt: number }): string =>
  `${taskId}/${run}/${attempt}`;

const isOpen = (execution: Execution | undefined, attempt: number): execution is Execution =>
  execution?.state === 'attempting' && execution.attempts.at(-1)?.number === attempt;

const outcomeOf = (outcome: CallbackOutcome): AttemptOutcome =>
  outcome.kind === 'withheld' ? { kind: 'withheld', changed: outcome.reason === 'may_not_send' } : outcome;
