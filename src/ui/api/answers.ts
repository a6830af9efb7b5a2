import { memberText } from './json-text.ts';

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

/** A task that was asked for by itself. */
export interface ReadTask extends TaskAnswer {
  /** Of its callback, as its owner wrote it. Null: there is none. */
  readonly bodyText: string | null;
}

export const readTask = (text: string): ReadTask => ({
  ...(JSON.parse(text) as TaskAnswer),
  bodyText: memberText(text, ['callback', 'body']) ?? null,
});

export interface PageAnswer<T> {
  readonly items: readonly T[];
  readonly next_cursor: string | null;
}

export type ExecutionState = 'attempting' | 'waiting' | 'succeeded' | 'failed' | 'skipped' | 'cancelled' | 'unknown';

export interface AttemptAnswer {
  readonly number: number;
  readonly node_id: string;
  readonly result: 'open' | 'succeeded' | 'failed' | 'lost' | 'withheld';
  readonly claimed_at: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly status: number | null;
  readonly error: string | null;
  readonly excerpt: string | null;
}

export interface ExecutionAnswer {
  readonly id: string;
  readonly task_id: string;
  readonly run: number;
  readonly trigger: 'schedule' | 'manual';
  readonly scheduled_at: string;
  readonly late: boolean;
  readonly state: ExecutionState;
  readonly failures: number;
  readonly next_attempt_at: string | null;
  readonly created_at: string;
  readonly ended_at: string | null;
  readonly attempts: readonly AttemptAnswer[];
}

/** One line of what was done to a task. */
export interface RecordAnswer {
  readonly at: string;
  readonly type: string;
  readonly by: string;
  /** Of due times that were passed over. */
  readonly from?: string;
  readonly through?: string;
}

export interface PreviewAnswer {
  readonly next: readonly { readonly at: string; readonly local: string; readonly note?: string }[];
  readonly text: string;
}

export interface NamedTaskAnswer {
  readonly id: string;
  readonly name: string | null;
  readonly state: TaskState;
}

/** Due times of one task that were passed over. */
export interface MissedAnswer {
  readonly task: NamedTaskAnswer;
  readonly at: string;
  readonly from: string;
  readonly through: string;
}

export interface DeadLetterAnswer {
  readonly task: NamedTaskAnswer;
  readonly execution: ExecutionAnswer;
}
