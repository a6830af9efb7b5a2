/** What the node answers, as far as the pages read it (/openapi.json has the whole). */

export type TaskState = 'scheduled' | 'paused' | 'completed' | 'cancelled';

export interface TaskAnswer {
  readonly id: string;
  readonly name: string | null;
  readonly tags: readonly string[];
  readonly schedule: string;
  readonly timezone: string | null;
  readonly dst: string | null;
  readonly callback: {
    readonly url: string;
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: unknown;
  };
  readonly retry: { readonly attempts: number; readonly backoff: string; readonly backoff_max: string };
  readonly misfire: string;
  readonly overlap: string;
  readonly delivery: string;
  readonly state: TaskState;
  readonly version: number;
  readonly next_at: string | null;
  readonly last_scheduled_at: string | null;
  readonly run_count: number;
  readonly open_executions: number;
  readonly created_at: string;
  readonly updated_at: string;
  readonly finished_at: string | null;
}

export interface PageAnswer<T> {
  readonly items: readonly T[];
  readonly next_cursor: string | null;
}
