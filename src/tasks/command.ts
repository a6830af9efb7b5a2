import type { Callback, Delivery, MisfirePolicy, OverlapPolicy, RetryPolicy, TaskId } from './task.ts';

/** What a client asks for, in the imperative. Checked for shape before; decided here for meaning. */

export interface TaskDraft {
  readonly name: string | null;
  readonly tags: readonly string[];
  readonly schedule: string;
  readonly timezone: string;
  readonly dst: string;
  readonly callback: Callback;
  readonly retry: RetryPolicy;
  readonly misfire: MisfirePolicy;
  readonly overlap: OverlapPolicy;
  readonly delivery: Delivery;
}

/** What is left out stays as it is. */
export type TaskChanges = { readonly [K in keyof TaskDraft]?: TaskDraft[K] };

export interface CreateTask {
  readonly type: 'CreateTask';
  readonly draft: TaskDraft;
  /** `fingerprint` of the request: the same key with another request is refused. */
  readonly idempotency: { readonly key: string; readonly fingerprint: string } | null;
}

/** Null version: whatever it is now. */
interface OwnerCommand {
  readonly taskId: TaskId;
  readonly version: number | null;
}
export interface UpdateTask extends OwnerCommand {
  readonly type: 'UpdateTask';
  readonly changes: TaskChanges;
}
export interface PauseTask extends OwnerCommand {
  readonly type: 'PauseTask';
}
export interface ResumeTask extends OwnerCommand {
  readonly type: 'ResumeTask';
}
export interface CancelTask extends OwnerCommand {
  readonly type: 'CancelTask';
}
export interface RunTask extends OwnerCommand {
  readonly type: 'RunTask';
}

export type ChangeCommand = UpdateTask | PauseTask | ResumeTask | CancelTask | RunTask;
export type Command = CreateTask | ChangeCommand;

export type RefusalCode =
  | 'task_not_found'
  | 'version_mismatch'
  | 'task_paused'
  | 'task_not_paused'
  | 'task_finished'
  | 'task_busy'
  | 'task_too_large'
  | 'schedule_exhausted'
  | 'schedule_refused'
  | 'instant_past'
  | 'timezone_refused'
  | 'idempotency_key_reused';

export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
  /** JSON Pointers into what the client sent. */
  readonly errors: readonly { readonly path: string; readonly message: string }[];
}

export const refusal = (code: RefusalCode, message: string, path?: string): Refusal => ({
  code,
  message,
  errors: path === undefined ? [] : [{ path, message }],
});
