/** Every bound of the tasks room, in one place (I10). */

/** A due time that is further behind than this falls to the misfire policy; up to it, every one is sent, in order. */
export const MISFIRE_AFTER_MS = 10_000;
/** A one-shot this far in the past is fired at once; an older one is refused. */
export const INSTANT_PAST_MAX_MS = 60_000;
/** An execution begun later than this after its time is marked late. */
export const LATE_AFTER_MS = 1_000;
/** Open executions of one task. At the bound its next fire waits until one ends. All of them end with a cancel, in one turn. */
export const OPEN_RUNS_MAX = 200;
export const EXECUTIONS_KEPT = 50;
/** Retention acts when this many more than EXECUTIONS_KEPT have piled up, so that one entry removes several. */
export const EXECUTIONS_PRUNE_SLACK = 10;
export const DEAD_LETTERS_KEPT_MS = 30 * 86_400_000;
export const FINISHED_TASKS_KEPT_MS = 7 * 86_400_000;
export const IDEMPOTENCY_KEYS_KEPT_MS = 86_400_000;
/** How long the result of a command is known to its repetition. A node gives up repeating long before. */
export const COMMAND_RESULTS_KEPT_MS = 600_000;
/** Of the audit: what operators asked for, in the state. The log has all that it has not forgotten. */
export const OPERATIONS_KEPT = 100;
/** Of why one was refused, in the audit: what is longer is cut. */
export const OPERATION_REASON_CHARS_MAX = 300;
export const ATTEMPTS_KEPT = 20;
export const TASK_RECORDS_KEPT = 50;
export const RETRY_ATTEMPTS_MAX = 100;
export const RETRY_BACKOFF_MAX_MS = 86_400_000;
/** Retry-After is honoured up to here. */
export const RETRY_AFTER_MAX_MS = 86_400_000;

export const DEFAULT_RETRY = { attempts: 5, backoffMs: 1_000, backoffMaxMs: 300_000 } as const;
export const BACKOFF_FACTOR = 2;
/** After an attempt that found no place in its sender: to be claimed again at once would only fill the log. */
export const WITHHELD_PAUSE_MS = 1_000;
