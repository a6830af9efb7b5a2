import { invariant } from '../invariant.ts';
import type { LogIndex } from '../raft/types.ts';
import type { Entities, IdempotencyRecord, StateMeta } from '../tasks/entities.ts';
import type { Execution } from '../tasks/execution.ts';
import type { EntityRef } from '../tasks/needs.ts';
import type { Task, TaskState } from '../tasks/task.ts';
import { CreatedTask, EntryCreations, type TaskNote } from './created-tasks.ts';
import type { Change, Collection } from './overlay-collection.ts';
import { createCollection } from './overlay-collection.ts';
import { executionWeight, keyWeight, taskWeight } from './overlay-weight.ts';
import { runKey } from './rows.ts';

export interface ExecutionNote {
  /** Of its task, when this was put; a later one is in the tasks' own layer. Undefined: the task was not in memory. */
  readonly taskState: TaskState | undefined;
}

export interface Frozen {
  readonly index: LogIndex;
  readonly meta: StateMeta;
  readonly tasks: ReadonlyMap<string, Change<Task, TaskNote>>;
  readonly executions: ReadonlyMap<string, Change<Execution, ExecutionNote>>;
  readonly keys: ReadonlyMap<string, Change<IdempotencyRecord, null>>;
}

export interface Overlay {
  readonly entities: Entities;
  readonly tasks: Collection<Task, TaskNote>;
  readonly executions: Collection<Execution, ExecutionNote>;
  readonly keys: Collection<IdempotencyRecord, null>;
  readonly appliedIndex: LogIndex;
  readonly size: number;
  readonly weight: number;
  readonly cachedEntities: number;
  missing(refs: readonly EntityRef[]): readonly EntityRef[];
  pin(refs: readonly EntityRef[]): void;
  /** `entry`: its text, of which the tasks that it created can be made again. */
  applied(index: LogIndex, entry?: string): void;
  /** What the batch before this one created is answered, and need not be held as objects any more. */
  batchOver(): void;
  /** Only between two entries: what is frozen is the state at exactly one index (I4). */
  freeze(): Frozen;
  settle(enough: () => boolean): boolean;
  /** On another file, with nothing in memory. */
  startAnew(appliedIndex: LogIndex, meta: StateMeta): void;
}

export interface OverlayOptions {
  readonly appliedIndex: LogIndex;
  readonly meta: StateMeta;
  readonly cachedEntitiesMax: number;
  readonly cachedBytesMax: number;
}

/** What nobody asked for since it was created is not made for the cache. */
const isCached = (change: Change<Task, TaskNote>): boolean => !(change instanceof CreatedTask) || change.isObject;

/** Of the cache: executions pass through the overlay alone, mostly, and a key is looked up once. */
const TASK_SHARE = 1 / 2;
const EXECUTION_SHARE = 3 / 8;
const KEY_SHARE = 1 / 8;

