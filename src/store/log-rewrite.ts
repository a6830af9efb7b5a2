import { rmSync } from 'node:fs';
import type { Configuration, HardState, InstanceId, LogIndex } from '../raft/types.ts';
import { openGuardFile } from './guard-file.ts';
import { replacementPaths } from './log-replacement.ts';
import {
  type EntryRow,
  INSERT_ROW,
  insertRow,
  type LogTail,
  type StoredBase,
  tailOfBase,
  tailOfRow,
} from './log-rows.ts';
import { readSalvagedRows } from './log-salvage.ts';
import { createLogFile } from './sqlite-log-file.ts';
import type { GroupPaths } from './store-layout.ts';

/** What is kept of a damaged log. */
export interface KeptLog {
  readonly instance: InstanceId;
  readonly hardState: HardState;
  readonly base: StoredBase;
  /** Rows from the damaged file, behind the base; none when it is the base's own index. */
  readonly throughIndex: LogIndex;
  /** Whether the node is to start as recovering, by the configuration in force at the end. */
  lostTail(configuration: Configuration | null): boolean;
}

/** Rows of one transaction while the kept entries are copied. */
const COPY_ROWS = 10_000;

/** Somebody else has what this node may have lost: it must not vote before it has it, too. */
export const othersVote = (configuration: Configuration | null, self: InstanceId): boolean =>
  [...(configuration?.members ?? []), ...(configuration?.outgoing ?? [])].some(
    ({ kind, instance }) => kind === 'voter' && instance !== self,
  );

/** Makes the replacement (log-replacement.ts) durable, and changes nothing else. */
export function rewriteLog(paths: GroupPaths, kept: KeptLog): LogTail {
  const replacement = replacementPaths(paths);
  const { base, throughIndex, instance } = kept;
  const { term, votedFor } = kept.hardState;
  const keptRows = (take: (row: EntryRow) => void): LogTail => {
    let tail = tailOfBase(base);
    if (throughIndex === base.index) return tail;
    readSalvagedRows(paths.log, base, throughIndex, (row) => {
      tail = tailOfRow(row);
      take(row);
    });
    // A disk that reads differently from one moment to the next: nothing has been replaced yet.
    if (tail.index !== throughIndex) throw new Error(`entry ${tail.index + 1} could be read a moment ago, and not now`);
    return tail;
  };

  rmSync(replacement.guard, { force: true });
  let { configuration } = base;
  const tail = keptRows((row) => {
    if (row.kind === 'configuration') configuration = JSON.parse(row.data) as Configuration;
  });
  openGuardFile(replacement.guard, { term, votedFor, lastIndex: tail.index, checksum: tail.checksum }).close();
  const lostTail = kept.lostTail(configuration);
  createLogFile(replacement.log, { instance, hardState: { term, votedFor }, base, lostTail }, (database) => {
    const insert = database.prepare(INSERT_ROW);
    database.exec('BEGIN');
    keptRows((row) => {
      insertRow(insert, row);
      if (row.idx % COPY_ROWS === 0) database.exec('COMMIT; BEGIN');
    });
    database.exec('COMMIT');
  });
  return tail;
}
