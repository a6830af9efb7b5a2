import type { Configuration, Entry, EntryKind, HardState, LogIndex, Term } from '../raft/types.ts';
import { entryChecksum, formatChecksum, parseChecksum } from './checksum.ts';
import type { GuardRecord } from './guard-file.ts';
import type { StateEnd } from './log-recovery.ts';
import { baseBehind, EMPTY_BASE, FIRST_HARD_STATE } from './log-rows.ts';
import {
  type LastIncluded,
  type LogBase,
  type LogStore,
  type LogWrite,
  StorageFailed,
  StorageRefused,
} from './log-store.ts';
import { assertResettable, assertWritable } from './log-write.ts';
import type { SqliteLogStoreOptions } from './sqlite-log-store.ts';

/**
 * The port in memory, for tests and the simulator. The disk outlives the stores opened on it, and can be told to misbehave the ways
 * that disks do.
 */
export interface MemoryLogDisk {
  /** The next write throws. What it would have written is on the disk afterwards, or not: both happen. */
  failNextWrite(code: 'ENOSPC' | 'EIO', outcome: 'lost' | 'written'): void;
  /** The last entries vanish although they were acknowledged. `guardToo`: so does what would have told. */
  loseTail(count: number, guardToo?: boolean): void;
  /** One character of an entry's data changes. */
  damage(index: LogIndex): void;
}

interface StoredEntry {
  readonly entry: Entry;
  readonly checksum: number;
}

interface DiskState {
  hardState: HardState;
  base: LogBase;
  /** Oldest first, from base.index + 1 on. */
  entries: StoredEntry[];
  guard: GuardRecord;
  lostTail: boolean;
  fault: { readonly code: 'ENOSPC' | 'EIO'; readonly outcome: 'lost' | 'written' } | undefined;
}

const states = new WeakMap<MemoryLogDisk, DiskState>();

export function createMemoryLogDisk(base: LogBase = emptyBase()): MemoryLogDisk {
  const state: DiskState = {
    hardState: FIRST_HARD_STATE,
    base,
    entries: [],
    guard: { ...FIRST_HARD_STATE, lastIndex: base.index, checksum: checksumOf(base) },
    lostTail: false,
    fault: undefined,
  };
  const disk: MemoryLogDisk = {
    failNextWrite(code, outcome) {
      state.fault = { code, outcome };
    },
    loseTail(count, guardToo = false) {
      state.entries.splice(Math.max(0, state.entries.length - count));
      if (guardToo) state.guard = guardOf(state);
    },
    damage(index) {
      const at = index - state.base.index - 1;
      const stored = state.entries[at];
      if (stored === undefined) throw new RangeError(`no entry ${index} to damage`);
      state.entries[at] = { ...stored, entry: { ...stored.entry, data: `${stored.entry.data}\u0000` } };
    },
  };
  states.set(disk, state);
  return disk;
}

export type MemoryLogStoreOptions = Pick<SqliteLogStoreOptions, 'onLostTail' | 'state'>;

export function openMemoryLogStore(disk: MemoryLogDisk, options: MemoryLogStoreOptions = {}): LogStore {
  const state = states.get(disk);
  if (state === undefined) throw new TypeError('not a disk of createMemoryLogDisk');
  if (options.onLostTail === 'recover') recover(state, options.state ?? { appliedIndex: 0, lastIncluded: null });
  assertWhole(state);
  return new MemoryLog(state);
}

function assertWhole(state: DiskState): void {
  const last = lastOf(state);
  const { guard, hardState } = state;
  const at = guard.lastIndex <= state.base.index ? undefined : state.entries[guard.lastIndex - state.base.index - 1];
  const behind =
    guard.lastIndex > last.index || (at !== undefined && at.checksum !== guard.checksum) || guard.term > hardState.term;
  if (behind)
    throw new StorageRefused(
      'damaged',
      `the log ends at entry ${last.index}, but entry ${guard.lastIndex} was written`,
      'A member of a cluster starts as recovering; a single node needs a backup.',
    );
  if (state.entries.length > 0) verified(state, last.index);
}

/** As log-recovery.ts does it, by the same rules. */
function recover(disk: DiskState, { appliedIndex, lastIncluded }: StateEnd): void {
  const { guard } = disk;
  const damagedAt = disk.entries.findIndex((_, at) => !isWhole(disk, at));
  const whole = damagedAt < 0 ? disk.entries.length : damagedAt;
  const wholeEnd = disk.base.index + whole;
  const lost = whole < disk.entries.length || guard.lastIndex > wholeEnd || appliedIndex > wholeEnd;
  if (!lost) return;
  const kept = disk.entries.slice(0, whole).findLast(({ entry }) => entry.kind === 'configuration');
  // Who votes is not known any more: as with a single node, it is refused.
  const isAhead = appliedIndex > wholeEnd;
  if (isAhead ? lastIncluded?.configuration === null : kept === undefined && disk.base.configuration === null) return;
  if (isAhead && lastIncluded?.index !== appliedIndex)
    throw new StorageRefused(
      'damaged',
      'where the state ends is not known',
      'Empty the disk: the node then joins anew.',
    );
  disk.entries.splice(whole);
  if (isAhead && lastIncluded !== null) {
    disk.base = baseOf(lastIncluded);
    disk.entries = [];
  }
  disk.guard = guardOf(disk);
  disk.lostTail = true;
}

class MemoryLog implements LogStore {
  readonly #disk: DiskState;
  #failure: StorageFailed | undefined;
  #closed = false;

  constructor(disk: DiskState) {
    this.#disk = disk;
  }