export function createOverlay(options: OverlayOptions): Overlay {
  const bounds = (share: number) => ({
    entriesMax: Math.max(1, Math.floor(options.cachedEntitiesMax * share)),
    weightMax: options.cachedBytesMax * share,
  });
  const tasks = createCollection<Task, TaskNote>('task', taskWeight, bounds(TASK_SHARE), isCached);
  const executions = createCollection<Execution, ExecutionNote>('execution', executionWeight, bounds(EXECUTION_SHARE));
  const keys = createCollection<IdempotencyRecord, null>('key', keyWeight, bounds(KEY_SHARE));
  let meta = options.meta;
  let appliedIndex = options.appliedIndex;
  let betweenEntries = true;
  /** Of the entry that is being applied, of those that were in this batch, and of the batch before it. */
  let creating: EntryCreations | null = null;
  let created: EntryCreations[] = [];
  let createdBefore: EntryCreations[] = [];

  const entities: Entities = {
    task: (taskId) => tasks.get(taskId),
    addTask(task) {
      betweenEntries = false;
      creating ??= new EntryCreations();
      tasks.set(task.taskId, creating.add(task));
    },
    putTask(task) {
      betweenEntries = false;
      const before = tasks.has(task.taskId) ? tasks.get(task.taskId) : undefined;
      const earlier = tasks.pending(task.taskId)?.note;
      const resuming = before !== undefined && before.state !== 'scheduled' && task.state === 'scheduled';
      tasks.put(task.taskId, task, {
        definitionChanged:
          earlier?.definitionChanged === true ||
          before?.definition !== task.definition ||
          before.records !== task.records,
        // Whatever layer it happened in: the file does not know of it yet.
        resumed: resuming || tasks.shadow(task.taskId)?.note.resumed === true,
        createdBy: null,
      });
    },
    removeTask(taskId) {
      betweenEntries = false;
      tasks.put(taskId, undefined, { definitionChanged: true, resumed: false, createdBy: null });
    },
    execution: (taskId, run) => executions.get(runKey(taskId, run)),
    putExecution(execution) {
      betweenEntries = false;
      const { taskId, run } = execution;
      const taskState = tasks.has(taskId) ? tasks.get(taskId)?.state : undefined;
      executions.put(runKey(taskId, run), execution, { taskState });
    },
    removeExecution(taskId, run) {
      betweenEntries = false;
      executions.put(runKey(taskId, run), undefined, { taskState: undefined });
    },
    key: (key) => keys.get(key),
    putKey(record) {
      betweenEntries = false;
      keys.put(record.key, record, null);
    },
    removeKey(key) {
      betweenEntries = false;
      keys.put(key, undefined, null);
    },
    meta: () => meta,
    putMeta(changed) {
      betweenEntries = false;
      meta = changed;
    },
  };

  function isMissing(ref: EntityRef): boolean {
    switch (ref.kind) {
      case 'task':
        return !tasks.has(ref.taskId);
      case 'execution':
        return !executions.has(runKey(ref.taskId, ref.run));
      case 'key':
        return !keys.has(ref.key);
      case 'open-executions':
        return (
          !tasks.has(ref.taskId) ||
          (tasks.get(ref.taskId)?.openRuns.some((run) => !executions.has(runKey(ref.taskId, run))) ?? false)
        );
    }
  }

  function pin(ref: EntityRef): void {
    if (ref.kind === 'key') keys.pin(ref.key);
    else if (ref.kind === 'execution') executions.pin(runKey(ref.taskId, ref.run));
    else {
      tasks.pin(ref.taskId);
      if (ref.kind === 'task' || !tasks.has(ref.taskId)) return;
      for (const run of tasks.get(ref.taskId)?.openRuns ?? []) executions.pin(runKey(ref.taskId, run));
    }
  }

  return {
    entities,
    tasks,
    executions,
    keys,
    get appliedIndex() {
      return appliedIndex;
    },
    get size() {
      return tasks.overlaySize + executions.overlaySize + keys.overlaySize;
    },
    get weight() {
      return tasks.overlayWeight + executions.overlayWeight + keys.overlayWeight;
    },
    get cachedEntities() {
      return tasks.cacheSize + executions.cacheSize + keys.cacheSize;
    },
    missing: (refs) => refs.filter(isMissing),
    pin(refs) {
      for (const ref of refs) pin(ref);
    },
    applied(index, entry) {
      invariant(index > appliedIndex, 'I4', `entry ${index} is applied after ${appliedIndex}`);
      appliedIndex = index;
      betweenEntries = true;
      if (creating !== null && entry !== undefined) {
        creating.entry = entry;
        created.push(creating);
      }
      creating = null;
      tasks.unpin();
      executions.unpin();
      keys.unpin();
    },
    batchOver() {
      for (const creations of createdBefore) creations.release();
      createdBefore = created;
      created = [];
    },
    freeze() {
      invariant(betweenEntries, 'I4', `a flush would write half of the entry after ${appliedIndex}`);
      return {
        index: appliedIndex,
        meta,
        tasks: tasks.freeze(),
        executions: executions.freeze(),
        keys: keys.freeze(),
      };
    },
    // Executions first: as long as one shadows the file, so does its task, whose state decides whether it is due.
    settle: (enough) => executions.settle(enough) && tasks.settle(enough) && keys.settle(enough),
    startAnew(index, stored) {
      for (const collection of [tasks, executions, keys]) collection.clear();
      creating = null;
      created = [];
      createdBefore = [];
      appliedIndex = index;
      meta = stored;
      betweenEntries = true;
    },
  };
}
