import { formatHash } from './entity-hash.ts';
import type { LastIncluded } from './log-store.ts';
import { createMemoryDisk, type MemoryDisk, memoryContent } from './memory-projection.ts';
import {
  decodeExecution,
  decodeKey,
  decodeMeta,
  decodeTask,
  encodeExecution,
  encodeKey,
  encodeMeta,
  encodeTaskDefinition,
  encodeTaskStatus,
  parseRunKey,
} from './rows.ts';

/** A state in memory as bytes: equal states have equal bytes, whatever led to them. */
interface EncodedState {
  readonly index: number;
  readonly meta: string;
  readonly hash: string;
  readonly lastIncluded: LastIncluded | null;
  readonly tasks: readonly (readonly [taskId: string, status: string, definition: string])[];
  readonly executions: readonly (readonly [key: string, document: string])[];
  readonly keys: readonly (readonly [key: string, document: string])[];
}

export function encodeState({ index, meta, hash, lastIncluded, tasks, executions, keys }: MemoryDisk): Uint8Array {
  const state: EncodedState = {
    index,
    meta: encodeMeta(meta),
    hash: formatHash(hash),
    lastIncluded,
    tasks: byKey(tasks).map(([taskId, task]) => [taskId, encodeTaskStatus(task), encodeTaskDefinition(task)]),
    executions: byKey(executions).map(([key, execution]) => [key, encodeExecution(execution)]),
    keys: byKey(keys).map(([key, record]) => [key, encodeKey(record)]),
  };
  return Buffer.from(JSON.stringify(state));
}

/** Undefined for bytes that are no state, or do not add up to the hash that they carry. */
export function decodeState(bytes: Uint8Array): MemoryDisk | undefined {
  try {
    const state = JSON.parse(Buffer.from(bytes).toString()) as EncodedState;
    const disk = createMemoryDisk();
    disk.index = state.index;
    disk.lastIncluded = state.lastIncluded;
    disk.meta = decodeMeta(state.meta);
    for (const [taskId, status, definition] of state.tasks) {
      const task = decodeTask(taskId as Parameters<typeof decodeTask>[0], status, definition);
      disk.tasks.set(taskId, task);
    }
    for (const [key, document] of state.executions) {
      const { taskId, run } = parseRunKey(key);
      disk.executions.set(key, decodeExecution(taskId, run, document));
    }
    for (const [key, document] of state.keys) disk.keys.set(key, decodeKey(key, document));
    Object.assign(disk, memoryContent(disk));
    return formatHash(disk.hash) === state.hash ? disk : undefined;
  } catch {
    return undefined;
  }
}

const byKey = <V>(map: ReadonlyMap<string, V>): (readonly [string, V])[] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1));
