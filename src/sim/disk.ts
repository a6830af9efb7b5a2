import type { SnapshotHead } from '../raft/messages.ts';
import type { LogReader, RaftStart } from '../raft/ports.ts';
import type { Entry, HardState, LogIndex, PlacedConfiguration, Term } from '../raft/types.ts';
import type { EventQueue } from './event-queue.ts';
import type { Random } from './random.ts';

/** The state at an applied index, as a flush or a snapshot keeps it. */
export interface StoredState {
  readonly index: LogIndex;
  readonly term: Term;
  readonly hash: number;
  readonly configuration: PlacedConfiguration | null;
}

export type DiskWrite =
  | { readonly kind: 'log'; readonly hardState?: HardState; readonly entries: readonly Entry[] }
  | { readonly kind: 'install'; readonly head: SnapshotHead; readonly state: StoredState };

/** What can be done to a disk that is in use. */
export interface FailingDisk {
  stalledUntilMs: number;
  /** The next write fails, and is on the disk afterwards or not. `full`: so does every other, and none is, until there is room. */
  failing: 'lost' | 'written' | 'full' | null;
  /** Some row is not what was written, and nobody has noticed. */
  readonly isDamaged?: boolean;
}

/** The checksum of a row is not that of its data. Fail-stop: what else is wrong is found at the next start. */
export class RowDamaged extends Error {
  constructor(index: LogIndex) {
    super(`row ${index} is damaged`);
    this.name = 'RowDamaged';
  }
}

const EMPTY_STATE: StoredState = { index: 0, term: 0, hash: 0, configuration: null };

const WRITE_MS_MIN = 0.2;
const WRITE_MS_MAX = 2;

/**
 * One node's disk. What is written is lost at a crash until it is durable; the guard record remembers what was durable, and so tells
 * when a part of it has gone (raft.md, case 30).
 */
export class SimulatedDisk implements FailingDisk {
  hardState: HardState = { term: 0, votedFor: null };
  base: StoredState = EMPTY_STATE;
  entries: Entry[] = [];
  state: StoredState = EMPTY_STATE;
  /** Copies made here, newest last. */
  snapshots: { readonly snapshotId: string; readonly state: StoredState }[] = [];
  stalledUntilMs = 0;
  failing: FailingDisk['failing'] = null;
  readonly #damaged = new Set<LogIndex>();
  /** A read met a damaged row: the next start looks at all of them. */
  #isMarked = false;
  #guard = { lastIndex: 0, lastTerm: 0 };
  /** Kept with the guard record, through any number of restarts, until the log is whole again. */
  #recovering = false;
  #waiting: { readonly write: DiskWrite; readonly done: () => void }[] = [];
  #lastDoneMs = 0;
  /** Completions planned before a crash mean nothing after it. */
  #generation = 0;
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #durable: (write: DiskWrite) => void;

  constructor(queue: EventQueue, random: Random, durable: (write: DiskWrite) => void) {
    this.#queue = queue;
    this.#random = random;
    this.#durable = durable;
  }

  /** The first entry of a new cluster, as every first voter writes it. */
  form(entry: Entry): void {
    this.#keep({ kind: 'log', entries: [entry] });
  }

  get lastIndex(): LogIndex {
    return this.base.index + this.entries.length;
  }
  get lastTerm(): Term {
    return this.entries.at(-1)?.term ?? this.base.term;
  }

  /** False: the write failed, and nothing may be written any more before a restart (raft.md, case 24). */
  write(write: DiskWrite, done: () => void): boolean {
    this.#waiting.push({ write, done });
    if (this.failing !== null) {
      this.crash(this.failing === 'written' ? this.#waiting.length : this.#waiting.length - 1);
      if (this.failing !== 'full') this.failing = null;
      return false;
    }
    const { nowMs } = this.#queue;
    const doneMs = Math.max(
      this.#lastDoneMs,
      this.stalledUntilMs,
      nowMs + this.#random.between(WRITE_MS_MIN, WRITE_MS_MAX),
    );
    this.#lastDoneMs = doneMs;
    const generation = this.#generation;
    this.#queue.after(doneMs - nowMs, () => {
      if (generation !== this.#generation) return;
      const first = this.#waiting.shift();
      if (first === undefined) return;
      this.#keep(first.write);
      first.done();
    });
    return true;
  }

  /** The first so many of the waiting writes made it, although nobody was told. */
  crash(surviving: number): void {
    this.#generation += 1;
    for (const { write } of this.#waiting.splice(0).slice(0, surviving)) this.#keep(write);
    this.#lastDoneMs = 0;
  }

  get waitingWrites(): number {
    return this.#waiting.length;
  }

  #keep(write: DiskWrite): void {
    if (write.kind === 'log') {
      const first = write.entries[0];
      if (first !== undefined) {
        this.#cut(first.index - 1);
        this.entries.push(...write.entries);
      }
      if (write.hardState !== undefined) this.hardState = write.hardState;
    } else {
      this.state = write.state;
      this.#beginAt(write.state);
    }
    this.#guard = { lastIndex: this.lastIndex, lastTerm: this.lastTerm };
    this.#durable(write);
  }