  get hardState(): HardState {
    return this.#disk.hardState;
  }
  get base(): LogBase {
    return this.#disk.base;
  }
  get lastIndex(): LogIndex {
    return lastOf(this.#disk).index;
  }
  get lastTerm(): Term {
    return lastOf(this.#disk).term;
  }
  readonly checkpointDue = false;

  get sizeBytes(): number {
    return this.#disk.entries.reduce((sum, { entry }) => sum + Buffer.byteLength(entry.data), 0);
  }

  persist(write: LogWrite): void {
    const disk = this.#disk;
    assertWritable(write, {
      hardState: disk.hardState,
      baseIndex: disk.base.index,
      lastIndex: this.lastIndex,
      termAt: (index) => this.termAt(index),
    });
    this.#write('persist', () => {
      const first = write.entries[0];
      if (first !== undefined) disk.entries.splice(first.index - disk.base.index - 1);
      let checksum = lastOf(disk).checksum;
      for (const entry of write.entries) {
        checksum = entryChecksum(checksum, entry);
        disk.entries.push({ entry, checksum });
      }
      if (write.hardState !== undefined) disk.hardState = write.hardState;
    });
  }

  read(fromIndex: LogIndex, maxBytes: number): readonly Entry[] {
    const { base } = this.#disk;
    if (fromIndex <= base.index)
      throw new RangeError(`entry ${fromIndex} was compacted away; the log begins at ${base.index + 1}`);
    const entries: Entry[] = [];
    let bytes = 0;
    for (let index = fromIndex; index <= this.lastIndex; index += 1) {
      const entry = verified(this.#disk, index);
      bytes += Buffer.byteLength(entry.data);
      if (entries.length > 0 && bytes > maxBytes) break;
      entries.push(entry);
    }
    return entries;
  }

  termAt(index: LogIndex): Term | undefined {
    const { base, entries } = this.#disk;
    return index === base.index ? base.term : entries[index - base.index - 1]?.entry.term;
  }

  lastOfKind(kind: EntryKind, throughIndex: LogIndex): Entry | undefined {
    const { base, entries } = this.#disk;
    const held = entries.slice(0, Math.max(0, throughIndex - base.index));
    return held.findLast(({ entry }) => entry.kind === kind)?.entry;
  }

  compact(throughIndex: LogIndex, configuration: Configuration, _maxRows: number): boolean {
    const disk = this.#disk;
    if (throughIndex > this.lastIndex)
      throw new RangeError(`cannot compact through ${throughIndex}: the log ends at ${this.lastIndex}`);
    const last = disk.entries[throughIndex - disk.base.index - 1];
    if (last === undefined) return false;
    this.#write('compact', () => {
      disk.entries.splice(0, throughIndex - disk.base.index);
      const { index, term } = last.entry;
      disk.base = { index, term, checksum: formatChecksum(last.checksum), configuration };
    });
    return false;
  }

  resetTo(end: LastIncluded): void {
    const disk = this.#disk;
    assertResettable(end, disk);
    this.#write('reset', () => {
      disk.base = baseOf(end);
      disk.entries = [];
    });
  }

  get lostTail(): boolean {
    return this.#disk.lostTail;
  }
  tailLost(): void {
    if (!this.lostTail) this.#markLostTail(true);
  }
  recovered(): void {
    if (this.lostTail) this.#markLostTail(false);
  }
  #markLostTail(lost: boolean): void {
    this.#write('mark the lost end', () => {
      this.#disk.lostTail = lost;
    });
  }

  maintain(): void {
    this.#assertUsable('maintain');
  }

  close(): void {
    this.#closed = true;
  }

  #assertUsable(operation: string): void {
    if (this.#closed) throw new StorageFailed(operation, 'the store is closed');
    if (this.#failure !== undefined)
      throw new StorageFailed(operation, `refused, because an earlier write failed (${this.#failure.message})`);
  }

  #write(operation: string, change: () => void): void {
    this.#assertUsable(operation);
    const { fault } = this.#disk;
    this.#disk.fault = undefined;
    if (fault?.outcome !== 'lost') {
      change();
      this.#disk.guard = guardOf(this.#disk);
    }
    if (fault === undefined) return;
    this.#failure = new StorageFailed(operation, Object.assign(new Error(fault.code), { code: fault.code }));
    throw this.#failure;
  }
}

interface End {
  readonly index: LogIndex;
  readonly term: Term;
  readonly checksum: number;
}

function lastOf({ base, entries }: DiskState): End {
  const last = entries.at(-1);
  return last === undefined
    ? { index: base.index, term: base.term, checksum: checksumOf(base) }
    : { index: last.entry.index, term: last.entry.term, checksum: last.checksum };
}

function isWhole({ base, entries }: DiskState, at: number): boolean {
  const stored = entries[at];
  const previous = at === 0 ? checksumOf(base) : entries[at - 1]?.checksum;
  return stored !== undefined && previous !== undefined && entryChecksum(previous, stored.entry) === stored.checksum;
}

function verified(disk: DiskState, index: LogIndex): Entry {
  const at = index - disk.base.index - 1;
  const stored = disk.entries[at];
  if (stored === undefined || !isWhole(disk, at))
    throw new StorageRefused('damaged', `entry ${index} fails its checksum`, 'Start from a backup.');
  return stored.entry;
}

const guardOf = (state: DiskState): GuardRecord => {
  const { index, checksum } = lastOf(state);
  return { ...state.hardState, lastIndex: index, checksum };
};

function baseOf(end: LastIncluded): LogBase {
  const { endBytes: _, ...base } = baseBehind(end);
  return base;
}

const checksumOf = (base: LogBase): number => parseChecksum(base.checksum) ?? 0;

function emptyBase(): LogBase {
  const { endBytes: _, ...base } = EMPTY_BASE;
  return base;
}
