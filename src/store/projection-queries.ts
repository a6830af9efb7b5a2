import type Database from 'better-sqlite3';
import { unreachable } from '../invariant.ts';
import type { Task, TaskId } from '../tasks/task.ts';
import { rowHash } from './entity-hash.ts';
import type { DeadLetter, DuePosition, RunRef } from './projection.ts';
import { ANSWER_CHARACTERS_MAX, RUNS_PER_ANSWER_MAX } from './projection-bounds.ts';
import { damaged, HISTORY_INDEXED_FROM } from './projection-file.ts';
import { compareDue } from './projection-order.ts';
import type {
  Answer,
  Ask,
  ExecutionText,
  ExpiringKey,
  Fetched,
  FetchRef,
  FinishedTask,
  OpenClaim,
  Step,
} from './projection-protocol.ts';
import type { TaskHistory } from './projection-retention.ts';
import { runKey } from './rows.ts';

/**
 * The reading half of the worker. Each call is one bounded step over an index; the main thread puts memory over the answer and asks
 * on from `through`. A question about one instant is two statements, `= instant AND id > …` and `> instant`: SQLite takes only the
 * first column of a row value as the bound of an index, so that paging through 10,000 tasks of one instant would be quadratic.
 */
export type ProjectionQueries = {
  readonly [Name in
    | 'fetch'
    | 'executions'
    | 'due'
    | 'open-claims'
    | 'dead-letters'
    | 'newest-dead-letters'
    | 'finished-tasks'
    | 'runs'
    | 'expired-keys'
    | 'histories']: (ask: Ask<Name>) => Answer<Name>;
};

const MIN_MS = Number.MIN_SAFE_INTEGER;

