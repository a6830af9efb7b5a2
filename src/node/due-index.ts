import type { DuePosition } from '../store/projection.ts';
import { type EntityRef, refsOfRun } from '../tasks/needs.ts';
import type { TaskId } from '../tasks/task.ts';
import { isLaterTaskId } from '../tasks/task-id.ts';
import { Heap } from './heap.ts';

/**
 * What falls due soon, in order, in memory. Tasks live on disk: the index is complete up to its horizon and knows nothing beyond,
 * so that its cost is per due thing and not per task. Heaps with lazy deletion; run 0 is a task's own due time.
 */

const keyOf = (taskId: TaskId, run: number): string => `${taskId}/${run}`;

/** The same for whatever time it is due. */
export const keyOfPosition = ({ taskId, run }: DuePosition): string => keyOf(taskId, run);

export function comparePositions(a: DuePosition, b: DuePosition): number {
  if (a.dueAtMs !== b.dueAtMs) return a.dueAtMs - b.dueAtMs;
  if (a.taskId !== b.taskId) return isLaterTaskId(a.taskId, b.taskId) ? 1 : -1;
  return a.run - b.run;
}

/** What has to be in memory to decide on it. */
export const needsOfPosition = ({ taskId, run }: DuePosition): readonly EntityRef[] =>
  run === 0 ? [{ kind: 'task', taskId }] : refsOfRun(taskId, run);

/** Later than every task and run at this time. */
export const endOf = (dueAtMs: number): DuePosition => ({
  dueAtMs,
  taskId: '9223372036854775807' as TaskId,
  run: Number.MAX_SAFE_INTEGER,
});

export class DueIndex {
  readonly #current = new Map<string, DuePosition>();
  readonly #heap = new Heap(comparePositions);
  /** Due times of tasks that were not looked at ahead yet. Null: nobody looks ahead. */
  readonly #ahead: Heap<DuePosition> | null;
  /** Null: nothing was brought in yet. */
  #horizon: DuePosition | null = null;
  /** While a page is being read, what arrives up to its end is kept too: the page was read without it. */
  #reading: DuePosition | null = null;
  #rewound: DuePosition | null = null;

  constructor(looksAhead = false) {
    this.#ahead = looksAhead ? new Heap(comparePositions) : null;
  }

  get size(): number {
    return this.#current.size;
  }
  get horizon(): DuePosition | null {
    return this.#horizon;
  }
  get nextDueAtMs(): number | null {
    return this.#firstOf(this.#heap)?.dueAtMs ?? null;
  }
  /** Of those that were not looked at ahead. */
  get nextAheadAtMs(): number | null {
    return this.#firstOf(this.#ahead)?.dueAtMs ?? null;
  }

  /** The newest due time of a task or execution. Beyond the horizon it is forgotten: a page will bring it in time. */
  put(position: DuePosition): void {
    const key = keyOf(position.taskId, position.run);
    const limit = this.#reading ?? this.#horizon;
    if (limit === null || comparePositions(position, limit) > 0) {
      this.#current.delete(key);
      return;
    }
    if (this.#current.get(key)?.dueAtMs === position.dueAtMs) return;
    this.#add(key, position);
  }

  remove(taskId: TaskId, run: number): void {
    this.#current.delete(keyOf(taskId, run));
  }

  isDue(nowMs: number): boolean {
    const first = this.#firstOf(this.#heap);
    return first !== null && first.dueAtMs <= nowMs;
  }

  /** Takes the first one that is due. */
  take(nowMs: number): DuePosition | null {
    const first = this.#firstOf(this.#heap);
    if (first === null || first.dueAtMs > nowMs) return null;
    this.#heap.pop();
    this.#current.delete(keyOf(first.taskId, first.run));
    return first;
  }

  /** The first that falls due by then, each once. It stays until it is due, or is removed. */
  lookAhead(untilMs: number): DuePosition | null {
    const first = this.#firstOf(this.#ahead);
    if (first === null || first.dueAtMs > untilMs) return null;
    this.#ahead?.pop();
    return first;
  }

  /** Once more, unless it has been taken or changed. */
  lookAgain(position: DuePosition): void {
    if (this.#isCurrent(position)) this.#ahead?.push(position);
  }

  beginPage(untilMs: number): void {
    this.#reading = endOf(untilMs);
  }

  /** The page as read; `complete` when it holds everything up to its end. */
  endPage(positions: readonly DuePosition[], complete: boolean): void {
    const end = this.#reading;
    if (end === null) return;
    for (const position of positions) {
      const key = keyOf(position.taskId, position.run);
      // What arrived while the page was being read is newer than the page.
      if (this.#current.has(key)) continue;
      this.#add(key, position);
    }
    this.#horizon = complete ? end : (positions.at(-1) ?? this.#horizon);
    this.#reading = null;
    if (this.#rewound !== null) this.#drawBack(this.#rewound);
    this.#rewound = null;
  }

  /** Forgets what lies furthest ahead and draws the horizon back, so that a flood of near due times stays bounded (I10). */
  shrinkTo(size: number): void {
    if (this.#current.size <= size || this.#reading !== null) return;
    const kept = [...this.#current.values()].sort(comparePositions).slice(0, size);
    this.#current.clear();
    for (const position of kept) this.#current.set(keyOf(position.taskId, position.run), position);
    for (const heap of [this.#heap, this.#ahead]) heap?.keep((position) => this.#isCurrent(position));
    this.#horizon = kept.at(-1) ?? this.#horizon;
  }

  /** Reads again from here: something was left on disk on purpose. A page that is being read does not undo it. */
  rewindTo(position: DuePosition): void {
    // The whole millisecond again: pages compare tasks within one, and this very task must not be passed over.
    const before = endOf(position.dueAtMs - 1);
    if (this.#reading !== null && (this.#rewound === null || comparePositions(before, this.#rewound) < 0)) {
      this.#rewound = before;
    }
    this.#drawBack(before);
  }

  #drawBack(to: DuePosition): void {
    if (this.#horizon !== null && comparePositions(to, this.#horizon) < 0) this.#horizon = to;
  }

  clear(): void {
    this.#current.clear();
    this.#heap.clear();
    this.#ahead?.clear();
    this.#horizon = null;
    this.#reading = null;
    this.#rewound = null;
  }

  #add(key: string, position: DuePosition): void {
    this.#current.set(key, position);
    this.#heap.push(position);
    // Attempts after the first are claimed when they are due.
    if (position.run === 0) this.#ahead?.push(position);
  }

  #isCurrent(position: DuePosition): boolean {
    return this.#current.get(keyOf(position.taskId, position.run)) === position;
  }

  #firstOf(heap: Heap<DuePosition> | null): DuePosition | null {
    for (let first = heap?.first; first !== undefined; first = heap?.first) {
      if (this.#isCurrent(first)) return first;
      heap?.pop();
    }
    return null;
  }
}
