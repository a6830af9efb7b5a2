import type { Clock } from '../clock.ts';
import type { DeadLetter, MissedPlace, Projection, TaskFilter } from '../store/projection.ts';
import type { Execution } from '../tasks/execution.ts';
import type { Task, TaskId } from '../tasks/task.ts';
import type { Consistency, FailedExecution, MissedOfTask, ReadOutcome, UnavailableReason } from './api.ts';
import { READ_DEADLINE_MS } from './limits.ts';
import type { Replica } from './replica.ts';
import { RETRY_AFTER_MS } from './submitting.ts';

/** Reads of clients, on whatever node: each sees every write that was acknowledged before it was asked, unless it does not ask for that. */
export interface ReadsOptions {
  readonly projection: Projection;
  readonly replica: Replica;
  readonly clock: Clock;
  readonly isAlone: () => boolean;
  /** Why nothing can be read now; null when it can. */
  readonly closed: (consistency: Consistency) => UnavailableReason | null;
}

export class Reads {
  readonly #options: ReadsOptions;

  constructor(options: ReadsOptions) {
    this.#options = options;
  }

  task(taskId: TaskId, consistency?: Consistency): Promise<ReadOutcome<Task | undefined>> {
    return this.#read((projection) => projection.readTask(taskId), consistency);
  }

  tasks(
    filter: TaskFilter,
    after: TaskId | null,
    limit: number,
    consistency?: Consistency,
  ): Promise<ReadOutcome<readonly Task[]>> {
    return this.#read((projection) => projection.listTasks(filter, after, limit), consistency);
  }

  executions(
    taskId: TaskId,
    beforeRun: number | null,
    limit: number,
    consistency?: Consistency,
  ): Promise<ReadOutcome<readonly Execution[] | undefined>> {
    return this.#read(async (projection) => {
      if ((await projection.readTask(taskId)) === undefined) return undefined;
      return projection.listExecutions(taskId, beforeRun, limit);
    }, consistency);
  }

  execution(taskId: TaskId, run: number, consistency?: Consistency): Promise<ReadOutcome<Execution | undefined>> {
    return this.#read((projection) => projection.readExecution(taskId, run), consistency);
  }

  deadLetters(
    below: DeadLetter | null,
    limit: number,
    consistency?: Consistency,
  ): Promise<ReadOutcome<readonly FailedExecution[]>> {
    return this.#read(async (projection) => {
      const found = await projection.newestDeadLetters(below, limit);
      const read = await Promise.all(
        found.map(async ({ taskId, run }) => ({
          task: await projection.readTask(taskId),
          execution: await projection.readExecution(taskId, run),
        })),
      );
      // What went in between is not listed.
      return read.filter((one): one is FailedExecution => one.task !== undefined && one.execution !== undefined);
    }, consistency);
  }

  missed(
    below: MissedPlace | null,
    limit: number,
    consistency?: Consistency,
  ): Promise<ReadOutcome<readonly MissedOfTask[]>> {
    return this.#read(async (projection) => {
      const found = await projection.newestMissed(below, limit);
      const read = await Promise.all(
        found.map(async (missed) => ({ task: await projection.readTask(missed.taskId), missed })),
      );
      return read.filter((one): one is MissedOfTask => one.task !== undefined);
    }, consistency);
  }

  async #read<T>(
    read: (projection: Projection) => Promise<T>,
    consistency: Consistency = 'linearizable',
  ): Promise<ReadOutcome<T>> {
    const { closed } = this.#options;
    const isReady = closed(consistency) === null && (consistency === 'stale' || (await this.#barrier()));
    if (!isReady) return { ok: false, reason: closed(consistency) ?? 'no_leader', retryAfterMs: RETRY_AFTER_MS };
    return { ok: true, value: await read(this.#options.projection) };
  }

  /** What a leader confirms, this node may be far from having applied: it waits so long, and no longer. */
  #barrier(): Promise<boolean> {
    const { replica, clock, isAlone } = this.#options;
    const ready = replica.readBarrier();
    if (isAlone()) return ready;
    return new Promise((resolve, reject) => {
      const timer = clock.setTimer(READ_DEADLINE_MS, () => resolve(false));
      ready.finally(() => timer.cancel()).then(resolve, reject);
    });
  }
}
