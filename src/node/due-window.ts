import type { Clock } from '../clock.ts';
import type { DuePosition, Projection } from '../store/projection.ts';
import type { EntityRef } from '../tasks/needs.ts';
import type { TaskId } from '../tasks/task.ts';
import { DueIndex, needsOfPosition } from './due-index.ts';
import { LeftAhead } from './left-ahead.ts';
import { DUE_AHEAD_MS, DUE_PAGE, DUE_WINDOW_MAX } from './limits.ts';

/** What falls due soon, as the state has it: read for a while ahead of now, a page at a time, and looked at again when it changes. */
export interface DueWindowOptions {
  readonly projection: Projection;
  readonly clock: Clock;
  readonly looksAhead: boolean;
  /** Whether what a page says is still to be taken in. */
  readonly isWanted: (position: DuePosition) => boolean;
  /** Something was brought in that was asked for before. */
  readonly filled: () => void;
  readonly failed: (error: Error) => void;
}

export class DueWindow {
  readonly #options: DueWindowOptions;
  readonly index: DueIndex;
  readonly leftAhead = new LeftAhead();
  #reading = false;
  /** Raised when it is closed: what was asked for before comes to nothing. */
  #round = 0;
  #isOpen = false;
  /** What has to be in memory before it can be decided on, and what for. */
  #absent: { readonly refs: EntityRef[]; readonly positions: DuePosition[] } = { refs: [], positions: [] };

  constructor(options: DueWindowOptions) {
    this.#options = options;
    this.index = new DueIndex(options.looksAhead);
  }

  open(): void {
    this.#isOpen = true;
    this.fill();
  }

  close(): void {
    this.#isOpen = false;
    this.#round += 1;
    this.#reading = false;
    this.index.clear();
    this.leftAhead.clear();
  }

  /** Reads the next page, if it is time. */
  fill(): void {
    const { projection, clock, isWanted, filled, failed } = this.#options;
    const { index } = this;
    if (!this.#isOpen || this.#reading) return;
    // Well below the bound, so that the next flood is not cut one by one.
    if (index.size > 2 * DUE_WINDOW_MAX) index.shrinkTo(DUE_WINDOW_MAX);
    if (index.size >= DUE_WINDOW_MAX) return;
    const untilMs = clock.nowMs() + DUE_AHEAD_MS;
    const { horizon } = index;
    // Half of the window is left: reading on each turn would cost a query per turn.
    if (horizon !== null && horizon.dueAtMs > untilMs - DUE_AHEAD_MS / 2) return;
    this.#reading = true;
    index.beginPage(untilMs);
    const round = this.#round;
    projection.dueAfter(horizon, untilMs, DUE_PAGE).then((positions) => {
      if (this.#round !== round) return;
      this.#reading = false;
      index.endPage(positions.filter(isWanted), positions.length < DUE_PAGE);
      filled();
    }, failed);
  }

  /** As it is now. */
  refresh(position: DuePosition): void {
    if (!this.#isOpen) return;
    if (position.run === 0) this.refreshTask(position.taskId);
    else this.refreshRun(position.taskId, position.run);
  }

  refreshTask(taskId: TaskId): void {
    const { projection } = this.#options;
    const ref = { kind: 'task', taskId } as const;
    if (projection.missing([ref]).length > 0) {
      this.#load([ref], [{ dueAtMs: 0, taskId, run: 0 }]);
      return;
    }
    const task = projection.entities.task(taskId);
    if (task?.state === 'scheduled' && task.nextAtMs !== null)
      this.index.put({ dueAtMs: task.nextAtMs, taskId, run: 0 });
    else this.index.remove(taskId, 0);
  }

  refreshRun(taskId: TaskId, run: number): void {
    const { projection } = this.#options;
    const missing = projection.missing(needsOfPosition({ dueAtMs: 0, taskId, run }));
    if (missing.length > 0) {
      this.#load(missing, [{ dueAtMs: 0, taskId, run }]);
      return;
    }
    const execution = projection.entities.execution(taskId, run);
    if (execution?.state === 'waiting' && execution.nextAttemptAtMs !== null) {
      this.index.put({ dueAtMs: execution.nextAttemptAtMs, taskId, run });
    } else this.index.remove(taskId, run);
  }

  refreshOpenRuns(taskId: TaskId): void {
    const { projection } = this.#options;
    const ref = { kind: 'open-executions', taskId } as const;
    const missing = projection.missing([ref]);
    const task = projection.entities.task(taskId);
    if (task === undefined) return;
    const positions = task.openRuns.map((run) => ({ dueAtMs: 0, taskId, run }));
    if (missing.length > 0) this.#load(missing, positions);
    else for (const { run } of positions) this.refreshRun(taskId, run);
  }

  /** Noted down, for `bringIn`. */
  isAbsent(position: DuePosition): boolean {
    const missing = this.#options.projection.missing(needsOfPosition(position));
    if (missing.length === 0) return false;
    this.#absent.refs.push(...missing);
    this.#absent.positions.push(position);
    return true;
  }

  bringIn(): void {
    const { refs, positions } = this.#absent;
    if (refs.length === 0) return;
    this.#absent = { refs: [], positions: [] };
    this.#load(refs, positions);
  }

  /** Brings entities into memory; what waited for them is looked at again. */
  #load(refs: readonly EntityRef[], then: readonly DuePosition[]): void {
    const { projection, filled, failed } = this.#options;
    const round = this.#round;
    // Not pinned: what waits under a slow target must not be held in memory with its bodies.
    projection.load(refs, false).then(() => {
      if (this.#round !== round) return;
      for (const position of then) this.refresh(position);
      filled();
    }, failed);
  }
}
