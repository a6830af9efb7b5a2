import type { LogIndex } from '../raft/types.ts';
import type { Entities, IdempotencyRecord, StateMeta } from '../tasks/entities.ts';
import type { Execution } from '../tasks/execution.ts';
import type { Task, TaskId } from '../tasks/task.ts';
import { formatHash } from './entity-hash.ts';
import { openStateFileToRead, readFileState } from './projection-file.ts';
import { verifier } from './projection-queries.ts';
import { decodeExecution, decodeKey, decodeMeta, decodeTask, runKey } from './rows.ts';

/** Reading a copy of the projection (see `Projection.copyTo`), or the state.db of a node that does not run. */

export interface SnapshotHead {
  readonly appliedIndex: LogIndex;
  readonly meta: StateMeta;
  /** As written with the last flush; `recomputeStateHash` says whether the rows still add up to it. */
  readonly hash: string;
}

/** Throws `StorageRefused`. */
export function readSnapshot(file: string): SnapshotHead {
  const database = openStateFileToRead(file);
  try {
    const { index, meta, hash } = readFileState(database, file);
    return { appliedIndex: index, meta: decodeMeta(meta), hash: formatHash(hash) };
  } finally {
    database.close();
  }
}

export interface SnapshotBatch {
  readonly tasks: readonly Task[];
  readonly executions: readonly Execution[];
  readonly keys: readonly IdempotencyRecord[];
}

const BATCH_ROWS = 500;

/** Every entity once: tasks by id, then executions, then keys, at most BATCH_ROWS a batch. Each row is checked against its hash. */
export function* snapshotEntities(file: string, batchRows: number = BATCH_ROWS): Generator<SnapshotBatch> {
  const database = openStateFileToRead(file);
  const verified = verifier(file);
  const none: SnapshotBatch = { tasks: [], executions: [], keys: [] };
  function* batches<Row, T>(rows: Iterable<Row>, decode: (row: Row) => T): Generator<T[]> {
    let batch: T[] = [];
    for (const row of rows) {
      batch.push(decode(row));
      if (batch.length < batchRows) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }
  const iterate = <Row>(sql: string): Iterable<Row> => database.prepare<[], Row>(sql).raw().safeIntegers().iterate();
  try {
    for (const tasks of batches(
      iterate<[TaskId, string, bigint, string, bigint]>(
        `SELECT CAST(id AS TEXT), status, tasks.hash, definition, definitions.hash
         FROM tasks JOIN definitions USING (id) ORDER BY id`,
      ),
      ([taskId, status, statusHash, definition, definitionHash]) =>
        decodeTask(
          taskId,
          verified('task', taskId, status, statusHash),
          verified('definition', taskId, definition, definitionHash),
        ),
    ))
      yield { ...none, tasks };
    for (const executions of batches(
      iterate<[TaskId, bigint, string, bigint]>(
        'SELECT CAST(task_id AS TEXT), run, document, hash FROM executions ORDER BY task_id, run',
      ),
      ([taskId, run, document, hash]) =>
        decodeExecution(taskId, Number(run), verified('execution', runKey(taskId, Number(run)), document, hash)),
    ))
      yield { ...none, executions };
    for (const keys of batches(
      iterate<[string, string, bigint]>('SELECT key, document, hash FROM keys ORDER BY key'),
      ([key, document, hash]) => decodeKey(key, verified('key', key, document, hash)),
    ))
      yield { ...none, keys };
  } finally {
    database.close();
  }
}

/** Puts all of a copy into an empty state in memory. The caller says `applied(appliedIndex)` afterwards. */
export function foldSnapshot(file: string, entities: Entities): SnapshotHead {
  const head = readSnapshot(file);
  for (const { tasks, executions, keys } of snapshotEntities(file)) {
    for (const task of tasks) entities.putTask(task);
    for (const execution of executions) entities.putExecution(execution);
    for (const record of keys) entities.putKey(record);
  }
  entities.putMeta(head.meta);
  return head;
}
