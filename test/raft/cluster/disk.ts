import type { SnapshotHead } from '../../../src/raft/messages.ts';
import type { Effect, LogReader, RaftStart } from '../../../src/raft/ports.ts';
import type { Configuration, Entry, HardState, MemberId, PlacedConfiguration } from '../../../src/raft/types.ts';

/** What a node has on its disk: nothing else survives a crash. */
export interface Disk {
  hardState: HardState;
  base: { readonly index: number; readonly term: number };
  /** In force where the log begins. */
  baseConfiguration: PlacedConfiguration;
  /** Consecutive, from behind the base. */
  entries: Entry[];
  appliedIndex: number;
  snapshot: Omit<SnapshotHead, 'configuration'> | null;
  /** A snapshot that is arriving: its first bytes, kept piece by piece. */
  arriving: { readonly snapshotId: string; bytes: number } | null;
}

export const emptyDisk = (configuration: Configuration): Disk => ({
  hardState: { term: 0, votedFor: null },
  base: { index: 0, term: 0 },
  baseConfiguration: { index: 0, configuration },
  entries: [],
  appliedIndex: 0,
  snapshot: null,
  arriving: null,
});

export const lastIndexOf = (disk: Disk): number => disk.base.index + disk.entries.length;

export const entryAt = (disk: Disk, index: number): Entry | undefined => disk.entries[index - disk.base.index - 1];

const readerOf = (disk: Disk): LogReader => ({
  read(fromIndex, maxBytes) {
    const read: Entry[] = [];
    let bytes = 0;
    for (let entry = entryAt(disk, fromIndex); entry !== undefined; entry = entryAt(disk, entry.index + 1)) {
      bytes += entry.data.length;
      if (read.length > 0 && bytes > maxBytes) break;
      read.push(entry);
    }
    return read;
  },
  termAt: (index) => (index === disk.base.index ? disk.base.term : entryAt(disk, index)?.term),
});

/** What a node that starts on this disk knows. */
export function startFrom(disk: Disk, self: MemberId, recovering: boolean, featureLevel: number): RaftStart {
  const configurations = disk.entries
    .filter(({ kind }) => kind === 'configuration')
    .map(({ index, data }) => ({ index, configuration: JSON.parse(data) as Configuration }));
  return {
    self,
    hardState: disk.hardState,
    configurations: [disk.baseConfiguration, ...configurations],
    log: readerOf(disk),
    base: disk.base,
    lastIndex: lastIndexOf(disk),
    lastTerm: disk.entries.at(-1)?.term ?? disk.base.term,
    appliedIndex: disk.appliedIndex,
    recovering,
    featureLevel,
  };
}

export function writeLog(disk: Disk, { hardState, entries }: Extract<Effect, { type: 'persist' }>): void {
  if (hardState !== undefined) disk.hardState = hardState;
  const first = entries[0];
  if (first === undefined) return;
  disk.entries.length = first.index - disk.base.index - 1;
  disk.entries.push(...entries);
}

/** The tail of the log vanishes, as when a disk lied about fsync. */
export function loseLogAfter(disk: Disk, index: number): void {
  disk.entries.length = Math.max(0, index - disk.base.index);
  disk.appliedIndex = Math.min(disk.appliedIndex, lastIndexOf(disk));
}

function configurationAtBase(disk: Disk, index: number): PlacedConfiguration {
  const placed = disk.entries.findLast((entry) => entry.kind === 'configuration' && entry.index <= index);
  return placed === undefined
    ? disk.baseConfiguration
    : { index: placed.index, configuration: JSON.parse(placed.data) as Configuration };
}

export function compactThrough(disk: Disk, index: number): number {
  const term = index === disk.base.index ? disk.base.term : entryAt(disk, index)?.term;
  if (term === undefined) throw new Error(`entry ${index} is not in the log`);
  disk.baseConfiguration = configurationAtBase(disk, index);
  disk.entries.splice(0, index - disk.base.index);
  disk.base = { index, term };
  return term;
}

export function installSnapshot(disk: Disk, { configuration, ...head }: SnapshotHead): void {
  disk.base = { index: head.index, term: head.term };
  disk.baseConfiguration = { index: head.index, configuration };
  disk.entries = [];
  disk.appliedIndex = head.index;
  disk.snapshot = head;
  disk.arriving = null;
}
