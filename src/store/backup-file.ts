import Database from 'better-sqlite3';
import type { ClusterId, LogIndex, NodeId } from '../raft/types.ts';
import { syncFile } from './durable-file.ts';
import type { LastIncluded } from './log-store.ts';
import { StorageRefused } from './log-store.ts';
import { writeLastIncluded } from './projection-file.ts';
import { recomputeStateHash } from './projection-verify.ts';
import { isCount, seal, unseal } from './sealed-json.ts';
import { readSnapshot } from './snapshot.ts';

/**
 * A backup is one file: a copy of the state, in which a sealed record says of which cluster, and at which entry. Each row carries its
 * checksum and all of them add up to the state hash, which the record repeats.
 */
export interface BackupRecord extends LastIncluded {
  readonly clusterId: ClusterId;
  /** Who made it. */
  readonly nodeId: NodeId;
  readonly stateHash: string;
  readonly madeAtMs: number;
}

/** Raised when an older xcron could not read what a newer one wrote. */
const BACKUP_FORMAT = 1;

/** Makes a copy of the state a backup; durable when it returns, and still under the name of the copy. */
export async function sealBackup(
  copy: string,
  about: Pick<BackupRecord, 'clusterId' | 'nodeId' | 'madeAtMs'>,
  end: LastIncluded,
): Promise<BackupRecord> {
  const stateHash = await verifiedHash(copy, end.index);
  const record: BackupRecord = { ...about, ...end, stateHash };
  const database = new Database(copy, { fileMustExist: true });
  try {
    database.exec('CREATE TABLE backup (record TEXT NOT NULL) STRICT');
    database.prepare('INSERT INTO backup VALUES (?)').run(seal({ format: BACKUP_FORMAT, ...record }));
  } finally {
    database.close();
  }
  syncFile(copy);
  return record;
}

/** Reads all of it. Throws `StorageRefused` for anything that is not exactly what was backed up. */
export async function verifyBackup(file: string): Promise<BackupRecord> {
  // First of all whether it is a state at all: that is said best by who reads states.
  readSnapshot(file);
  const record = readRecord(file);
  if ((await verifiedHash(file, record.index)) !== record.stateHash)
    throw damaged(file, 'its rows are not those that were backed up');
  return record;
}

/** The state without the record, for a data directory whose log begins with `end`. */
export function unsealBackup(copy: string, end: LastIncluded): void {
  const database = new Database(copy, { fileMustExist: true });
  try {
    database.exec('DROP TABLE backup');
    writeLastIncluded(database, end);
  } finally {
    database.close();
  }
}

function readRecord(file: string): BackupRecord {
  const database = new Database(file, { readonly: true, fileMustExist: true });
  try {
    const isBackup = database.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'backup'").pluck().get() === 1;
    if (!isBackup)
      throw new StorageRefused('format', `${file} is no backup`, 'Give a file that `xcron store backup` wrote.');
    const text: unknown = database.prepare('SELECT record FROM backup').pluck().get();
    const record = typeof text === 'string' ? unseal(text) : undefined;
    if (record === undefined) throw damaged(file, 'its record fails its checksum');
    if (record.format !== BACKUP_FORMAT)
      throw new StorageRefused(
        'format',
        `${file} has format ${String(record.format)}; this xcron knows ${BACKUP_FORMAT}`,
        'Restore it with the newer xcron that wrote it.',
      );
    if (!isCount(record.index) || !isCount(record.term)) throw damaged(file, 'its record is not as written');
    const { format: _, ...rest } = record;
    return rest as unknown as BackupRecord;
  } finally {
    database.close();
  }
}

async function verifiedHash(file: string, index: LogIndex): Promise<string> {
  const { appliedIndex, hash, recorded, damagedRows } = await recomputeStateHash(file);
  if (damagedRows > 0 || hash !== recorded)
    throw damaged(file, `${damagedRows} rows of the state are not as they were written`);
  if (appliedIndex !== index) throw damaged(file, `it holds entry ${appliedIndex}, and not ${index}`);
  return hash;
}

const damaged = (file: string, how: string): StorageRefused =>
  new StorageRefused('damaged', `${file}: ${how}`, 'Take another backup.');
