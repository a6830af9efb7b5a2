import { crc32 } from 'node:zlib';
import type { Entry, LogIndex } from '../../src/raft/types.ts';
import { openDataDirectory, readIdentity } from '../../src/store/data-directory.ts';
import { openLogStore } from '../../src/store/sqlite-log-store.ts';

/**
 * Whether nodes applied the same entries (State Machine Safety, paper §5.4.3). Each state agrees with its own log also where two logs have
 * parted, and nodes that stop one after the other seldom stand at the same entry.
 */
export interface LogAgreement {
  /** In log order, applied all of them. Says once where it parts from those before. */
  take(nodeId: string, entries: Iterable<Entry>): void;
  /** Held by two nodes or more, and the same. */
  readonly shared: number;
}

export function createLogAgreement(found: (what: string) => void): LogAgreement {
  const known = new Map<LogIndex, { readonly nodeId: string; readonly says: string; isShared: boolean }>();
  return {
    take(nodeId, entries) {
      for (const { index, term, kind, data } of entries) {
        const says = `${kind} of term ${term}, ${data.length} characters, ${crc32(data).toString(16)}`;
        const other = known.get(index);
        if (other === undefined) known.set(index, { nodeId, says, isShared: false });
        else if (other.says === says) other.isShared = true;
        else {
          found(`entry ${index} is ${other.says} on ${other.nodeId}, and ${says} on ${nodeId}`);
          return;
        }
      }
    },
    get shared() {
      return [...known.values()].filter(({ isShared }) => isShared).length;
    },
  };
}

const READ_BYTES = 1_024 * 1_024;

/** Of a node that has stopped: what its log holds up to that entry. */
export function* entriesThrough(dataDirectory: string, throughIndex: LogIndex): Generator<Entry> {
  const identity = readIdentity(dataDirectory);
  if (identity === undefined) throw new Error(`${dataDirectory} is no data directory`);
  const directory = openDataDirectory(dataDirectory, identity.nodeId);
  try {
    const log = openLogStore(directory);
    try {
      for (let next = log.base.index + 1; next <= throughIndex; ) {
        const entries = log.read(next, READ_BYTES);
        if (entries.length === 0) return;
        for (const entry of entries) if (entry.index <= throughIndex) yield entry;
        next += entries.length;
      }
    } finally {
      log.close();
    }
  } finally {
    directory.close();
  }
}
