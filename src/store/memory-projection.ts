import { InvariantBroken, invariant } from '../invariant.ts';
import type { LogIndex } from '../raft/types.ts';
import type { Entities, IdempotencyRecord, StateMeta } from '../tasks/entities.ts';
import type { Execution } from '../tasks/execution.ts';
import type { EntityRef } from '../tasks/needs.ts';
import type { Task, TaskState } from '../tasks/task.ts';
import { formatHash, rowHash, sumHashes } from './entity-hash.ts';
import { type LogEnds, lastIncludedAt } from './last-included.ts';
import { type LastIncluded, StorageFailed, StorageRefused } from './log-store.ts';
import { createMemoryReads } from './memory-projection-reads.ts';
import type { Projection, ProjectionCounts, ProjectionStart } from './projection.ts';
import { NO_COUNTS, NO_META } from './projection-empty.ts';
import { createRefusedPairs } from './refused-pairs.ts';
import { encodeExecution, encodeKey, encodeMeta, encodeTaskDefinition, encodeTaskStatus, runKey } from './rows.ts';

/** What stands for state.db: outlives the projection that wrote it, so that a simulated crash loses just what was not flushed. */
export interface MemoryDisk {
  index: LogIndex;
  meta: StateMeta;
  hash: bigint;
  counts: ProjectionCounts;
  lastIncluded: LastIncluded | null;
  refused: string | null;
  readonly tasks: Map<string, Task>;
  readonly executions: Map<string, Execution>;
  readonly keys: Map<string, IdempotencyRecord>;
  /** What `copyTo` made, by file name; each is a disk that can be opened. */
  readonly copies: Map<string, MemoryDisk>;
  /** Set to make every write fail from now on. */
  failure: Error | null;
}

export const createMemoryDisk = (): MemoryDisk => ({
  index: 0,
  meta: NO_META,
  hash: rowHash('meta', '', encodeMeta(NO_META)),
  counts: NO_COUNTS,
  lastIncluded: null,
  refused: null,
  tasks: new Map(),
  executions: new Map(),
  keys: new Map(),
  copies: new Map(),
  failure: null,
});

export interface MemoryProjectionOptions {
  readonly disk?: MemoryDisk;
  /** Awaited by every load, read and flush: a simulator decides here how long the disk takes. */
  readonly delay?: () => Promise<void>;
  /** After a flush, an entity must be loaded again before it is used, as with a small cache. */
  readonly forgetful?: boolean;
}

