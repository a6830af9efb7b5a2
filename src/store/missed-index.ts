import type Database from 'better-sqlite3';
import type { TaskId } from '../tasks/task.ts';
import type { MissedDueTimes } from './missed-due-times.ts';
import type { MissedPlace } from './projection.ts';
import type { Answer, Ask } from './projection-protocol.ts';

/**
 * What was missed, of all tasks, by when it was. It is taken from the event lists in `definitions`, and no part of the state or its
 * hash: a file of an older xcron lacks it, and one that an older xcron wrote to since has one that is out of date. So it says at which
 * applied index it stands, and whoever opens the file to write makes it anew where that is another one than the state's.
 */
export const MISSED_SCHEMA = `
  CREATE TABLE IF NOT EXISTS missed (
    task_id INTEGER NOT NULL, at INTEGER NOT NULL, from_at INTEGER NOT NULL, through_at INTEGER NOT NULL,
    PRIMARY KEY (task_id, at, from_at)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS missed_by_time ON missed (at, task_id, from_at);
`;

/** In the table `meta`. */
export const MISSED_INDEX = 'missed_index';

/** Reads every definition once, in the transaction of the caller. A row that is no JSON any more is said by whoever reads it. */
export function rebuildMissed(database: Database.Database): void {
  database.exec(`
    ${MISSED_SCHEMA}
    DELETE FROM missed;
    INSERT OR IGNORE INTO missed (task_id, at, from_at, through_at)
      SELECT definitions.id, value ->> 'atMs', value ->> 'fromMs', value ->> 'throughMs'
      FROM definitions, json_each(iif(json_valid(definition), definition, '{}'), '$.records')
      WHERE instr(definition, '"DueTimesSkipped"') > 0 AND value ->> 'type' = 'DueTimesSkipped'
        AND value ->> 'fromMs' IS NOT NULL AND value ->> 'throughMs' IS NOT NULL;
  `);
}

/** Costs a misfire the rows that it changes, and every other change of a definition one look. */
export interface MissedRows {
  /** `missed` is all that the task's event list still holds. */
  put(id: bigint, missed: readonly MissedDueTimes[]): void;
  remove(id: bigint): void;
}

export function createMissedRows(database: Database.Database): MissedRows {
  const known = database
    .prepare<[bigint], readonly [at: number, fromAt: number]>('SELECT at, from_at FROM missed WHERE task_id = ?')
    .raw();
  const add = database.prepare<[bigint, number, number, number]>('INSERT OR IGNORE INTO missed VALUES (?, ?, ?, ?)');
  const drop = database.prepare<[bigint, number, number]>(
    'DELETE FROM missed WHERE task_id = ? AND at = ? AND from_at = ?',
  );
  const remove = database.prepare<[bigint]>('DELETE FROM missed WHERE task_id = ?');
  return {
    put(id, missed) {
      const held = known.all(id);
      const isHeld = new Set(held.map(([at, from]) => `${at} ${from}`));
      const isKept = new Set(missed.map(({ atMs, fromMs }) => `${atMs} ${fromMs}`));
      for (const [at, from] of held) if (!isKept.has(`${at} ${from}`)) drop.run(id, at, from);
      for (const { atMs, fromMs, throughMs } of missed)
        if (!isHeld.has(`${atMs} ${fromMs}`)) add.run(id, atMs, fromMs, throughMs);
    },
    remove: (id) => {
      remove.run(id);
    },
  };
}

/** Three statements and not one, as in projection-queries.ts: a row value bounds an index by its first column alone. */
export function createMissedQuery(database: Database.Database): (ask: Ask<'newest-missed'>) => Answer<'newest-missed'> {
  type Row = readonly [at: number, taskId: TaskId, fromAt: number, throughAt: number];
  const rows = <P extends unknown[]>(bound: string, order: string) =>
    database
      .prepare<P, Row>(
        `SELECT at, CAST(task_id AS TEXT), from_at, through_at FROM missed WHERE ${bound} ORDER BY ${order} LIMIT ?`,
      )
      .raw();
  const ofTask = rows<[number, bigint, number, number]>('at = ? AND task_id = ? AND from_at < ?', 'from_at DESC');
  const atOnce = rows<[number, bigint, number]>('at = ? AND task_id < ?', 'task_id DESC, from_at DESC');
  const earlier = rows<[number, number]>('at < ?', 'at DESC, task_id DESC, from_at DESC');
  return ({ below, limit }) => {
    const at = below?.atMs ?? Number.MAX_SAFE_INTEGER;
    const id = BigInt(below?.taskId ?? 0);
    const found = [
      ...ofTask.all(at, id, below?.fromMs ?? 0, limit),
      ...atOnce.all(at, id, limit),
      ...earlier.all(at, limit),
    ]
      .slice(0, limit)
      .map(([atMs, taskId, fromMs, throughMs]): MissedDueTimes => ({ taskId, atMs, fromMs, throughMs }));
    const last = found.at(-1);
    const through: MissedPlace | null = found.length < limit || last === undefined ? null : last;
    return { rows: found, through };
  };
}
