import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LogIndex } from '../raft/types.ts';
import type { RowKind } from './entity-hash.ts';
import { formatHash, rowHash, sumHashes } from './entity-hash.ts';
import { openStateFileToRead, readFileState } from './projection-file.ts';
import { runKey } from './rows.ts';

export interface Recomputation {
  readonly appliedIndex: LogIndex;
  /** Of the rows as they are now. */
  readonly hash: string;
  /** As the flushes kept it. The file is whole when both are equal. */
  readonly recorded: string;
  readonly rows: number;
  /** Rows that are not as they were written; the first few by name. */
  readonly damagedRows: number;
  readonly examples: readonly string[];
}

const EXAMPLES_MAX = 10;
const ROWS_PER_TURN = 500;

/** Each kind of row: its key, its text, and the hash kept beside it. */
const SCANS: readonly { readonly kind: RowKind; readonly sql: string }[] = [
  { kind: 'task', sql: 'SELECT CAST(id AS TEXT), NULL, status, hash FROM tasks' },
  { kind: 'definition', sql: 'SELECT CAST(id AS TEXT), NULL, definition, hash FROM definitions' },
  { kind: 'execution', sql: 'SELECT CAST(task_id AS TEXT), run, document, hash FROM executions' },
  { kind: 'key', sql: 'SELECT key, NULL, document, hash FROM keys' },
];

/** Adds the state hash up from every row's text, of a copy or of the state.db of a node that does not run. */
export async function recomputeStateHash(
  file: string,
  progress: (rows: number) => void = () => undefined,
): Promise<Recomputation> {
  const database = openStateFileToRead(file);
  try {
    const { index, meta, hash: recorded } = readFileState(database, file);
    let hash = rowHash('meta', '', meta);
    let rows = 0;
    let damagedRows = 0;
    const examples: string[] = [];
    for (const { kind, sql } of SCANS) {
      const scan = database.prepare<[], readonly [string, bigint | null, string, bigint]>(sql).raw().safeIntegers();
      for (const [id, run, text, stored] of scan.iterate()) {
        const key = run === null ? id : runKey(id as Parameters<typeof runKey>[0], Number(run));
        const share = rowHash(kind, key, text);
        hash = sumHashes(hash, share);
        rows += 1;
        if (share !== stored) {
          damagedRows += 1;
          if (examples.length < EXAMPLES_MAX) examples.push(`${kind} ${key}`);
        }
        if (rows % ROWS_PER_TURN !== 0) continue;
        progress(rows);
        await nextTurn();
      }
    }
    progress(rows);
    return { appliedIndex: index, hash: formatHash(hash), recorded: formatHash(recorded), rows, damagedRows, examples };
  } finally {
    database.close();
  }
}
