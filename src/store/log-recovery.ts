import { resolve } from 'node:path';
import type { LogIndex } from '../raft/types.ts';
import type { DataDirectory } from './data-directory.ts';
import { asDamaged, type LogInspection } from './log-inspection.ts';
import { finishReplacement } from './log-replacement.ts';
import { othersVote, rewriteLog } from './log-rewrite.ts';
import { baseBehind, type StoredBase } from './log-rows.ts';
import { type Salvage, salvageLog } from './log-salvage.ts';
import { type LastIncluded, StorageRefused } from './log-store.ts';
import type { GroupPaths } from './store-layout.ts';
import { plannedHardState } from './truncation-plan.ts';

/**
 * A member of a cluster whose log lost its end goes on with what is whole, and without a vote until it has caught up (raft.md, case 30).
 *
 * What it promised must be known for certain: term and vote come from the guard file, which is fsynced with each of them. What it
 * acknowledged and lost is among what its leader's log holds; the core gives the vote back when the node has all of that.
 *
 * The state may have gone further than what is left of the log. It stays: what is folded into it was committed. Then the log begins
 * behind it, as behind a snapshot of that entry: the entry's term and the configuration in force there stand in state.db itself.
 * Both must be exact. A term too high would win votes over logs that hold more, one too low would give votes to logs that hold less,
 * and a configuration from further back would count majorities of members that are none. By Leader Completeness every later leader
 * has the same entry there, so that its entries follow on it.
 */
export interface StateEnd {
  readonly appliedIndex: LogIndex;
  readonly lastIncluded: LastIncluded | null;
}

const EMPTY_STATE: StateEnd = { appliedIndex: 0, lastIncluded: null };

/** What the log holds, once what it lost is given up where that is safe. */
export function recovered(
  directory: DataDirectory,
  paths: GroupPaths,
  inspect: () => LogInspection,
  state: StateEnd = EMPTY_STATE,
): LogInspection {
  const found = inspect();
  const lost = lostPart(found, state);
  return lost !== undefined && recoverLog(directory, paths, lost, state) ? inspect() : found;
}

/** Undefined when nothing is missing; else what is wrong, be it that the state alone knows of what came later. */
function lostPart(found: LogInspection, { appliedIndex }: StateEnd): Damaged | undefined {
  if (found.kind === 'damaged') return found;
  return found.kind === 'whole' && appliedIndex > found.tail.index ? asDamaged(found) : undefined;
}

/**
 * Rewrites the log of a member to what is whole of it; throws `StorageRefused`, and changes nothing, when that is not safe. False when
 * nobody else votes, as far as is known: then there is nobody to catch up with, and a person has to say what may be lost.
 */
function recoverLog(directory: DataDirectory, paths: GroupPaths, damaged: Damaged, state: StateEnd): boolean {
  const { instance } = directory.identity;
  const refusal = (why: string): StorageRefused =>
    new StorageRefused(
      'damaged',
      `the log in ${resolve(directory.path)} lost its end, and ${why}`,
      'Empty the directory: the node then joins its cluster anew.',
    );
  const salvage = salvageLog(paths.log, damaged);
  const end = endOf(salvage, state);
  if (end === undefined)
    throw refusal(`at which entry its state ends is not known well enough to go on from there (${state.appliedIndex})`);
  if (!othersVote(end.configuration, instance)) return false;
  // Without it, a vote may have been given of which nothing is left, and be given again (I8).
  if (damaged.guard === undefined) throw refusal('the guard file cannot be read, which knows the last vote');
  const hardState = plannedHardState(damaged, salvage);
  if (end.term > hardState.term) throw refusal(`its entries are of term ${end.term}, its vote of ${hardState.term}`);
  rewriteLog(paths, { instance, hardState, base: end.base, throughIndex: end.index, lostTail: () => true });
  finishReplacement(paths);
  return true;
}

type Damaged = LogInspection & { kind: 'damaged' };

function endOf(
  salvage: Salvage | undefined,
  { appliedIndex, lastIncluded }: StateEnd,
): (LastIncluded & { readonly base: StoredBase }) | undefined {
  if (salvage !== undefined && salvage.tail.index >= appliedIndex) {
    const { base, tail, configuration } = salvage;
    return { index: tail.index, term: tail.term, configuration, base };
  }
  return lastIncluded?.index === appliedIndex ? { ...lastIncluded, base: baseBehind(lastIncluded) } : undefined;
}