/** The port on plain Maps, for tests and the simulator. No timers: it flushes when it is told to. */
export function openMemoryProjection(options: MemoryProjectionOptions = {}): Projection & {
  readonly start: ProjectionStart;
} {
  const { disk = createMemoryDisk(), delay = async () => undefined, forgetful = false } = options;
  const start: ProjectionStart = { appliedIndex: disk.index, meta: disk.meta };
  let { meta } = disk;
  let appliedIndex = disk.index;
  let refused = createRefusedPairs(disk.refused, disk.index);
  let betweenEntries = true;
  let closed = false;
  let log: LogEnds | undefined;
  /** A flush that began before one is given up. */
  let replacements = 0;
  let failure: Error | undefined;
  const listeners: ((error: Error) => void)[] = [];
  const tasks = createKind(disk.tasks, forgetful, taskHash);
  const executions = createKind(disk.executions, forgetful, executionHash);
  const keys = createKind(disk.keys, forgetful, keyHash);

  const entities: Entities = {
    task: (taskId) => tasks.get(taskId),
    addTask: (task) => change(() => tasks.put(task.taskId, task)),
    putTask: (task) => change(() => tasks.put(task.taskId, task)),
    removeTask: (taskId) => change(() => tasks.put(taskId, undefined)),
    execution: (taskId, run) => executions.get(runKey(taskId, run)),
    putExecution: (execution) => change(() => executions.put(runKey(execution.taskId, execution.run), execution)),
    removeExecution: (taskId, run) => change(() => executions.put(runKey(taskId, run), undefined)),
    key: (key) => keys.get(key),
    putKey: (record) => change(() => keys.put(record.key, record)),
    removeKey: (key) => change(() => keys.put(key, undefined)),
    meta: () => meta,
    putMeta: (changed) =>
      change(() => {
        meta = changed;
      }),
  };
  function change(make: () => void): void {
    betweenEntries = false;
    make();
  }

  function isMissing(ref: EntityRef): boolean {
    if (ref.kind === 'task') return !tasks.has(ref.taskId);
    if (ref.kind === 'key') return !keys.has(ref.key);
    if (ref.kind === 'execution') return !executions.has(runKey(ref.taskId, ref.run));
    const openRuns = tasks.has(ref.taskId) ? (tasks.get(ref.taskId)?.openRuns ?? []) : undefined;
    return openRuns === undefined || openRuns.some((run) => !executions.has(runKey(ref.taskId, run)));
  }

  function bring(refs: readonly EntityRef[]): void {
    for (const ref of refs) {
      if (ref.kind === 'key') keys.bring(ref.key);
      else if (ref.kind === 'execution') executions.bring(runKey(ref.taskId, ref.run));
      else {
        tasks.bring(ref.taskId);
        if (ref.kind === 'task') continue;
        for (const run of tasks.get(ref.taskId)?.openRuns ?? []) executions.bring(runKey(ref.taskId, run));
      }
    }
  }

  function failIfDiskDoes(operation: string): void {
    if (disk.failure === null) return;
    failure ??= new StorageFailed(operation, disk.failure);
    for (const tell of listeners.splice(0)) tell(failure);
    throw failure;
  }

  async function flush(): Promise<void> {
    if (failure !== undefined) throw failure;
    invariant(betweenEntries, 'I4', `a flush would write half of the entry after ${appliedIndex}`);
    // Frozen at the call, written after the delay: as with a real disk, a crash in between loses it.
    const frozen = {
      index: appliedIndex,
      meta,
      lastIncluded: log === undefined ? null : lastIncludedAt(log, appliedIndex),
      refused: refused.text(appliedIndex),
    };
    const writes = [tasks.freeze(), executions.freeze(), keys.freeze()];
    const frozenOf = replacements;
    await delay();
    failIfDiskDoes('flush the projection');
    if (frozenOf !== replacements) return;
    // A flush that began later may have been quicker; it wrote all of this one's.
    if (closed || frozen.index <= disk.index) return;
    for (const write of writes) disk.hash = sumHashes(disk.hash, write());
    const replaced = rowHash('meta', '', encodeMeta(frozen.meta)) - rowHash('meta', '', encodeMeta(disk.meta));
    disk.hash = sumHashes(disk.hash, replaced);
    disk.index = frozen.index;
    disk.meta = frozen.meta;
    disk.lastIncluded = frozen.lastIncluded;
    disk.refused = frozen.refused;
    disk.counts = countsOf(disk);
  }

  const reads = createMemoryReads({ tasks: tasks.all, executions: executions.all, keys: keys.all, meta: () => meta });
  const after = async <T>(read: () => T): Promise<T> => {
    await delay();
    return read();
  };

  return {
    start,
    entities,
    get appliedIndex() {
      return appliedIndex;
    },
    get durableIndex() {
      return disk.index;
    },
    get overlaySize() {
      return tasks.changes() + executions.changes() + keys.changes();
    },
    get counts() {
      return disk.counts;
    },
    get lastIncluded() {
      return disk.lastIncluded;
    },
    get refused() {
      return refused;
    },
    standOn(ends) {
      log = ends;
    },
    missing: (refs) => refs.filter(isMissing),
    load: (refs) => after(() => bring(refs)),
    applied(index) {
      invariant(index > appliedIndex, 'I4', `entry ${index} is applied after ${appliedIndex}`);
      appliedIndex = index;
      betweenEntries = true;
    },
    flush,
    async untilRoom() {
      if (failure !== undefined) throw failure;
    },
    readTask: (taskId) => after(() => tasks.all.get(taskId)),
    readExecution: (taskId, run) => after(() => executions.all.get(runKey(taskId, run))),
    readKey: (key) => after(() => keys.all.get(key)),
    listTasks: (...question) => after(() => reads.listTasks(...question)),
    listExecutions: (...question) => after(() => reads.listExecutions(...question)),
    dueAfter: (...question) =>
      after(() => {
        const due = reads.dueAfter(...question);
        for (const { taskId, run } of due)
          bring([{ kind: 'task', taskId }, ...(run === 0 ? [] : [{ kind: 'execution' as const, taskId, run }])]);
        return due;
      }),
    orphanedClaims: (...question) => after(() => reads.orphanedClaims(...question)),
    openClaims: (...question) => after(() => reads.openClaims(...question)),
    prunable: (...question) => after(() => reads.prunable(...question)),
    newestDeadLetters: (...question) => after(() => reads.newestDeadLetters(...question)),
    newestMissed: (...question) => after(() => reads.newestMissed(...question)),
    deadLettersBefore: (...question) => after(() => reads.deadLettersBefore(...question)),
    finishedTasksBefore: (...question) => after(() => reads.finishedTasksBefore(...question)),
    keysExpiredBefore: (...question) => after(() => reads.keysExpiredBefore(...question)),
    async stateHash() {
      await flush();
      return { index: disk.index, hash: formatHash(disk.hash) };
    },
    async copyTo(file) {
      await flush();
      const { tasks: t, executions: x, keys: k } = disk;
      disk.copies.set(file, {
        ...disk,
        tasks: new Map(t),
        executions: new Map(x),
        keys: new Map(k),
        copies: new Map(),
      });
      return { index: disk.index };
    },
    async replaceWith(file) {
      await delay();
      if (failure !== undefined || closed) throw failure ?? new Error('the projection is closed');
      const copy = disk.copies.get(file);
      if (copy === undefined) throw new StorageRefused('damaged', `${file} is no copy of a state`, 'Copy it again.');
      failIfDiskDoes('replace the state');
      disk.copies.delete(file);
      ({ index: disk.index, meta: disk.meta, hash: disk.hash, counts: disk.counts } = copy);
      disk.lastIncluded = copy.lastIncluded;
      disk.refused = copy.refused;
      refused = createRefusedPairs(copy.refused, copy.index);
      tasks.startAnew(copy.tasks);
      executions.startAnew(copy.executions);
      keys.startAnew(copy.keys);
      ({ index: appliedIndex, meta } = copy);
      betweenEntries = true;
      replacements += 1;
    },
    async close({ flush: flushing } = { flush: true }) {
      if (flushing && failure === undefined) await flush();
      closed = true;
    },
    onFailure(tell) {
      if (failure === undefined) listeners.push(tell);
      else tell(failure);
    },
  };
}