export function createQueries(database: Database.Database, path: string): ProjectionQueries {
  const statements = prepareQueries(database);
  const verified = verifier(path);

  function fetchOne(ref: FetchRef): Fetched {
    switch (ref.kind) {
      case 'task': {
        const row = statements.task.get(BigInt(ref.taskId));
        if (row === undefined) return null;
        const [status, statusHash, definition, definitionHash] = row;
        verified('task', ref.taskId, status, statusHash);
        verified('definition', ref.taskId, definition, definitionHash);
        return [status, definition];
      }
      case 'execution': {
        const row = statements.execution.get(BigInt(ref.taskId), ref.run);
        return row === undefined ? null : [verified('execution', runKey(ref.taskId, ref.run), ...row)];
      }
      case 'key': {
        const row = statements.key.get(ref.key);
        return row === undefined ? null : [verified('key', ref.key, ...row)];
      }
      default:
        return unreachable(ref);
    }
  }

  return {
    fetch(refs) {
      const answer: Fetched[] = [];
      let characters = 0;
      for (const ref of refs) {
        const texts = fetchOne(ref);
        answer.push(texts);
        for (const text of texts ?? []) characters += text.length;
        if (characters > ANSWER_CHARACTERS_MAX) break;
      }
      return answer;
    },
    executions({ taskId, beforeRun, limit }) {
      const rows: ExecutionText[] = [];
      let characters = 0;
      const before = beforeRun ?? Number.MAX_SAFE_INTEGER;
      for (const [run, document, hash] of statements.executions.iterate(BigInt(taskId), before, limit)) {
        rows.push([Number(run), verified('execution', runKey(taskId, Number(run)), document, hash)]);
        characters += document.length;
        if (characters > ANSWER_CHARACTERS_MAX) return { rows, through: Number(run) };
      }
      return stepOf(rows, limit, ([run]) => run);
    },
    due({ after, untilMs, limit }) {
      const atMs = after?.dueAtMs ?? MIN_MS;
      const taskId = BigInt(after?.taskId ?? 0);
      const found = [
        ...statements.dueTasksAt.all(atMs, taskId, limit),
        ...statements.dueTasksLater.all(atMs, untilMs, limit),
        ...statements.dueRunsOf.all(atMs, taskId, after?.run ?? 0, limit),
        ...statements.dueRunsAt.all(atMs, taskId, limit),
        ...statements.dueRunsLater.all(atMs, untilMs, limit),
      ]
        .map(([dueAtMs, id, run]): DuePosition => ({ dueAtMs, taskId: id, run }))
        .filter(({ dueAtMs }) => dueAtMs <= untilMs)
        .sort(compareDue);
      return stepOf(found.slice(0, limit), limit, (position) => position);
    },
    'open-claims'({ after, limit }) {
      const id = BigInt(after?.taskId ?? 0);
      const rows = [
        ...statements.openClaimsOf.all(id, after?.run ?? 0, limit),
        ...statements.openClaimsLater.all(id, limit),
      ].slice(0, limit);
      return stepOf<OpenClaim, RunRef>(rows, limit, ([taskId, run]) => ({ taskId, run }));
    },
    'dead-letters'({ after, beforeMs, limit }) {
      const atMs = after?.endedAtMs ?? MIN_MS;
      const id = BigInt(after?.taskId ?? 0);
      const rows = [
        ...statements.deadLettersOf.all(atMs, id, after?.run ?? 0, limit),
        ...statements.deadLettersAt.all(atMs, id, limit),
        ...statements.deadLettersLater.all(atMs, beforeMs, limit),
      ]
        .map(([endedAtMs, taskId, run]): DeadLetter => ({ endedAtMs, taskId, run }))
        .filter(({ endedAtMs }) => endedAtMs < beforeMs)
        .slice(0, limit);
      return stepOf(rows, limit, (row) => row);
    },
    'newest-dead-letters'({ below, limit }) {
      const atMs = below?.endedAtMs ?? Number.MAX_SAFE_INTEGER;
      const id = BigInt(below?.taskId ?? 0);
      const rows = [
        ...statements.failedRunsDown.all(atMs, id, below?.run ?? 0, limit),
        ...statements.failedTasksDown.all(atMs, id, limit),
        ...statements.failedEarlierDown.all(atMs, limit),
      ]
        .map(([endedAtMs, taskId, run]): DeadLetter => ({ endedAtMs, taskId, run }))
        .slice(0, limit);
      return stepOf(rows, limit, (row) => row);
    },
    'finished-tasks'({ after, beforeMs, limit }) {
      const atMs = after?.finishedAtMs ?? MIN_MS;
      const rows = [
        ...statements.finishedAt.all(atMs, BigInt(after?.taskId ?? 0), limit),
        ...statements.finishedLater.all(atMs, beforeMs, limit),
      ]
        .map(([finishedAtMs, taskId]): FinishedTask => ({ finishedAtMs, taskId }))
        .filter(({ finishedAtMs }) => finishedAtMs < beforeMs)
        .slice(0, limit);
      return stepOf(rows, limit, (row) => row);
    },
    runs: (tasks) => tasks.map(({ taskId, limit }) => statements.runs.all(BigInt(taskId), limit)),
    'expired-keys'({ after, beforeMs, limit }) {
      const atMs = after?.expiresAtMs ?? MIN_MS;
      const rows = [
        ...statements.keysAt.all(atMs, after?.key ?? '', limit),
        ...statements.keysLater.all(atMs, beforeMs, limit),
      ]
        .map(([expiresAtMs, key]): ExpiringKey => ({ expiresAtMs, key }))
        .filter(({ expiresAtMs }) => expiresAtMs < beforeMs)
        .slice(0, limit);
      return stepOf(rows, limit, (row) => row);
    },
    histories({ after, runsMin, limit }) {
      const choose = runsMin >= HISTORY_INDEXED_FROM ? statements.historiesIndexed : statements.histories;
      const rows = choose.all(runsMin, BigInt(after ?? 0), limit).map(([taskId, count, status]): TaskHistory => {
        const { openRuns, prunedThroughRun } = JSON.parse(status) as Task;
        // What retention passed already is mostly gone: start behind it, and at the beginning only where the count says otherwise.
        const newer = statements.history.all(BigInt(taskId), prunedThroughRun, RUNS_PER_ANSWER_MAX);
        const whole = newer.length === count || newer.length === RUNS_PER_ANSWER_MAX;
        const oldestRuns = whole ? newer : statements.history.all(BigInt(taskId), 0, RUNS_PER_ANSWER_MAX);
        return { taskId, count, oldestRuns, openRuns, prunedThroughRun };
      });
      return stepOf(rows, limit, ({ taskId }) => taskId);
    },
  };
}

function stepOf<Row, Position>(
  rows: readonly Row[],
  limit: number,
  position: (row: Row) => Position,
): Step<Row, Position> {
  const last = rows.at(-1);
  return { rows, through: rows.length < limit || last === undefined ? null : position(last) };
}

/** Pages carry no checksum: what is read must still be what was written, or the nodes part (I4). */
export function verifier(path: string) {
  return (kind: 'task' | 'definition' | 'execution' | 'key', key: string, text: string, hash: bigint): string => {
    if (rowHash(kind, key, text) !== hash) throw damaged(path, `${kind} ${key} is not as it was written`);
    return text;
  };
}

