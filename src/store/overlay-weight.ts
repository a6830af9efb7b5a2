import type { IdempotencyRecord } from '../tasks/entities.ts';
import type { Execution } from '../tasks/execution.ts';
import type { Task } from '../tasks/task.ts';

/** About how many bytes an entity holds in memory: the parts that vary, and a figure for the rest (measured on a heap of each). */
const TASK_BYTES = 1_200;
const RECORD_BYTES = 80;
const EXECUTION_BYTES = 400;
const ATTEMPT_BYTES = 200;
const KEY_BYTES = 200;
const NUMBER_BYTES = 8;

export function taskWeight({ definition, records, openRuns }: Task): number {
  const { callback, tags, name } = definition;
  let bytes = TASK_BYTES + records.length * RECORD_BYTES + openRuns.length * NUMBER_BYTES;
  bytes += callback.url.length + (callback.body?.length ?? 0) + (name?.length ?? 0);
  for (const tag of tags) bytes += tag.length;
  for (const header in callback.headers) bytes += header.length + (callback.headers[header]?.length ?? 0);
  return bytes;
}

export function executionWeight({ attempts }: Execution): number {
  let bytes = EXECUTION_BYTES;
  for (const { excerpt, error } of attempts) bytes += ATTEMPT_BYTES + (excerpt?.length ?? 0) + (error?.length ?? 0);
  return bytes;
}

export const keyWeight = ({ key, fingerprint }: IdempotencyRecord): number =>
  KEY_BYTES + key.length + fingerprint.length;
