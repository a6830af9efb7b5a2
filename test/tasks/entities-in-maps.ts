import { EMPTY_META, type Entities, type IdempotencyRecord, type StateMeta } from '../../src/tasks/entities.ts';
import type { Execution } from '../../src/tasks/execution.ts';
import type { Task, TaskId } from '../../src/tasks/task.ts';

/** The state in plain maps: what the tasks room needs, and no more. */
export class EntitiesInMaps implements Entities {
  readonly tasks = new Map<TaskId, Task>();
  readonly executions = new Map<string, Execution>();
  readonly keys = new Map<string, IdempotencyRecord>();
  #meta: StateMeta = EMPTY_META;

  task(taskId: TaskId): Task | undefined {
    return this.tasks.get(taskId);
  }
  addTask(task: Task): void {
    this.putTask(task);
  }
  putTask(task: Task): void {
    this.tasks.set(task.taskId, task);
  }
  removeTask(taskId: TaskId): void {
    this.tasks.delete(taskId);
  }
  execution(taskId: TaskId, run: number): Execution | undefined {
    return this.executions.get(`${taskId}/${run}`);
  }
  putExecution(execution: Execution): void {
    this.executions.set(`${execution.taskId}/${execution.run}`, execution);
  }
  removeExecution(taskId: TaskId, run: number): void {
    this.executions.delete(`${taskId}/${run}`);
  }
  key(key: string): IdempotencyRecord | undefined {
    return this.keys.get(key);
  }
  putKey(record: IdempotencyRecord): void {
    this.keys.set(record.key, record);
  }
  removeKey(key: string): void {
    this.keys.delete(key);
  }
  meta(): StateMeta {
    return this.#meta;
  }
  putMeta(meta: StateMeta): void {
    this.#meta = meta;
  }
}