function prepareQueries(database: Database.Database) {
  type Due = readonly [number, TaskId, number];
  /** With `hash`, which only a BigInt holds. */
  const exact = <P extends unknown[], R>(sql: string) => database.prepare<P, R>(sql).raw().safeIntegers();
  const rows = <P extends unknown[], R>(sql: string) => database.prepare<P, R>(sql).raw();
  const taskDue = 'SELECT due_at, CAST(id AS TEXT), 0 FROM tasks WHERE due_at';
  const runDue = 'SELECT due_at, CAST(task_id AS TEXT), run FROM executions WHERE due_at';
  const claims = 'SELECT CAST(task_id AS TEXT), run, node_id, incarnation FROM executions';
  const failed = `SELECT ended_at, CAST(task_id AS TEXT), run FROM executions WHERE state = 'failed' AND ended_at`;
  const finished = 'SELECT finished_at, CAST(id AS TEXT) FROM tasks WHERE finished_at';
  const histories = 'SELECT CAST(id AS TEXT), history, status FROM tasks WHERE';
  return {
    task: exact<[bigint], readonly [string, bigint, string, bigint]>(
      `SELECT status, tasks.hash, definition, definitions.hash FROM tasks JOIN definitions USING (id) WHERE id = ?`,
    ),
    execution: exact<[bigint, number], readonly [string, bigint]>(
      'SELECT document, hash FROM executions WHERE task_id = ? AND run = ?',
    ),
    key: exact<[string], readonly [string, bigint]>('SELECT document, hash FROM keys WHERE key = ?'),
    executions: exact<[bigint, number, number], readonly [bigint, string, bigint]>(
      'SELECT run, document, hash FROM executions WHERE task_id = ? AND run < ? ORDER BY run DESC LIMIT ?',
    ),
    runs: database
      .prepare<[bigint, number], number>('SELECT run FROM executions WHERE task_id = ? ORDER BY run LIMIT ?')
      .pluck(),
    dueTasksAt: rows<[number, bigint, number], Due>(`${taskDue} = ? AND id > ? ORDER BY id LIMIT ?`),
    dueTasksLater: rows<[number, number, number], Due>(`${taskDue} > ? AND due_at <= ? ORDER BY due_at, id LIMIT ?`),
    dueRunsOf: rows<[number, bigint, number, number], Due>(
      `${runDue} = ? AND task_id = ? AND run > ? ORDER BY run LIMIT ?`,
    ),
    dueRunsAt: rows<[number, bigint, number], Due>(`${runDue} = ? AND task_id > ? ORDER BY task_id, run LIMIT ?`),
    dueRunsLater: rows<[number, number, number], Due>(
      `${runDue} > ? AND due_at <= ? ORDER BY due_at, task_id, run LIMIT ?`,
    ),
    openClaimsOf: rows<[bigint, number, number], OpenClaim>(
      `${claims} WHERE state = 'attempting' AND task_id = ? AND run > ? ORDER BY run LIMIT ?`,
    ),
    openClaimsLater: rows<[bigint, number], OpenClaim>(
      `${claims} WHERE state = 'attempting' AND task_id > ? ORDER BY task_id, run LIMIT ?`,
    ),
    deadLettersOf: rows<[number, bigint, number, number], Due>(
      `${failed} = ? AND task_id = ? AND run > ? ORDER BY run LIMIT ?`,
    ),
    deadLettersAt: rows<[number, bigint, number], Due>(`${failed} = ? AND task_id > ? ORDER BY task_id, run LIMIT ?`),
    deadLettersLater: rows<[number, number, number], Due>(
      `${failed} > ? AND ended_at < ? ORDER BY ended_at, task_id, run LIMIT ?`,
    ),
    failedRunsDown: rows<[number, bigint, number, number], Due>(
      `${failed} = ? AND task_id = ? AND run < ? ORDER BY run DESC LIMIT ?`,
    ),
    failedTasksDown: rows<[number, bigint, number], Due>(
      `${failed} = ? AND task_id < ? ORDER BY task_id DESC, run DESC LIMIT ?`,
    ),
    failedEarlierDown: rows<[number, number], Due>(
      `${failed} < ? ORDER BY ended_at DESC, task_id DESC, run DESC LIMIT ?`,
    ),
    finishedAt: rows<[number, bigint, number], readonly [number, TaskId]>(
      `${finished} = ? AND id > ? ORDER BY id LIMIT ?`,
    ),
    finishedLater: rows<[number, number, number], readonly [number, TaskId]>(
      `${finished} > ? AND finished_at < ? ORDER BY finished_at, id LIMIT ?`,
    ),
    keysAt: rows<[number, string, number], readonly [number, string]>(
      'SELECT expires_at, key FROM keys WHERE expires_at = ? AND key > ? ORDER BY key LIMIT ?',
    ),
    keysLater: rows<[number, number, number], readonly [number, string]>(
      'SELECT expires_at, key FROM keys WHERE expires_at > ? AND expires_at < ? ORDER BY expires_at, key LIMIT ?',
    ),
    historiesIndexed: rows<[number, bigint, number], readonly [TaskId, number, string]>(
      `${histories} history >= ${HISTORY_INDEXED_FROM} AND history >= ? AND id > ? ORDER BY id LIMIT ?`,
    ),
    histories: rows<[number, bigint, number], readonly [TaskId, number, string]>(
      `${histories} history >= ? AND id > ? ORDER BY id LIMIT ?`,
    ),
    history: database
      .prepare<[bigint, number, number], number>(
        `SELECT run FROM executions WHERE task_id = ? AND run > ? AND ended_at IS NOT NULL AND state <> 'failed'
         ORDER BY run LIMIT ?`,
      )
      .pluck(),
  };
}