  /** Its log is whole, or known not to be. */
  recovering(recovering: boolean): void {
    this.#recovering = recovering;
  }

  flush(state: StoredState): void {
    this.state = state;
  }

  compact(through: StoredState): void {
    this.entries.splice(0, through.index - this.base.index);
    this.base = through;
    for (const index of this.#damaged) if (index <= through.index) this.#damaged.delete(index);
  }

  #cut(lastIndex: LogIndex): void {
    this.entries.length = Math.min(this.entries.length, Math.max(0, lastIndex - this.base.index));
    for (const index of this.#damaged) if (index > lastIndex) this.#damaged.delete(index);
  }

  #beginAt(state: StoredState): void {
    this.base = state;
    this.entries = [];
    this.#damaged.clear();
  }

  /** The last entries are gone although they were durable. Returns how far the log still reaches. */
  loseTail(count: number): LogIndex {
    this.#cut(this.lastIndex - count);
    return Math.max(this.lastIndex, this.state.index);
  }

  /** So many rows before the last. False: there is none. */
  damage(back: number): boolean {
    const index = this.lastIndex - back;
    const entry = this.entries[index - this.base.index - 1];
    if (entry === undefined) return false;
    this.entries[index - this.base.index - 1] = { ...entry, data: `${entry.data}\u0000` };
    this.#damaged.add(index);
    return true;
  }

  get isDamaged(): boolean {
    return this.#damaged.size > 0;
  }

  /**
   * A start reads what is to be applied again, and the configurations: the log ends before the first row of these that is damaged, and
   * is not whole. The others nobody reads before a peer needs them; then the log begins behind the state, and they are gone. Returns how
   * far the log reaches; null if it lost nothing.
   */
  giveUpDamaged(): LogIndex | null {
    const kindAt = (index: LogIndex): string | undefined => this.entries[index - this.base.index - 1]?.kind;
    if (this.#isMarked && this.state.index > this.base.index && this.state.index <= this.lastIndex)
      this.compact(this.state);
    this.#isMarked = false;
    const noticed = [...this.#damaged].filter((index) => index > this.state.index || kindAt(index) === 'configuration');
    if (noticed.length === 0) return null;
    this.#cut(Math.min(...noticed) - 1);
    this.#recovering = true;
    return Math.max(this.lastIndex, this.state.index);
  }

  termAt(index: LogIndex): Term | undefined {
    return index === this.base.index ? this.base.term : this.entries[index - this.base.index - 1]?.term;
  }

  /** Verified, as is every row that is read. */
  entryAt(index: LogIndex): Entry | undefined {
    if (this.#damaged.has(index)) {
      this.#isMarked = true;
      throw new RowDamaged(index);
    }
    return this.entries[index - this.base.index - 1];
  }

  /** What a process that starts on this disk reads. */
  read(): Omit<RaftStart, 'self' | 'featureLevel'> {
    const { lastIndex, lastTerm } = this.#guard;
    if (this.lastIndex < lastIndex || this.termAt(lastIndex) !== lastTerm) this.#recovering = true;
    // The state knows more than what is left of the log: it stands for the log, as a snapshot would.
    if (this.state.index > this.lastIndex) this.#beginAt(this.state);
    const first = this.base.configuration;
    const placed: PlacedConfiguration[] = first === null ? [] : [first];
    for (const { index, kind, data } of this.entries) {
      if (kind === 'configuration') placed.push({ index, configuration: JSON.parse(data) });
    }
    return {
      hardState: this.hardState,
      configurations: placed,
      log: this.#reader(),
      base: { index: this.base.index, term: this.base.term },
      lastIndex: this.lastIndex,
      lastTerm: this.lastTerm,
      appliedIndex: this.state.index,
      recovering: this.#recovering,
    };
  }

  #reader(): LogReader {
    return {
      termAt: (index) => {
        if (index > this.base.index && index < this.lastIndex) this.entryAt(index);
        return this.termAt(index);
      },
      read: (fromIndex, maxBytes) => {
        const found: Entry[] = [];
        let bytes = 0;
        for (let index = fromIndex; index <= this.lastIndex; index += 1) {
          const entry = this.entryAt(index);
          if (entry === undefined) break;
          bytes += entry.data.length;
          if (found.length > 0 && bytes > maxBytes) break;
          found.push(entry);
        }
        return found;
      },
    };
  }
}
