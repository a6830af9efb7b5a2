import type { Entry, LogIndex } from '../../raft/types.ts';
import { openMemoryProjection } from '../../store/memory-projection.ts';
import { applyEntry, decodeEntry } from '../../tasks/entry.ts';
import type { TaskEvent } from '../../tasks/event.ts';
import type { Execution } from '../../tasks/execution.ts';
import type { Task, TaskId } from '../../tasks/task.ts';
import { holds } from '../checks/rule.ts';

/** Who follows what is agreed on. */
interface Watch {
  told(event: TaskEvent, atMs: number): void;
  /** A pair that somebody asked for is in force, before its facts are told. */
  carriedOut(by: string): void;
}

/**
 * What the cluster has agreed on, folded once, by whoever applies an entry first: the state that every node must have at that index,
 * and the facts, in order, for whoever checks them.
 */
export class CommittedTasks {
  readonly #state = openMemoryProjection();
  readonly #entries: Entry[] = [];
  readonly #known = new Set<TaskId>();
  readonly #hashes = new Map<LogIndex, string>();
  readonly #watch: Watch;

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  get index(): LogIndex {
    return this.#entries.length;
  }
  task(taskId: TaskId): Task | undefined {
    return this.#state.entities.task(taskId);
  }
  /** Tasks that have not come to their end. */
  living(): readonly TaskId[] {
    return [...this.#known].filter((taskId) => this.task(taskId)?.finishedAtMs === null);
  }
  execution(taskId: TaskId, run: number): Execution | undefined {
    return this.#state.entities.execution(taskId, run);
  }

  /** A node folds an entry into its state. */
  applied(by: string, index: LogIndex, entry: Entry): void {
    const known = this.#entries[index - 1];
    if (known !== undefined) {
      holds(
        known.term === entry.term && known.data === entry.data,
        'State Machine Safety',
        () => `${by} applies another entry ${index} than was applied elsewhere`,
      );
      return;
    }
    holds(index === this.index + 1, 'State Machine Safety', () => `${by} applies ${index} before ${this.index + 1}`);
    this.#entries.push(entry);
    if (entry.kind === 'events') this.#fold(entry);
    this.#state.applied(index);
  }

  #fold(entry: Entry): void {
    const decoded = decodeEntry(entry.data);
    holds(decoded.ok, 'State Machine Safety', () => `entry ${entry.index} cannot be read`);
    const { pairs, atMs } = decoded.value;
    const results = applyEntry(this.#state.entities, decoded.value);
    for (const [at, { events, by }] of pairs.entries()) {
      if (results[at]?.applied !== true) continue;
      this.#watch.carriedOut(by);
      for (const event of events) {
        if (event.type === 'TaskCreated') this.#known.add(event.taskId);
        this.#watch.told(event, atMs);
      }
    }
  }

  /** Called between two entries: the hash that everyone must have there. */
  async hash(): Promise<void> {
    const { index, hash } = await this.#state.stateHash();
    this.hashed('the fold of the log', index, hash);
  }

  hashed(by: string, index: LogIndex, hash: string): void {
    const known = this.#hashes.get(index);
    holds(known === undefined || known === hash, 'State Machine Safety', () => `${by} has another state at ${index}`);
    this.#hashes.set(index, hash);
  }
}