interface Kind<V> {
  readonly all: ReadonlyMap<string, V>;
  has(key: string): boolean;
  get(key: string): V | undefined;
  put(key: string, value: V | undefined): void;
  bring(key: string): void;
  changes(): number;
  /** The disk, and with it memory, holds this and nothing else. */
  startAnew(stored: ReadonlyMap<string, V>): void;
  /** Returns what writes the changes so far to the disk, and says by how much the hash changes. */
  freeze(): () => bigint;
}

function createKind<V>(disk: Map<string, V>, forgetful: boolean, hashOf: (key: string, value: V) => bigint): Kind<V> {
  const all = new Map(disk);
  const resident = new Set<string>();
  let changed = new Set<string>();
  const has = (key: string): boolean => !forgetful || resident.has(key) || changed.has(key);
  return {
    all,
    has,
    get(key) {
      if (!has(key)) throw new InvariantBroken('I4', `${key} is used before it was loaded`);
      return all.get(key);
    },
    put(key, value) {
      changed.add(key);
      resident.add(key);
      if (value === undefined) all.delete(key);
      else all.set(key, value);
    },
    bring: (key) => {
      resident.add(key);
    },
    changes: () => changed.size,
    startAnew(stored) {
      for (const map of [disk, all]) {
        map.clear();
        for (const [key, value] of stored) map.set(key, value);
      }
      changed = new Set();
      resident.clear();
    },
    freeze() {
      const frozen = [...changed].map((key) => [key, all.get(key)] as const);
      changed = new Set();
      resident.clear();
      return () => {
        let difference = 0n;
        for (const [key, value] of frozen) {
          const old = disk.get(key);
          if (old !== undefined) difference -= hashOf(key, old);
          if (value === undefined) disk.delete(key);
          else {
            difference += hashOf(key, value);
            disk.set(key, value);
          }
        }
        return difference;
      };
    },
  };
}

const taskHash = (taskId: string, task: Task): bigint =>
  sumHashes(rowHash('task', taskId, encodeTaskStatus(task)), rowHash('definition', taskId, encodeTaskDefinition(task)));
const executionHash = (key: string, execution: Execution): bigint =>
  rowHash('execution', key, encodeExecution(execution));
const keyHash = (key: string, record: IdempotencyRecord): bigint => rowHash('key', key, encodeKey(record));

/** Of the rows as they are: what a disk that was filled by hand is to say of itself. */
export function memoryContent(disk: MemoryDisk): Pick<MemoryDisk, 'hash' | 'counts'> {
  let hash = rowHash('meta', '', encodeMeta(disk.meta));
  for (const [taskId, task] of disk.tasks) hash = sumHashes(hash, taskHash(taskId, task));
  for (const [key, execution] of disk.executions) hash = sumHashes(hash, executionHash(key, execution));
  for (const [key, record] of disk.keys) hash = sumHashes(hash, keyHash(key, record));
  return { hash, counts: countsOf(disk) };
}

function countsOf({ tasks, executions }: MemoryDisk): ProjectionCounts {
  const byState: Record<TaskState, number> = { ...NO_COUNTS.tasks };
  for (const { state } of tasks.values()) byState[state] += 1;
  return { tasks: byState, executions: executions.size };
}
