import { existsSync } from 'node:fs';
import type { LogIndex, Term } from '../raft/types.ts';
import { type AppliedIndex, readAppliedIndex } from './applied-index.ts';
import { type Identity, readIdentity } from './data-directory.ts';
import { lockDirectory } from './exclusive-lock.ts';
import { asDamaged, type Damage, inspectLog, type LogInspection } from './log-inspection.ts';
import { salvageLog } from './log-salvage.ts';
import { isInstalling } from './snapshot-install.ts';
import { groupPaths } from './store-layout.ts';
import { entriesLostAtLeast, planTruncation, type TruncationPlan } from './truncation-plan.ts';

/** What `xcron store check` prints. */
export type StoreReport =
  | { readonly kind: 'absent' }
  | { readonly kind: 'foreign'; readonly message: string }
  | { readonly kind: 'unfinished-truncation' }
  /** A snapshot was taking the place of state and log when the process ended: the next start finishes that. */
  | { readonly kind: 'unfinished-install' }
  | WholeStore
  | DamagedStore;

export interface WholeStore {
  readonly kind: 'whole';
  readonly identity: Identity;
  /** Every entry in firstIndex … lastIndex was read and verified. */
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  /** Of two logs of one cluster, the one whose last entry is of the later term goes further, then the longer one (Raft §5.4.1). */
  readonly lastTerm: Term;
  readonly sizeBytes: number;
  readonly appliedIndex: AppliedIndex;
}

export interface DamagedStore {
  readonly kind: 'damaged';
  readonly identity: Identity;
  readonly damages: readonly StoreDamage[];
  readonly entriesLostAtLeast: number;
  readonly appliedIndex: AppliedIndex;
  /** What `xcron store truncate --accept-loss` would do. */
  readonly plan: TruncationPlan;
  readonly inspection: LogInspection & { kind: 'damaged' };
}

export type StoreDamage =
  | Damage
  /** state.db applied entries that the log does not hold: new ones would be taken for applied. */
  | { readonly kind: 'projection-ahead'; readonly appliedIndex: LogIndex; readonly lastIndex: LogIndex }
  | { readonly kind: 'projection-unreadable'; readonly reason: string }
  /** The entries between the two are gone: compacted away, but not in state.db (0 when there is none). */
  | { readonly kind: 'projection-behind'; readonly appliedIndex: LogIndex; readonly baseIndex: LogIndex };

/** Reads every entry and changes nothing. Throws StorageRefused while the node runs, or when the directory is not one. */
export function checkStore(directory: string, group = 0): StoreReport {
  if (!existsSync(directory)) return { kind: 'absent' };
  const lock = lockDirectory(directory);
  try {
    return examineStore(directory, group);
  } finally {
    lock.release();
  }
}

/** Under the lock. */
export function examineStore(directory: string, group = 0): StoreReport {
  const identity = readIdentity(directory);
  if (identity === undefined || !identity.logCreated) return { kind: 'absent' };
  const paths = groupPaths(directory, group);
  if (isInstalling(paths)) return { kind: 'unfinished-install' };
  const found = inspectLog(directory, { instance: identity.instance, group });
  if (found.kind === 'foreign' || found.kind === 'unfinished-truncation') return found;
  const applied = readAppliedIndex(paths.state);
  const inspection = found.kind === 'whole' ? found : found.kind === 'damaged' ? found : bothFilesMissing;

  const damages: StoreDamage[] = inspection.kind === 'damaged' ? [...inspection.damages] : [];
  if (inspection.kind === 'whole') damages.push(...misfits(inspection, applied));
  if (inspection.kind === 'whole' && damages.length === 0)
    return {
      kind: 'whole',
      identity,
      firstIndex: inspection.base.index + 1,
      lastIndex: inspection.tail.index,
      lastTerm: inspection.tail.term,
      sizeBytes: inspection.tail.endBytes - inspection.base.endBytes,
      appliedIndex: applied,
    };
  const damaged = inspection.kind === 'damaged' ? inspection : asDamaged(inspection);
  const plan = planTruncation(damaged, salvageLog(paths.log, damaged), applied);
  return {
    kind: 'damaged',
    identity,
    damages,
    entriesLostAtLeast: entriesLostAtLeast(damaged, plan),
    appliedIndex: applied,
    plan,
    inspection: damaged,
  };
}

/** What is wrong between a log that is whole and the projection beside it. */
function misfits({ tail, base }: LogInspection & { kind: 'whole' }, applied: AppliedIndex): StoreDamage[] {
  if (applied.kind === 'unreadable') return [{ kind: 'projection-unreadable', reason: applied.reason }];
  const appliedIndex = applied.kind === 'absent' ? 0 : applied.index;
  if (appliedIndex > tail.index) return [{ kind: 'projection-ahead', appliedIndex, lastIndex: tail.index }];
  if (appliedIndex < base.index) return [{ kind: 'projection-behind', appliedIndex, baseIndex: base.index }];
  return [];
}

const bothFilesMissing: LogInspection & { kind: 'damaged' } = {
  kind: 'damaged',
  damages: [
    { kind: 'missing-file', file: 'log.db' },
    { kind: 'missing-file', file: 'guard' },
  ],
  guard: undefined,
  hardState: undefined,
  base: undefined,
  lastIndex: undefined,
};
