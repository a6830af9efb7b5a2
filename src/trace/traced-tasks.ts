import { InvariantBroken } from '../invariant.ts';
import { EMPTY_META, type Entities, type IdempotencyRecord, type StateMeta } from '../tasks/entities.ts';
import { decodeEntry } from '../tasks/entry.ts';
import type { TaskEvent } from '../tasks/event.ts';
import { evolve } from '../tasks/evolve.ts';
import type { Execution } from '../tasks/execution.ts';
import type { Precondition } from '../tasks/precondition.ts';
import type { Task, TaskId } from '../tasks/task.ts';
import type { EntrySeen } from './format.ts';

/**
 * The projection as a trace lets one see it: folded by the very function that nodes fold by. A trace may begin in the middle of a life: of a
 * task that is older than it, only what happened since is known.
 */
export interface FoldedEvent {
  readonly event: TaskEvent;
  readonly by: string;
  /** Its pair did not hold, and did nothing (I5). */
  readonly refused: Precondition | null;
  /** It speaks of a task that is older than the trace. */
  readonly older: boolean;
}

/** What an entry did to the projection: one entity, before and after. Null: it was not there. */
export type Change =
  | { readonly kind: 'task'; readonly id: TaskId; readonly before: Task | null; readonly after: Task | null }
  | {
      readonly kind: 'execution';
      readonly id: string;
      readonly before: Execution | null;
      readonly after: Execution | null;
    };

export interface FoldedEntry {
  readonly changes: readonly Change[];
  /** Log time. Null for an entry that is not about tasks, or not in the trace. */
  readonly atMs: number | null;
  readonly events: readonly FoldedEvent[];
  /** Why nothing of it could be folded. */
  readonly problem: string | null;
}

const NOTHING: FoldedEntry = { atMs: null, events: [], changes: [], problem: null };

export class TracedTasks implements Entities {
  readonly tasks: Map<TaskId, Task>;
  readonly runs: Map<string, Execution>;
  readonly older: Set<TaskId>;
  #meta: StateMeta;
  /** As it was before the entry that is being folded. */
  readonly #changed = new Map<string, Change>();

  constructor(from: TracedTasks | null = null) {
    this.tasks = new Map(from?.tasks);
    this.runs = new Map(from?.runs);
    this.older = new Set(from?.older);
    this.#meta = from?.meta() ?? EMPTY_META;
  }

  fold(entry: EntrySeen, refusedOf: (pair: number) => Precondition | null): FoldedEntry {
    if (entry.kind !== 'events') return NOTHING;
    if (entry.data === undefined) return { ...NOTHING, problem: 'what the entry says was not carried in the trace' };
    const content = readContent(entry.data);
    if (typeof content === 'string') return { ...NOTHING, problem: content };
    this.#changed.clear();
    const events: FoldedEvent[] = [];
    const folded = (problem: string | null): FoldedEntry => ({
      atMs: content.atMs,
      events,
      changes: [...this.#changed.values()].map((before) => this.#since(before)),
      problem,
    });
    try {
      for (const [at, { events: said, by }] of content.pairs.entries()) {
        const refused = refusedOf(at);
        for (const event of said) {
          const older = refused === null && !this.#evolve(event, by, content.atMs);
          events.push({ event, by, refused, older });
        }
      }
    } catch {
      // Nodes agree on no such entry: the file says what somebody wrote into it.
      return folded(DAMAGED);
    }
    return folded(null);
  }

  /** False where the trace does not know what the event changes. */
  #evolve(event: TaskEvent, by: string, atMs: number): boolean {
    if (event.type !== 'TaskCreated' && 'taskId' in event && isOfATask(event) && !this.tasks.has(event.taskId)) {
      this.older.add(event.taskId);
      return false;
    }
    try {
      evolve(this, event, by, atMs);
      return true;
    } catch (error) {
      if (error instanceof InvariantBroken) return false;
      throw error;
    }
  }

  #changesTask(id: TaskId): void {
    const before = this.tasks.get(id) ?? null;
    if (!this.#changed.has(id)) this.#changed.set(id, { kind: 'task', id, before, after: null });
  }

  #changesRun(id: string): void {
    const before = this.runs.get(id) ?? null;
    if (!this.#changed.has(id)) this.#changed.set(id, { kind: 'execution', id, before, after: null });
  }

  #since(change: Change): Change {
    if (change.kind === 'task') return { ...change, after: this.tasks.get(change.id) ?? null };
    return { ...change, after: this.runs.get(change.id) ?? null };
  }

  task = (taskId: TaskId): Task | undefined => this.tasks.get(taskId);
  addTask = (task: Task): void => this.putTask(task);
  putTask(task: Task): void {
    this.#changesTask(task.taskId);
    this.tasks.set(task.taskId, task);
  }
  removeTask(taskId: TaskId): void {
    this.#changesTask(taskId);
    this.tasks.delete(taskId);
  }
  execution = (taskId: TaskId, run: number): Execution | undefined => this.runs.get(`${taskId}/${run}`);
  putExecution(execution: Execution): void {
    this.#changesRun(`${execution.taskId}/${execution.run}`);
    this.runs.set(`${execution.taskId}/${execution.run}`, execution);
  }
  removeExecution(taskId: TaskId, run: number): void {
    this.#changesRun(`${taskId}/${run}`);
    this.runs.delete(`${taskId}/${run}`);
  }
  // Keys of creations are no part of what is shown.
  key = (_key: string): IdempotencyRecord | undefined => undefined;
  putKey(_record: IdempotencyRecord): void {}
  removeKey(_key: string): void {}
  meta = (): StateMeta => this.#meta;
  putMeta(meta: StateMeta): void {
    this.#meta = meta;
  }
}

/** Those that remember a result name a task that need not be there. */
const isOfATask = ({ type }: TaskEvent): boolean => type !== 'CommandDone';

function readContent(data: string): Extract<ReturnType<typeof decodeEntry>, { ok: true }>['value'] | string {
  try {
    const decoded = decodeEntry(data);
    if (!decoded.ok) return decoded.error;
    return Array.isArray(decoded.value.pairs) ? decoded.value : NO_TASKS;
  } catch {
    return NO_TASKS;
  }
}

const DAMAGED = 'the rest of the entry is not what a node writes: the file is damaged';
/** The simulator's bare core agrees on words of its own. */
const NO_TASKS = 'the entry says nothing about tasks: this is a run of the consensus core alone';
