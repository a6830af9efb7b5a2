import type { HardState, LogIndex } from '../raft/types.ts';
import type { AppliedIndex } from './applied-index.ts';
import { formatChecksum } from './checksum.ts';
import type { LogInspection } from './log-inspection.ts';
import { baseBehind, type StoredBase, tailOfBase } from './log-rows.ts';
import type { Salvage } from './log-salvage.ts';

/**
 * What `xcron store truncate --accept-loss` makes of a damaged log. Entries that the projection applied were committed and are folded
 * into it durably, so the projection may know more than what is left of the log:
 *
 * - It does not: the verified entries stay, and the projection goes on from where it is.
 * - It does: were the shortened log kept beside it, new entries would be given indexes that the projection takes for applied, and be
 *   skipped without a word. Dropping the projection and replaying the log would lose what it alone still knows. So the projection
 *   becomes the base: the log is empty and begins after its applied index, as after a snapshot. Nothing it knows is lost.
 * - It cannot be read: it is set aside and rebuilt if the log reaches back to entry 1; else nothing can be done without a backup.
 */
export type TruncationPlan =
  | {
      readonly kind: 'keep-prefix';
      readonly base: StoredBase;
      readonly lastIndex: LogIndex;
      readonly hardState: PlannedHardState;
      readonly stateFile: 'absent' | 'kept' | 'set-aside';
    }
  | { readonly kind: 'rest-on-projection'; readonly base: StoredBase; readonly hardState: PlannedHardState }
  | { readonly kind: 'impossible'; readonly reason: string };

/** `invented`: neither log nor guard could be read; a term above all that are known, without a vote. */
export interface PlannedHardState extends HardState {
  readonly from: 'log' | 'guard' | 'invented';
}

type Damaged = LogInspection & { kind: 'damaged' };

export function planTruncation(found: Damaged, salvage: Salvage | undefined, applied: AppliedIndex): TruncationPlan {
  const hardState = plannedHardState(found, salvage);
  const lastIndex = salvage?.tail.index;
  if (applied.kind === 'at' && applied.index > (lastIndex ?? 0)) {
    const { lastIncluded } = applied;
    if (lastIncluded !== undefined && lastIncluded.term <= hardState.term)
      return { kind: 'rest-on-projection', base: baseBehind(lastIncluded), hardState };
    const endBytes = salvage?.tail.endBytes ?? 0;
    // The chain is continued where the guard knows it, else begun again: nobody has the entries to compare.
    const checksum = formatChecksum(found.guard?.lastIndex === applied.index ? found.guard.checksum : 0);
    const configuration = salvage?.configuration ?? null;
    // No entry has a term above the hard state's.
    const base = { index: applied.index, term: hardState.term, checksum, configuration, endBytes };
    return { kind: 'rest-on-projection', base, hardState };
  }
  if (salvage === undefined || lastIndex === undefined)
    return { kind: 'impossible', reason: 'where the log begins cannot be read, and no projection holds what it said' };
  const { base } = salvage;
  if (applied.kind === 'at') {
    if (applied.index < base.index)
      return {
        kind: 'impossible',
        reason: `the log begins after entry ${base.index}, but state.db ends at entry ${applied.index}`,
      };
    return { kind: 'keep-prefix', base, lastIndex, hardState, stateFile: 'kept' };
  }
  if (base.index > 0)
    return {
      kind: 'impossible',
      reason:
        `the log begins after entry ${base.index}, and state.db, which holds what came before, ` +
        (applied.kind === 'absent' ? 'is missing' : `cannot be read (${applied.reason})`),
    };
  const stateFile = applied.kind === 'absent' ? 'absent' : 'set-aside';
  return { kind: 'keep-prefix', base, lastIndex, hardState, stateFile };
}

/** The later promise of the two (I8). */
export function plannedHardState(found: Damaged, salvage: Salvage | undefined): PlannedHardState {
  const { hardState: log, guard } = found;
  if (guard !== undefined && (log === undefined || isLater(guard, log)))
    return { term: guard.term, votedFor: guard.votedFor, from: 'guard' };
  if (log !== undefined) return { ...log, from: 'log' };
  return { term: (salvage?.tail.term ?? 0) + 1, votedFor: null, from: 'invented' };
}

const isLater = (a: HardState, b: HardState): boolean =>
  a.term > b.term || (a.term === b.term && a.votedFor !== null && b.votedFor === null);

/** Entries known to have been written that the plan gives up. The guard is up to a second old after a power cut: there may be more. */
export function entriesLostAtLeast(found: Damaged, plan: TruncationPlan): number {
  const written = Math.max(found.guard?.lastIndex ?? 0, found.lastIndex ?? 0);
  switch (plan.kind) {
    case 'keep-prefix':
      return Math.max(0, written - plan.lastIndex);
    case 'rest-on-projection':
      return Math.max(0, written - plan.base.index);
    case 'impossible':
      return Math.max(0, written - (found.base === undefined ? 0 : tailOfBase(found.base).index));
  }
}
