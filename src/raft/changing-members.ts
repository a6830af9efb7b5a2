import type { Leading } from './core.ts';
import { isChangingMembers, type RaftCore } from './core.ts';
import { CAUGHT_UP_ENTRIES } from './limits.ts';
import { changed, configurationAt, everyoneIn, featureLevelOf, isJoint, leaving } from './membership.ts';
import type { ChangeOutcome, Input } from './ports.ts';
import { isThere, type Progress } from './progress.ts';
import { idOf, isVoter } from './quorum.ts';
import type { RaftRole } from './role.ts';
import type { Turn } from './turn.ts';
import type { Configuration, NodeId } from './types.ts';

/** When the membership may change, and what a committed configuration brings about (paper §6, thesis §4). */

type InputOf<T extends Input['type']> = Extract<Input, { readonly type: T }>;

export function changeMembers(turn: Turn, { changeId, change }: InputOf<'change-members'>): void {
  const refuse = (reason: string): void => settle(turn, changeId, { kind: 'refused', reason });
  const { core } = turn;
  const { leading } = core;
  if (leading === null) {
    refuse('this node does not lead');
    return;
  }
  const obstacle = whyNotNow(core, leading);
  if (obstacle !== null) {
    refuse(obstacle);
    return;
  }
  const next = changed(core.configuration, change);
  if (!next.ok) refuse(next.error);
  else if (change.type === 'promote' && !hasCaughtUp(core, leading, change.nodeId)) {
    refuse(`${change.nodeId} has not caught up with the log`);
  } else leading.change = { changeId, index: appendConfiguration(turn, next.value) };
}

function whyNotNow(core: RaftCore, leading: Leading): string | null {
  // Before that, an older leader's change may be in the log without this one knowing (raft.md, case 5).
  if (core.commitIndex < leading.termStartIndex) return 'the leader’s term has only begun: try again';
  if (isChangingMembers(core)) return 'another change is under way';
  if (core.transfer !== null) return 'leadership is being transferred';
  return null;
}

const appendConfiguration = (turn: Turn, configuration: Configuration): number =>
  turn.append('configuration', JSON.stringify(configuration));

const settle = (turn: Turn, changeId: number, outcome: ChangeOutcome): void =>
  turn.emit({ type: 'change-settled', changeId, outcome });

/** Learners that have caught up become voters, and what all members can read may be written from then on. */
export function tickMembers(turn: Turn, leading: Leading): void {
  const { core } = turn;
  if (whyNotNow(core, leading) !== null) return;
  const next = promotion(core, leading) ?? higherLevel(core, leading);
  if (next !== null) appendConfiguration(turn, next);
}

function promotion(core: RaftCore, leading: Leading): Configuration | null {
  for (const { nodeId, kind } of core.configuration.members) {
    if (kind !== 'learner' || !hasCaughtUp(core, leading, nodeId)) continue;
    // One for whom there is no vote left does not stand before one that takes the place of its older instance.
    const next = changed(core.configuration, { type: 'promote', nodeId });
    if (next.ok) return next.value;
  }
  return null;
}

function hasCaughtUp(core: RaftCore, leading: Leading, nodeId: NodeId): boolean {
  const learner = core.configuration.members.find((member) => member.nodeId === nodeId && member.kind === 'learner');
  const progress = learner === undefined ? undefined : leading.peers.get(idOf(learner));
  return progress !== undefined && isCloseBehind(core, progress);
}

const isCloseBehind = (core: RaftCore, progress: Progress): boolean =>
  progress.state === 'replicate' &&
  isThere(progress, core.monotonicMs, core.timings.electionTimeoutMinMs) &&
  progress.wholeFromIndex === null &&
  progress.matchIndex + CAUGHT_UP_ENTRIES >= core.log.lastIndex &&
  (progress.featureLevel ?? 0) >= featureLevelOf(core.configuration);

function higherLevel(core: RaftCore, leading: Leading): Configuration | null {
  let level = core.featureLevel;
  for (const member of everyoneIn(core.configuration)) {
    if (member !== core.self) level = Math.min(level, leading.peers.get(member)?.featureLevel ?? 0);
  }
  return level > featureLevelOf(core.configuration) ? { ...core.configuration, featureLevel: level } : null;
}

const mayCampaign = (role: RaftRole): boolean => role === 'follower' || role === 'preCandidate' || role === 'candidate';

export function onConfigurationCommitted(turn: Turn): void {
  const { core } = turn;
  const newest = core.configurations.at(-1);
  const placed = configurationAt(core.configurations, core.commitIndex);
  if (placed === undefined) return;
  // Who was led out stands no more once that is committed.
  if (placed === newest && mayCampaign(turn.role) && !isVoter(core.voters, core.self)) turn.followConfiguration();
  const { leading } = core;
  if (leading !== null && placed === newest && isJoint(placed.configuration)) {
    const index = appendConfiguration(turn, leaving(placed.configuration));
    if (leading.change !== null) leading.change.index = index;
    return;
  }
  if (leading?.change != null && core.commitIndex >= leading.change.index) {
    settle(turn, leading.change.changeId, { kind: 'done' });
    leading.change = null;
  }
  // A member that replays the log from its beginning meets configurations from before its time: those do not remove it.
  const isMember = (configuration: Configuration): boolean => everyoneIn(configuration).includes(core.self);
  // Nor does one that a later entry takes back: who was added again while it was behind has more to read than it holds.
  const isCurrent = leading !== null || core.log.lastIndex >= core.leaderCommitIndex;
  if (turn.role !== 'removed' && placed === newest && isCurrent && !isMember(placed.configuration)) {
    const wasMember = core.configurations.some(({ configuration }) => isMember(configuration));
    if (wasMember) turn.removed = true;
  }
}

export function forgetChange(turn: Turn, leading: Leading): void {
  if (leading.change !== null) settle(turn, leading.change.changeId, { kind: 'unknown' });
}
