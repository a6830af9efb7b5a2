import type Database from 'better-sqlite3';
import type { TaskId } from '../tasks/task.ts';
import type { TaskFilter } from './projection.ts';
import { ANSWER_CHARACTERS_MAX, SEARCH_ROWS_MAX } from './projection-bounds.ts';
import { foldName } from './projection-order.ts';
import type { Answer, Ask, TaskTexts } from './projection-protocol.ts';
import { verifier } from './projection-queries.ts';

/**
 * The worker's search for tasks, by id. The narrowest index that the filter allows is walked (tag, then name, then state), at most
 * SEARCH_ROWS_MAX rows a step, and SQLite looks up the rest of the filter for each row: as ids in JavaScript, a million names take
 * ten times as long. A name is searched by plain comparison of folded text: nothing in it needs escaping, and letters beyond ASCII
 * fold too, which LIKE does not do. An index of trigrams would not be much faster, and each creation would pay for it.
 */
export function createSearch(
  database: Database.Database,
  path: string,
  rowsMax = SEARCH_ROWS_MAX,
): (ask: Ask<'tasks'>) => Answer<'tasks'> {
  const verified = verifier(path);
  const textsOf = database
    .prepare<[bigint], readonly [string, bigint, string, bigint]>(
      'SELECT status, tasks.hash, definition, definitions.hash FROM tasks JOIN definitions USING (id) WHERE id = ?',
    )
    .raw()
    .safeIntegers();
  const prepared = new Map<string, Walk>();

  function walkOf(filter: TaskFilter): Walk {
    const shape = walkShape(filter);
    const known = prepared.get(shape);
    if (known !== undefined) return known;
    const made = prepareWalk(database, filter);
    prepared.set(shape, made);
    return made;
  }

  return ({ filter, after, limit }) => {
    const walk = walkOf(filter);
    const of = {
      tag: filter.tag ?? null,
      state: filter.state ?? null,
      name: filter.name === undefined ? null : foldName(filter.name),
      after: after === null ? startOf(filter) : BigInt(after),
      rows: rowsMax,
    };
    const found = walk.matching.all({ ...of, limit });
    const rows: TaskTexts[] = [];
    let characters = 0;
    for (const taskId of found) {
      const texts = textsOf.get(BigInt(taskId));
      if (texts === undefined) continue;
      const [status, statusHash, definition, definitionHash] = texts;
      verified('task', taskId, status, statusHash);
      verified('definition', taskId, definition, definitionHash);
      rows.push([taskId, status, definition]);
      characters += status.length + definition.length;
      if (characters > ANSWER_CHARACTERS_MAX) return { rows, through: taskId };
    }
    // As many as were asked for: it stopped at the last of them. Else it came to the end of the step, or of all there is.
    const last = found.at(-1);
    return { rows, through: found.length >= limit && last !== undefined ? last : (walk.end.get(of) ?? null) };
  };
}

interface Bound {
  readonly tag: string | null;
  readonly state: string | null;
  readonly name: string | null;
  readonly after: bigint;
  readonly rows: number;
}

/** One way through an index. */
interface Walk {
  /** Of the next rows, those that the whole filter lets through. */
  readonly matching: Database.Statement<[Bound & { readonly limit: number }], TaskId>;
  /** Where these rows end; none when there are not as many. */
  readonly end: Database.Statement<[Bound], TaskId>;
}

const walkShape = ({ tag, state, name, newestFirst = false }: TaskFilter): string =>
  [tag, state, name].map((part) => Number(part !== undefined)).join('') + Number(newestFirst);

function prepareWalk(database: Database.Database, { tag, state, name, newestFirst = false }: TaskFilter): Walk {
  const [beyond, order] = newestFirst ? ['<', 'DESC'] : ['>', 'ASC'];
  const walked = (table: string, id: string, rest: string): string =>
    `FROM ${table} WHERE ${rest} ${id} ${beyond} @after ORDER BY ${id} ${order}`;
  const named = 'instr(folded, @name) > 0';
  const conditions: string[] = [];
  let [column, source] = ['id', walked('tasks', 'id', '')];
  if (tag !== undefined) {
    [column, source] = ['task_id', walked('tags', 'task_id', 'tag = @tag AND')];
    if (name !== undefined) conditions.push(`EXISTS (SELECT 1 FROM names WHERE names.task_id = walk.id AND ${named})`);
  } else if (name !== undefined) {
    [column, source] = ['task_id', walked('names', 'task_id', '')];
    conditions.push(named);
  } else if (state !== undefined) source = walked('tasks', 'id', 'state = @state AND');
  // By the narrow index: the rows of the table are wide, and these lie anywhere in it.
  if (state !== undefined && (tag !== undefined || name !== undefined))
    conditions.push(
      'EXISTS (SELECT 1 FROM tasks INDEXED BY tasks_by_state WHERE tasks.state = @state AND tasks.id = walk.id)',
    );
  const columns = `${column} AS id${tag === undefined && name !== undefined ? ', folded' : ''}`;
  const only = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const prepare = <P>(sql: string) => database.prepare<[P], TaskId>(sql).pluck();
  return {
    matching: prepare(
      `SELECT CAST(id AS TEXT) FROM (SELECT ${columns} ${source} LIMIT @rows) AS walk ${only} LIMIT @limit`,
    ),
    end: prepare(`SELECT CAST(${column} AS TEXT) ${source} LIMIT 1 OFFSET @rows - 1`),
  };
}

/** Task ids are numbers of 63 bits. */
const TASK_ID_BEYOND = 2n ** 63n - 1n;

const startOf = ({ newestFirst }: TaskFilter): bigint => (newestFirst === true ? TASK_ID_BEYOND : 0n);
