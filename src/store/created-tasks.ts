import { invariant } from '../invariant.ts';
import { creationsIn } from '../tasks/creations.ts';
import type { EntryContent } from '../tasks/entry.ts';
import type { Task, TaskId } from '../tasks/task.ts';
import { type Change, ENTRY_WEIGHT } from './overlay-collection.ts';
import { taskWeight } from './overlay-weight.ts';

/**
 * Most tasks are created and not looked at again before they are in the file. Until then they wait as the text of the entry that
 * created them, which many share, and are made of it again if somebody asks: as objects they would outlive the young generation, and
 * cost more in copying, marking and sweeping than anything else but the write to the socket (0009). The worker makes their rows of the same text.
 */
export interface Creations {
  /** Null until the entry is applied, and for good where nobody told it. */
  readonly entry: string | null;
  /** None of them is due before. */
  readonly dueFromMs: number;
}

export interface TaskNote {
  /** The wide row differs from the one that the layer below has. */
  readonly definitionChanged: boolean;
  /** Was paused at some time in this layer and is scheduled now: its waiting executions are due again. */
  readonly resumed: boolean;
  /** Nothing else happened to it in this layer: its row can be made of that entry. */
  readonly createdBy: Creations | null;
}

/** A task that is due sooner than this after its creation is wanted again soon: it stays an object. */
const WANTED_SOON_MS = 10_000;

/** Of one entry. */
export class EntryCreations implements Creations {
  entry: string | null = null;
  dueFromMs = Number.POSITIVE_INFINITY;
  readonly #note: TaskNote = { definitionChanged: true, resumed: false, createdBy: this };
  #held: CreatedTask[] = [];
  #made: Map<string, Task> | null = null;

  add(task: Task): Change<Task, TaskNote> {
    const created = new CreatedTask(task, this, this.#note);
    if (task.nextAtMs !== null) this.dueFromMs = Math.min(this.dueFromMs, task.nextAtMs);
    if (task.nextAtMs !== null && task.nextAtMs - task.createdAtMs > WANTED_SOON_MS) this.#held.push(created);
    return created;
  }

  /** The requests that created them are answered. */
  release(): void {
    for (const created of this.#held) created.release();
    this.#held = [];
  }

  /** All at once, the first time that one is asked for. */
  make(taskId: TaskId): Task {
    invariant(this.entry !== null, 'I4', `task ${taskId} was released before its entry was applied`);
    if (this.#made === null) {
      this.#made = new Map();
      for (const task of creationsIn(JSON.parse(this.entry) as EntryContent)) this.#made.set(task.taskId, task);
    }
    const task = this.#made.get(taskId);
    invariant(task !== undefined, 'I4', `the entry that created task ${taskId} does not name it`);
    return task;
  }
}

export class CreatedTask implements Change<Task, TaskNote> {
  readonly note: TaskNote;
  readonly weight: number;
  readonly #taskId: TaskId;
  readonly #creations: EntryCreations;
  #task: Task | null;

  constructor(task: Task, creations: EntryCreations, note: TaskNote) {
    this.note = note;
    this.weight = ENTRY_WEIGHT + taskWeight(task);
    this.#taskId = task.taskId;
    this.#creations = creations;
    this.#task = task;
  }

  get value(): Task {
    this.#task ??= this.#creations.make(this.#taskId);
    return this.#task;
  }

  /** Somebody asked for it, or will soon. */
  get isObject(): boolean {
    return this.#task !== null;
  }

  release(): void {
    this.#task = null;
  }
}
