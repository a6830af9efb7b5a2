import type Database from 'better-sqlite3';
import type { TaskId, TaskState } from '../tasks/task.ts';
import type { TaskFilter } from './projection.ts';
import { ANSWER_CHARACTERS_MAX, SCAN_ROWS_MAX } from './projection-bounds.ts';
import { foldName } from './projection-order.ts';
import type { Answer, Ask, TaskTexts } from './projection-protocol.ts';
import { verifier } from './projection-queries.ts';

/**
 * The worker's search for tasks, by id. The narrowest index that the filter allows names candidates (tag, then name, then state);
 * the rest of the filter is looked up for each. A name is searched in a table of names alone, at most SCAN_ROWS_MAX a step, by plain
 * comparison of folded text: nothing in it needs escaping, and letters beyond ASCII fold too, which LIKE does not do.
 */
export function createSearch(database: Database.Database, path: string): (ask: Ask<'tasks'>) => Answer<'tasks'> {
  const verified = verifier(path);
  type Ids = [after: bigint, limit: number];
  const ids = <P extends unknown[]>(sql: string) => database.prepare<P, TaskId>(sql).pluck();
  const listed = (newestFirst: boolean) => {
    const [beyond, order] = newestFirst ? ['<', 'DESC'] : ['>', 'ASC'];
    const tagged = `SELECT CAST(task_id AS TEXT) FROM tags WHERE tag = ? AND task_id ${beyond} ?`;
    const named = `SELECT CAST(task_id AS TEXT) FROM names WHERE task_id ${beyond} ?`;
    return {
      byTag: ids<[string, ...Ids]>(`${tagged} ORDER BY task_id ${order} LIMIT ?`),
      byName: ids<Ids>(`${named} ORDER BY task_id ${order} LIMIT ?`),
      byState: ids<[string, ...Ids]>(
        `SELECT CAST(id AS TEXT) FROM tasks WHERE state = ? AND id ${beyond} ? ORDER BY id ${order} LIMIT ?`,
      ),
      all: ids<Ids>(`SELECT CAST(id AS TEXT) FROM tasks WHERE id ${beyond} ? ORDER BY id ${order} LIMIT ?`),
    };
  };
  const oldestFirst = listed(false);
  const newestFirst = listed(true);
  const nameOf = database.prepare<[bigint], string>('SELECT folded FROM names WHERE task_id = ?').pluck();
  const stateOf = database.prepare<[bigint], TaskState>('SELECT state FROM tasks WHERE id = ?').pluck();
  const textsOf = database
    .prepare<[bigint], readonly [string, bigint, string, bigint]>(
      'SELECT status, tasks.hash, definition, definitions.hash FROM tasks JOIN definitions USING (id) WHERE id = ?',
    )
    .raw()
    .safeIntegers();

  function candidates(filter: TaskFilter, after: bigint, limit: number): readonly TaskId[] {
    const { byTag, byName, byState, all } = filter.newestFirst === true ? newestFirst : oldestFirst;
    if (filter.tag !== undefined) return byTag.all(filter.tag, after, limit);
    if (filter.name !== undefined) return byName.all(after, limit);
    if (filter.state !== undefined) return byState.all(filter.state, after, limit);
    return all.all(after, limit);
  }

  return ({ filter, after, limit }) => {
    const name = filter.name === undefined ? undefined : foldName(filter.name);
    const exact = name === undefined && (filter.tag === undefined || filter.state === undefined);
    const scanned = exact ? Math.min(limit, SCAN_ROWS_MAX) : SCAN_ROWS_MAX;
    const found = candidates(filter, after === null ? startOf(filter) : BigInt(after), scanned);
    const rows: TaskTexts[] = [];
    let characters = 0;
    for (const taskId of found) {
      const id = BigInt(taskId);
      if (name !== undefined && nameOf.get(id)?.includes(name) !== true) continue;
      if (filter.state !== undefined && stateOf.get(id) !== filter.state) continue;
      const texts = textsOf.get(id);
      if (texts === undefined) continue;
      const [status, statusHash, definition, definitionHash] = texts;
      verified('task', taskId, status, statusHash);
      verified('definition', taskId, definition, definitionHash);
      rows.push([taskId, status, definition]);
      characters += status.length + definition.length;
      if (rows.length >= limit || characters > ANSWER_CHARACTERS_MAX) return { rows, through: taskId };
    }
    return { rows, through: found.length < scanned ? null : (found.at(-1) ?? null) };
  };
}

/** Task ids are numbers of 63 bits. */
const TASK_ID_BEYOND = 2n ** 63n - 1n;

const startOf = ({ newestFirst }: TaskFilter): bigint => (newestFirst === true ? TASK_ID_BEYOND : 0n);
