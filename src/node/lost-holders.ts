import type { TaskId } from '../tasks/task.ts';

/** Nodes that were taken for lost with claims of a task, the longest ago first: no more than were claimed within one lease. */
export class LostHolders {
  readonly #byTask = new Map<TaskId, { readonly nodeIds: ReadonlySet<string>; readonly atMs: number }>();

  put(taskId: TaskId, nodeIds: readonly string[], atMs: number): void {
    const before = this.of(taskId);
    this.#byTask.delete(taskId);
    this.#byTask.set(taskId, { nodeIds: new Set([...before, ...nodeIds]), atMs });
  }

  of(taskId: TaskId): Iterable<string> {
    return this.#byTask.get(taskId)?.nodeIds ?? [];
  }

  forgetBefore(atMs: number): void {
    for (const [taskId, lost] of this.#byTask) {
      if (lost.atMs >= atMs) return;
      this.#byTask.delete(taskId);
    }
  }

  clear(): void {
    this.#byTask.clear();
  }
}
