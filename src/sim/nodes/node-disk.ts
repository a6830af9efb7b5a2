import type { LogWriter } from '../../node/log-writer.ts';
import type { Entry, InstanceId } from '../../raft/types.ts';
import type { LogStore } from '../../store/log-store.ts';
import { createMemoryLogDisk, openMemoryLogStore } from '../../store/memory-log-store.ts';
import { createMemoryDisk } from '../../store/memory-projection.ts';
import { createMemorySnapshotDisk } from '../../store/memory-snapshot-store.ts';
import type { FailingDisk } from '../disk.ts';
import type { EventQueue } from '../event-queue.ts';
import type { Random } from '../random.ts';

/** A node's data directory, in memory: outlives the processes that are started on it. */
export class NodeDisk implements FailingDisk {
  readonly log = createMemoryLogDisk();
  readonly state = createMemoryDisk();
  readonly snapshots = createMemorySnapshotDisk();
  stalledUntilMs = 0;
  failing: 'lost' | 'written' | null = null;
  /** Counts the processes started on it, and begins where no other directory of this node ever comes. */
  starts: number;

  constructor(instance: InstanceId) {
    this.starts = Number(instance.slice(1)) * STARTS_MAX;
  }

  /** The first entry of a new cluster, as every first voter writes it. */
  form(entry: Entry): void {
    openMemoryLogStore(this.log).persist({ entries: [entry] });
  }
}

const STARTS_MAX = 10_000;
const WRITE_MS_MIN = 0.2;
const WRITE_MS_MAX = 8;

interface Waiting {
  readonly write: Parameters<LogWriter>[0];
  readonly durable: () => void;
  readonly failed: (error: Error) => void;
}

/** The log's disk, taking its time: what is not durable at a crash is lost, or the first so many of the waiting writes made it. */
export class SlowLog {
  readonly #disk: NodeDisk;
  readonly #log: LogStore;
  readonly #queue: EventQueue;
  readonly #random: Random;
  /** Of the process: nothing while it is paused. */
  readonly #tell: (run: () => void) => void;
  #waiting: Waiting[] = [];
  #lastDoneMs = 0;
  #ended = false;

  constructor(disk: NodeDisk, log: LogStore, queue: EventQueue, random: Random, tell: (run: () => void) => void) {
    this.#disk = disk;
    this.#log = log;
    this.#queue = queue;
    this.#random = random;
    this.#tell = tell;
  }

  readonly write: LogWriter = (write, durable, failed) => {
    if (this.#ended) return;
    this.#waiting.push({ write, durable, failed });
    const { nowMs } = this.#queue;
    const soonestMs = nowMs + this.#random.between(WRITE_MS_MIN, WRITE_MS_MAX);
    this.#lastDoneMs = Math.max(this.#lastDoneMs, this.#disk.stalledUntilMs, soonestMs);
    this.#queue.after(this.#lastDoneMs - nowMs, () => this.#done());
  };

  #done(): void {
    const first = this.#waiting.shift();
    if (this.#ended || first === undefined) return;
    const error = this.#persist(first.write);
    this.#tell(() => (error === null ? first.durable() : first.failed(error)));
  }

  #persist(write: Waiting['write']): Error | null {
    const { failing } = this.#disk;
    if (failing !== null) this.#disk.log.failNextWrite('EIO', failing);
    this.#disk.failing = null;
    try {
      this.#log.persist(write);
      return null;
    } catch (error) {
      this.#ended = true;
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  crash(surviving: number): void {
    if (this.#ended) return;
    for (const { write } of this.#waiting.splice(0).slice(0, surviving)) this.#persist(write);
    this.#ended = true;
  }
}
