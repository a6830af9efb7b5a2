import type { Clock } from '../clock.ts';
import type { CallbackOutcome } from '../dispatch/callback.ts';
import type { Sender } from '../dispatch/sender.ts';
import { invariant } from '../invariant.ts';
import type { Projection } from '../store/projection.ts';
import type { EntryContent, PairResult } from '../tasks/entry.ts';
import type { TaskEvent } from '../tasks/event.ts';
import type { Execution } from '../tasks/execution.ts';
import type { AttemptOutcome } from '../tasks/outcome.ts';
import { decideOutcome } from '../tasks/outcome.ts';
import type { Task, TaskId } from '../tasks/task.ts';
import { createHistogram, type RunningHistogram } from './histogram.ts';
import { CONNECT_TIMEOUT_MS, HEADERS_TIMEOUT_MS, TOTAL_TIMEOUT_MS } from './limits.ts';
import type { Replica } from './replica.ts';

/**
 * Sends the claims that name this node and this incarnation, and no others (I6); what comes of them is proposed, and decided by
 * the leader.
 */
export interface SendingOptions {
  readonly projection: Projection;
  readonly replica: Replica;
  readonly sender: Sender;
  readonly clock: Clock;
  readonly random: () => number;
  readonly self: { readonly nodeId: string; readonly incarnation: number };
  /** An attempt of this node is over: whatever came of it is committed, or was committed by others before. */
  readonly ended: (taskId: TaskId, run: number) => void;
  readonly failed: (error: Error) => void;
}

/** One attempt of this incarnation, from its claim to its committed outcome. */
interface InHand {
  readonly taskId: TaskId;
  readonly run: number;
  readonly attempt: number;
  /** Its task was paused, changed or cancelled since: whatever is not on the wire stays here. */
  superseded: boolean;
}

export class Sending {
  readonly #options: SendingOptions;
  readonly #inHand = new Map<string, InHand>();
  readonly #outcomes = new Set<Promise<void>>();
  readonly #byTask = new Map<TaskId, Set<InHand>>();
  readonly attempts = { succeeded: 0, failed: 0, error: 0, withheld: 0, lost: 0 };
  readonly latenessSeconds: RunningHistogram = createHistogram([
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60,
  ]);
  fires = 0;

  constructor(options: SendingOptions) {
    this.#options = options;
  }

  get inHand(): number {
    return this.#inHand.size;
  }

  /** Resolves when the outcome of everything that was sent is committed. */
  async idle(): Promise<void> {
    await Promise.all(this.#outcomes);
  }

  applied(content: EntryContent, results: readonly PairResult[]): void {
    for (const [at, pair] of content.pairs.entries()) {
      if (results[at]?.applied !== true) continue;
      for (const event of pair.events) this.#follow(event);
    }
  }

  #follow(event: TaskEvent): void {
    switch (event.type) {
      case 'ExecutionClaimed':
      case 'AttemptClaimed': {
        const { self, projection } = this.#options;
        if (event.nodeId !== self.nodeId || event.incarnation !== self.incarnation) return;
        const task = projection.entities.task(event.taskId);
        const execution = projection.entities.execution(event.taskId, event.run);
        invariant(
          task !== undefined && execution !== undefined,
          'I6',
          `a claim of task ${event.taskId} without its task`,
        );
        // A later pair of the same entry may have ended it already.
        if (execution.state === 'attempting') this.#send(task, execution, event.attempt);
        else this.#options.ended(event.taskId, event.run);
        return;
      }
      case 'TaskPaused':
      case 'TaskUpdated':
      case 'TaskCancelled':
        for (const inHand of this.#byTask.get(event.taskId) ?? []) inHand.superseded = true;
        return;
      default:
        return;
    }
  }

  #send(task: Task, execution: Execution, attempt: number): void {
    const { sender, clock, replica } = this.#options;
    const { taskId, run } = execution;
    const key = `${taskId}/${run}/${attempt}`;
    const superseded = task.state !== 'scheduled' || execution.attempts.at(-1)?.version !== task.version;
    const inHand: InHand = { taskId, run, attempt, superseded };
    this.#inHand.set(key, inHand);
    this.#remember(inHand);
    const { callback } = task.definition;
    if (attempt === 1) this.fires += 1;
    sender.send(
      {
        key,
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
        if (inHand.superseded) return false;
        if (attempt === 1) this.latenessSeconds.observe(Math.max(0, clock.nowMs() - execution.scheduledAtMs) / 1_000);
        return true;
      },
      (outcome) => this.#settled(key, inHand, outcome),
    );
  }

  #settled(key: string, inHand: InHand, outcome: CallbackOutcome): void {
    this.#count(outcome);
    const committed: Promise<void> = this.#propose(inHand, outcomeOf(outcome)).then(
      () => {
        this.#inHand.delete(key);
        this.#forget(inHand);
        this.#outcomes.delete(committed);
        this.#options.ended(inHand.taskId, inHand.run);
      },
      (error: Error) => this.#options.failed(error),
    );
    this.#outcomes.add(committed);
  }

  async #propose({ taskId, run, attempt }: InHand, outcome: AttemptOutcome): Promise<void> {
    const { projection, replica, clock, random } = this.#options;
    const refs = [
      { kind: 'task', taskId },
      { kind: 'execution', taskId, run },
    ] as const;
    while (projection.missing(refs).length > 0) await projection.load(refs);
    const task = projection.entities.task(taskId);
    const execution = projection.entities.execution(taskId, run);
    // Cancelled or removed in the meantime: its end is committed already.
    if (task === undefined || execution?.state !== 'attempting' || execution.attempts.at(-1)?.number !== attempt)
      return;
    const pairs = decideOutcome(task, execution, outcome, { nowMs: clock.nowMs(), random: random() });
    await Promise.all(pairs.map((pair) => new Promise<void>((settled) => replica.propose(pair, () => settled()))));
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

const outcomeOf = (outcome: CallbackOutcome): AttemptOutcome =>
  outcome.kind === 'withheld' ? { kind: 'withheld', changed: outcome.reason === 'may_not_send' } : outcome;
