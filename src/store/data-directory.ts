import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ClusterId, Incarnation, InstanceId, NodeId } from '../raft/types.ts';
import { makeDirectoryDurably, writeFileDurably } from './durable-file.ts';
import { lockDirectory } from './exclusive-lock.ts';
import { StorageRefused } from './log-store.ts';
import { isCount, seal, unseal } from './sealed-json.ts';
import { groupPaths, identityPaths } from './store-layout.ts';

/** Format of the whole directory. Raised when an older xcron could not read what a newer one wrote. */
const DIRECTORY_FORMAT = 1;
const ID_BYTES = 12;

export interface Identity {
  readonly clusterId: ClusterId;
  readonly nodeId: NodeId;
  /** Random, made with the directory: a wiped node is another member (I8). */
  readonly instance: InstanceId;
  /** Number of this start, from 1; durable before it is used, so that no two starts ever share one (I6). */
  readonly incarnation: Incarnation;
}

export interface IdentityRecord extends Identity {
  /** Once set, a missing log is a lost log and not a new directory. */
  readonly logCreated: boolean;
  /** While a backup is put in: what is there is no store yet. */
  readonly restoring?: boolean;
}

export interface DataDirectory {
  readonly path: string;
  readonly identity: Identity;
  readonly logCreated: boolean;
  /** The cluster that this node belongs to from now on; durable when it returns. Only for a directory that holds nothing yet. */
  joinCluster(clusterId: ClusterId): void;
  /** Durable: from now on the log must be there. Called by `openLogStore` before it takes its first write. */
  markLogCreated(): void;
  /** Frees the lock. Close the stores first. */
  close(): void;
}

/**
 * Locks the directory and counts this start. Completes a creation that a crash cut short: the identity is written before anything
 * else, atomically, twice (one flipped bit in it must not cost a single node all its tasks).
 */
export function openDataDirectory(path: string, nodeId: NodeId): DataDirectory {
  try {
    makeDirectoryDurably(path);
  } catch (error) {
    throw new StorageRefused(
      'io',
      `cannot create the data directory ${resolve(path)}: ${error instanceof Error ? error.message : String(error)}`,
      'Give a path that this user can write with --data-dir.',
      error,
    );
  }
  const lock = lockDirectory(path);
  try {
    let record = nextStart(path, nodeId);
    writeIdentity(path, record);
    return {
      path,
      get identity() {
        const { logCreated: _, ...identity } = record;
        return identity;
      },
      joinCluster(clusterId) {
        record = { ...record, clusterId };
        writeIdentity(path, record);
      },
      get logCreated() {
        return record.logCreated;
      },
      markLogCreated() {
        record = { ...record, logCreated: true };
        writeIdentity(path, record);
      },
      close: () => lock.release(),
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

const FIRST_INCARNATION = 1 as Incarnation;

function nextStart(path: string, nodeId: NodeId): IdentityRecord {
  const found = readIdentity(path);
  if (found === undefined) {
    return {
      clusterId: randomId() as ClusterId,
      nodeId,
      instance: randomId() as InstanceId,
      incarnation: FIRST_INCARNATION,
      logCreated: false,
    };
  }
  if (found.nodeId !== nodeId)
    throw new StorageRefused(
      'format',
      `${resolve(path)} is the data directory of node ${found.nodeId}, not of ${nodeId}`,
      `Start it with --node-id ${found.nodeId}, or give ${nodeId} a directory of its own with --data-dir.`,
    );
  return { ...found, incarnation: (found.incarnation + 1) as Incarnation };
}

/** Undefined for a directory in which nothing was made yet. Of two copies the one with the later start counts. */
export function readIdentity(path: string): IdentityRecord | undefined {
  const present = identityPaths(path).filter((file) => existsSync(file));
  if (present.length === 0) {
    const group = groupPaths(path);
    if (!existsSync(group.log) && !existsSync(group.guard)) return undefined;
    throw new StorageRefused(
      'damaged',
      `${resolve(path)} holds a log but no identity file`,
      'Put back the file `identity` from a backup of this directory. In a cluster, empty the directory: the node then joins anew.',
    );
  }
  const records = present.map((file) => parseIdentity(path, readFileSync(file, 'utf8')));
  const whole = records.filter((record) => record !== undefined);
  const latest = whole.reduce<IdentityRecord | undefined>(
    (best, record) => (best === undefined || record.incarnation > best.incarnation ? record : best),
    undefined,
  );
  if (latest?.restoring === true)
    throw new StorageRefused(
      'damaged',
      `a restore into ${resolve(path)} was cut short`,
      'Empty the directory, and run `xcron store restore` again.',
    );
  if (latest !== undefined) return latest;
  throw new StorageRefused(
    'damaged',
    `the identity of ${resolve(path)} cannot be read: ${present.join(' and ')} fail their checksum`,
    'Put back the file `identity` from a backup of this directory. In a cluster, empty the directory: the node then joins anew.',
  );
}

function parseIdentity(path: string, text: string): IdentityRecord | undefined {
  const record = unseal(text);
  if (record === undefined) return undefined;
  const { format, clusterId, nodeId, instance, incarnation, logCreated, restoring } = record;
  if (format !== DIRECTORY_FORMAT)
    throw new StorageRefused(
      'format',
      `${resolve(path)} has format ${String(format)}; this xcron knows ${DIRECTORY_FORMAT}`,
      'Run the newer xcron that wrote it, or start on another --data-dir.',
    );
  if (typeof clusterId !== 'string' || typeof nodeId !== 'string' || typeof instance !== 'string') return undefined;
  if (!isCount(incarnation) || typeof logCreated !== 'boolean') return undefined;
  return {
    clusterId: clusterId as ClusterId,
    nodeId: nodeId as NodeId,
    instance: instance as InstanceId,
    incarnation: incarnation as Incarnation,
    logCreated,
    ...(restoring === true ? { restoring } : {}),
  };
}

export const randomId = (): string => randomBytes(ID_BYTES).toString('hex');

export function writeIdentity(path: string, record: IdentityRecord): void {
  for (const file of identityPaths(path)) {
    try {
      writeFileDurably(file, `${seal({ format: DIRECTORY_FORMAT, ...record })}\n`);
    } catch (error) {
      throw new StorageRefused(
        'io',
        `cannot write ${file}: ${error instanceof Error ? error.message : String(error)}`,
        'Free space on the device, or make the directory writable, and start again.',
        error,
      );
    }
  }
}
