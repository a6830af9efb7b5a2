import type Database from 'better-sqlite3';
import { invariant } from '../invariant.ts';
import { creationsIn } from '../tasks/creations.ts';
import type { EntryContent } from '../tasks/entry.ts';
import type { TaskId } from '../tasks/task.ts';
import { rowHash, sumHashes } from './entity-hash.ts';
import { createMissedRows } from './missed-index.ts';
import type { ProjectionCounts } from './projection.ts';
import type { FileState } from './projection-file.ts';
import { writeFileState } from './projection-file.ts';
import { foldName } from './projection-order.ts';
import type { Ask, CreatedTasks, ExecutionRow, KeyRow, Slice, TaskRow } from './projection-protocol.ts';
import { countsAsHistory } from './projection-retention.ts';
import { taskRow } from './projection-slices.ts';
import { decodeMeta, runKey } from './rows.ts';

/** The writing half of the worker: one transaction, in slices. */
export interface ProjectionWrites {
  readonly state: FileState;
  /** The first slice begins the transaction. */
  apply(slice: Slice): void;
  /** Writes the index with everything else that changed; durable when it returns. */
  commit(end: Ask<'commit'>): void;
  rollback(): void;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function createWrites(database: Database.Database, opened: FileState): ProjectionWrites {
  const statements = prepareWrites(database);
  const missedRows = createMissedRows(database);
  let state = opened;
  let tasks: Mutable<ProjectionCounts['tasks']> = { ...opened.counts.tasks };
  let executions = opened.counts.executions;
  let hash = opened.hash;
  let lastTaskId = decodeMeta(opened.meta).lastTaskId;
  /** Of tasks whose row this transaction has not come to. */
  const historyChanges = new Map<TaskId, number>();

  const replaceHash = (before: bigint | undefined, after: bigint): void => {
    hash = sumHashes(hash, after - (before ?? 0n));
  };
  const changeHistory = (taskId: TaskId, by: number): void => {
    if (by !== 0) historyChanges.set(taskId, (historyChanges.get(taskId) ?? 0) + by);
  };

  /** Ids only grow: what is above the last one that the file knows of is not in it, and need not be looked for (1 µs of 8). */
  const isNew = (taskId: TaskId): boolean =>
    taskId.length === lastTaskId.length ? taskId > lastTaskId : taskId.length > lastTaskId.length;

  function begin(): void {
    if (!database.inTransaction) database.exec('BEGIN IMMEDIATE');
  }

  function putExecution(row: ExecutionRow): void {
    const { taskId, run, state: to, endedAtMs, nodeId, incarnation, document } = row;
    const id = BigInt(taskId);
    const old = statements.oldExecution.get(id, run);
    const share = rowHash('execution', runKey(taskId, run), document);
    // What the task is now in the file; if this flush changes that, `putTask` sees to its waiting executions.
    const parked = row.nextAttemptAtMs !== null && (statements.taskState.get(id) ?? 'scheduled') !== 'scheduled';
    statements.putExecution.run(
      id,
      run,
      to,
      parked ? null : row.nextAttemptAtMs,
      endedAtMs,
      nodeId,
      incarnation,
      share,
      document,
    );
    replaceHash(old?.[0], share);
    if (old === undefined) executions += 1;
    changeHistory(taskId, Number(countsAsHistory({ state: to, endedAtMs })) - historyShare(old));
  }

  function removeExecution(taskId: TaskId, run: number): void {
    const id = BigInt(taskId);
    const old = statements.oldExecution.get(id, run);
    if (old === undefined) return;
    statements.removeExecution.run(id, run);
    replaceHash(old[0], 0n);
    executions -= 1;
    changeHistory(taskId, -historyShare(old));
  }

  function putTask(row: TaskRow): void {
    const id = BigInt(row.taskId);
    const old = isNew(row.taskId) ? undefined : statements.oldTask.get(id);
    const share = rowHash('task', row.taskId, row.status);
    const history = historyChanges.get(row.taskId) ?? 0;
    historyChanges.delete(row.taskId);
    statements.putTask.run(id, row.state, row.dueAtMs, row.finishedAtMs, history, share, row.status, history);
    replaceHash(old?.[0], share);
    if (old !== undefined) tasks[old[1]] -= 1;
    tasks[row.state] += 1;
    const scheduled = row.state === 'scheduled';
    if (((old?.[1] ?? 'scheduled') === 'scheduled') !== scheduled) {
      const { openRuns } = JSON.parse(row.status) as { readonly openRuns: readonly number[] };
      for (const run of openRuns) (scheduled ? statements.unparkRun : statements.parkRun).run(id, run);
    }
    if (row.wide !== null) putDefinition(row.taskId, id, row.wide);
  }

  /** The same rows as from the loop, made of the same text as the state there (I4). */
  function putCreated({ entry, taskIds }: CreatedTasks): void {
    const wanted = new Set(taskIds);
    for (const task of creationsIn(JSON.parse(entry) as EntryContent))
      if (wanted.delete(task.taskId)) putTask(taskRow(task, true));
    invariant(wanted.size === 0, 'I4', `an entry does not create ${[...wanted].join(', ')}`);
  }

  function putDefinition(taskId: TaskId, id: bigint, wide: NonNullable<TaskRow['wide']>): void {
    const { definition, name, tags, missed } = wide;
    const old = isNew(taskId) ? undefined : statements.oldDefinition.get(id);
    if (old?.[1] === 1n) removeLabels(id);
    const share = rowHash('definition', taskId, definition);
    const labelled = name !== null || tags.length > 0;
    statements.putDefinition.run(id, labelled ? 1 : 0, share, definition);
    replaceHash(old?.[0], share);
    if (name !== null) statements.putName.run(id, foldName(name));
    for (const tag of tags) statements.putTag.run(tag, id);
    if (old !== undefined || missed.length > 0) missedRows.put(id, missed);
  }

  function removeLabels(id: bigint): void {
    statements.removeName.run(id);
    const old = JSON.parse(statements.definition.get(id) ?? '') as { readonly definition: { readonly tags: string[] } };
    for (const tag of old.definition.tags) statements.removeTag.run(tag, id);
  }

  function removeTask(taskId: TaskId): void {
    const id = BigInt(taskId);
    historyChanges.delete(taskId);
    const old = statements.oldTask.get(id);
    if (old === undefined) return;
    const wide = statements.oldDefinition.get(id);
    if (wide?.[1] === 1n) removeLabels(id);
    statements.removeTask.run(id);
    statements.removeDefinition.run(id);
    missedRows.remove(id);
    replaceHash(old[0], 0n);
    replaceHash(wide?.[0], 0n);
    tasks[old[1]] -= 1;
  }

  function putKey({ key, expiresAtMs, document }: KeyRow): void {
    const share = rowHash('key', key, document);
    replaceHash(statements.oldKey.get(key), share);
    statements.putKey.run(key, expiresAtMs, share, document);
  }

  function removeKey(key: string): void {
    const old = statements.oldKey.get(key);
    if (old === undefined) return;
    statements.removeKey.run(key);
    replaceHash(old, 0n);
  }

  return {
    get state() {
      return state;
    },
    apply(slice) {
      begin();
      for (const row of slice.executions) putExecution(row);
      for (const { taskId, run } of slice.removedExecutions) removeExecution(taskId, run);
      for (const group of slice.createdTasks) putCreated(group);
      for (const row of slice.tasks) putTask(row);
      for (const taskId of slice.removedTasks) removeTask(taskId);
      for (const row of slice.keys) putKey(row);
      for (const key of slice.removedKeys) removeKey(key);
    },
    commit({ index, meta, lastIncluded, refused }) {
      begin();
      for (const [taskId, by] of historyChanges) statements.changeHistory.run(by, BigInt(taskId));
      historyChanges.clear();
      if (meta !== state.meta) replaceHash(rowHash('meta', '', state.meta), rowHash('meta', '', meta));
      const next: FileState = {
        index,
        meta,
        hash,
        counts: { tasks: { ...tasks }, executions },
        lastIncluded,
        refused,
      };
      writeFileState(database, next);
      database.exec('COMMIT');
      state = next;
      lastTaskId = decodeMeta(meta).lastTaskId;
    },
    rollback() {
      if (database.inTransaction) database.exec('ROLLBACK');
      tasks = { ...state.counts.tasks };
      executions = state.counts.executions;
      hash = state.hash;
      historyChanges.clear();
    },
  };
}

type OldExecution = readonly [hash: bigint, state: ExecutionRow['state'], endedAtMs: bigint | null];

const historyShare = (old: OldExecution | undefined): number =>
  old === undefined
    ? 0
    : Number(countsAsHistory({ state: old[1], endedAtMs: old[2] === null ? null : Number(old[2]) }));

function prepareWrites(database: Database.Database) {
  const old = <P extends unknown[], R>(sql: string) => database.prepare<P, R>(sql).raw().safeIntegers();
  const write = <P extends unknown[]>(sql: string) => database.prepare<P>(sql);
  type Id = [id: bigint];
  return {
    oldTask: old<Id, readonly [bigint, TaskRow['state']]>('SELECT hash, state FROM tasks WHERE id = ?'),
    taskState: database.prepare<Id, TaskRow['state']>('SELECT state FROM tasks WHERE id = ?').pluck(),
    putTask: write<[bigint, string, number | null, number | null, number, bigint, string, number]>(
      `INSERT INTO tasks (id, state, due_at, finished_at, history, hash, status) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET state = excluded.state, due_at = excluded.due_at, finished_at = excluded.finished_at,
       history = history + ?, hash = excluded.hash, status = excluded.status`,
    ),
    changeHistory: write<[number, bigint]>('UPDATE tasks SET history = history + ? WHERE id = ?'),
    removeTask: write<Id>('DELETE FROM tasks WHERE id = ?'),
    parkRun: write<[bigint, number]>(
      'UPDATE executions SET due_at = NULL WHERE task_id = ? AND run = ? AND due_at IS NOT NULL',
    ),
    unparkRun: write<[bigint, number]>(
      `UPDATE executions SET due_at = json_extract(document, '$.nextAttemptAtMs')
       WHERE task_id = ? AND run = ? AND state = 'waiting'`,
    ),
    oldDefinition: old<Id, readonly [bigint, bigint]>('SELECT hash, labelled FROM definitions WHERE id = ?'),
    definition: database.prepare<Id, string>('SELECT definition FROM definitions WHERE id = ?').pluck(),
    putDefinition: write<[bigint, number, bigint, string]>(
      'INSERT OR REPLACE INTO definitions (id, labelled, hash, definition) VALUES (?, ?, ?, ?)',
    ),
    removeDefinition: write<Id>('DELETE FROM definitions WHERE id = ?'),
    putName: write<[bigint, string]>('INSERT OR REPLACE INTO names (task_id, folded) VALUES (?, ?)'),
    removeName: write<Id>('DELETE FROM names WHERE task_id = ?'),
    putTag: write<[string, bigint]>('INSERT OR IGNORE INTO tags (tag, task_id) VALUES (?, ?)'),
    removeTag: write<[string, bigint]>('DELETE FROM tags WHERE tag = ? AND task_id = ?'),
    oldExecution: old<[bigint, number], OldExecution>(
      'SELECT hash, state, ended_at FROM executions WHERE task_id = ? AND run = ?',
    ),
    putExecution: write<
      [bigint, number, string, number | null, number | null, string | null, number | null, bigint, string]
    >(
      `INSERT OR REPLACE INTO executions (task_id, run, state, due_at, ended_at, node_id, incarnation, hash, document)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    removeExecution: write<[bigint, number]>('DELETE FROM executions WHERE task_id = ? AND run = ?'),
    oldKey: database.prepare<[string], bigint>('SELECT hash FROM keys WHERE key = ?').pluck().safeIntegers(),
    putKey: write<[string, number, bigint, string]>(
      'INSERT OR REPLACE INTO keys (key, expires_at, hash, document) VALUES (?, ?, ?, ?)',
    ),
    removeKey: write<[string]>('DELETE FROM keys WHERE key = ?'),
  };
}
