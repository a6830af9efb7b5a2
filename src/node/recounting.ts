import type { Clock, Timer } from '../clock.ts';
import type { RaftCore } from '../raft/core.ts';
import type { Entry, LogIndex } from '../raft/types.ts';
import type { LogStore } from '../store/log-store.ts';
import type { Projection } from '../store/projection.ts';
import { decodeEntry, type PairResult } from '../tasks/entry.ts';
import type { TaskEvent } from '../tasks/event.ts';
import type { TaskId } from '../tasks/task.ts';
import { RECOUNT_EVERY_MS, RECOUNT_READ_BYTES, RECOUNTED_RUNS_MAX } from './limits.ts';
import { Statistics } from './statistics.ts';

/**
 * After a start: what the log still holds of the time before is counted in, a little at a time and behind all else, so that a node that
 * was restarted tells the same figures as the others.
 */
export interface RecountingOptions {
  readonly core: Readonly<RaftCore>;
  readonly log: Pick<LogStore, 'read'>;
  readonly projection: Pick<Projection, 'refused' | 'appliedIndex'>;
  readonly clock: Clock;
  readonly into: Statistics;
}

export class Recounting {
  readonly #options: RecountingOptions;
  /** Behind it all is counted as it is applied. */
  readonly #through: LogIndex;
  readonly #runs = new ScheduledRuns();
  readonly #before: Statistics;
  #next = 0;
  #timer: Timer | null = null;

  constructor(options: RecountingOptions) {
    this.#options = options;
    this.#through = options.projection.appliedIndex;
    this.#before = new Statistics({ logTimeMs: 0, scheduledAtMs: (taskId, run) => this.#runs.of(taskId, run) });
  }

  begin(): void {
    this.#timer = this.#options.clock.setTimer(RECOUNT_EVERY_MS, () => {
      try {
        if (this.#step()) this.begin();
        else this.#options.into.precededBy(this.#before);
      } catch {
        // A log that cannot be read is told of by whoever needs it: these are figures.
      }
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** Whether there is more. */
  #step(): boolean {
    const { core, log, projection } = this.#options;
    this.#next = Math.max(this.#next, Math.max(core.log.base.index, projection.refused.knownAfter) + 1);
    if (this.#next > this.#through) return false;
    for (const entry of log.read(this.#next, RECOUNT_READ_BYTES)) {
      if (entry.index > this.#through) return false;
      this.#count(entry);
      this.#next = entry.index + 1;
    }
    return true;
  }

  #count({ index, kind, data }: Entry): void {
    if (kind !== 'events') return;
    const decoded = decodeEntry(data);
    if (!decoded.ok) return;
    const refused = this.#options.projection.refused.at(index);
    const results = decoded.value.pairs.map((_, place) => (refused.includes(place) ? NOT_APPLIED : APPLIED));
    for (const [place, { events }] of decoded.value.pairs.entries()) {
      if (!refused.includes(place)) for (const event of events) this.#runs.see(event, decoded.value.atMs);
    }
    this.#before.applied(decoded.value, results);
  }
}

const APPLIED: PairResult = { applied: true };
const NOT_APPLIED: PairResult = { applied: false, failed: { type: 'task-exists', taskId: '0' as TaskId } };

/** When runs were due that have not been attempted yet, as far back as the log tells. */
class ScheduledRuns {
  readonly #atMs = new Map<string, number>();

  see(event: TaskEvent, atMs: number): void {
    if (event.type === 'ExecutionClaimed') this.#add(event.taskId, event.run, event.scheduledAtMs);
    else if (event.type === 'ExecutionRequested') this.#add(event.taskId, event.run, atMs);
  }

  of(taskId: TaskId, run: number): number | null {
    const key = `${taskId}/${run}`;
    const atMs = this.#atMs.get(key) ?? null;
    // Asked once: of the first attempt.
    this.#atMs.delete(key);
    return atMs;
  }

  #add(taskId: TaskId, run: number, atMs: number): void {
    this.#atMs.set(`${taskId}/${run}`, atMs);
    if (this.#atMs.size <= RECOUNTED_RUNS_MAX) return;
    for (const oldest of this.#atMs.keys()) {
      this.#atMs.delete(oldest);
      return;
    }
  }
}
