import type { Result } from '../result.ts';
import { ok, refused } from '../result.ts';
import { MEMBERS_MAX, VOTERS_MAX } from './limits.ts';
import type { MembershipChange } from './ports.ts';
import { idOf, isVoter, voterSetsOf } from './quorum.ts';
import type { Configuration, LogIndex, Member, MemberId, PlacedConfiguration } from './types.ts';

/** Changes of the membership as values (paper §6). Whether one may begin now is the leader's to say: changing-members.ts. */

export const isJoint = (configuration: Configuration): boolean => configuration.outgoing !== undefined;

export const featureLevelOf = (configuration: Configuration): number => configuration.featureLevel ?? 1;

/** All that get the log: the members, and while it is joint, the voters being left. */
export function everyoneIn({ members, outgoing = [] }: Configuration): readonly MemberId[] {
  return [...new Set([...members, ...outgoing].map(idOf))];
}

const isMember = (value: Partial<Member> | null): boolean =>
  typeof value?.nodeId === 'string' && typeof value.instance === 'string' && typeof value.kind === 'string';

const areMembers = (value: unknown): boolean => Array.isArray(value) && value.every(isMember);

/** Whether what came from somewhere else has the shape of one. */
export function isConfiguration(value: Partial<Configuration> | null): value is Configuration {
  if (value === null || typeof value !== 'object' || !areMembers(value.members)) return false;
  return value.outgoing === undefined || areMembers(value.outgoing);
}

/** Data of a configuration entry; null when it is none. */
export function readConfiguration(data: string): Configuration | null {
  try {
    const value = JSON.parse(data) as Partial<Configuration> | null;
    return isConfiguration(value) ? value : null;
  } catch {
    return null;
  }
}

/** The configuration that a change leads to, entered at once where the voters stay the same, else by a joint one. */
export function changed(from: Configuration, change: MembershipChange): Result<Configuration, string> {
  const members = membersAfter(from.members, change);
  if (!members.ok) return members;
  const voters = members.value.filter(({ kind }) => kind === 'voter');
  if (voters.length === 0) return refused('it would leave no voter');
  if (voters.length > VOTERS_MAX) return refused(`at most ${VOTERS_MAX} voters are allowed`);
  if (members.value.length > MEMBERS_MAX) return refused(`at most ${MEMBERS_MAX} members are allowed`);
  return ok(entering(from, members.value));
}

function entering(from: Configuration, members: readonly Member[]): Configuration {
  const before = from.members.filter(({ kind }) => kind === 'voter');
  const after = members.filter(({ kind }) => kind === 'voter');
  const { outgoing: _, ...kept } = from;
  return sameMembers(before, after) ? { ...kept, members } : { ...kept, members, outgoing: before };
}

export function leaving(joint: Configuration): Configuration {
  const { outgoing: _, ...simple } = joint;
  return simple;
}

const sameMembers = (a: readonly Member[], b: readonly Member[]): boolean =>
  a.length === b.length && a.every((member) => b.some((other) => idOf(other) === idOf(member)));

function membersAfter(members: readonly Member[], change: MembershipChange): Result<readonly Member[], string> {
  switch (change.type) {
    case 'add': {
      const { member } = change;
      const id = idOf(member);
      const known = members.find((other) => idOf(other) === id);
      if (known !== undefined) return refused(`${id} is a member already, as ${known.kind}`);
      const voter = members.find(({ nodeId, kind }) => nodeId === member.nodeId && kind === 'voter');
      if (voter !== undefined && member.kind === 'worker') {
        return refused(`${idOf(voter)} is a voter: remove it before its node comes back as a worker`);
      }
      // An older instance that has no vote makes way at once; a voter stays until the new one has caught up (I8).
      return ok([...members.filter(({ nodeId, kind }) => nodeId !== member.nodeId || kind === 'voter'), member]);
    }
    case 'promote': {
      const { nodeId } = change;
      const learner = members.find((member) => member.nodeId === nodeId && member.kind === 'learner');
      if (learner === undefined) return refused(`${nodeId} is no learner`);
      return ok([...members.filter((member) => member.nodeId !== nodeId), { ...learner, kind: 'voter' }]);
    }
    case 'remove': {
      const left = members.filter(({ nodeId }) => nodeId !== change.nodeId);
      return left.length === members.length ? refused(`${change.nodeId} is no member`) : ok(left);
    }
  }
}

/** The newest at or below `index`; the list is short, oldest first. */
export const configurationAt = (
  placed: readonly PlacedConfiguration[],
  index: number,
): PlacedConfiguration | undefined => placed.findLast((one) => one.index <= index);

/**
 * Whether this member may stand for election: as a voter of the configuration in force; and one that is led out, until the
 * configuration without it is known to be committed. Its log may be the most complete of those that are left, so that nobody else
 * can be elected (thesis §4.2.2). Its own vote counts for nothing then.
 */
export function mayStand(placed: readonly PlacedConfiguration[], commitIndex: LogIndex, self: MemberId): boolean {
  const newest = placed.at(-1);
  if (newest === undefined) return false;
  const votesIn = ({ configuration }: PlacedConfiguration): boolean => isVoter(voterSetsOf(configuration), self);
  if (votesIn(newest)) return true;
  const isCommitted = newest.index <= commitIndex;
  if (isCommitted || everyoneIn(newest.configuration).includes(self)) return false;
  // At most one is not committed, so the one before it is the last that counts.
  const before = placed.at(-2);
  return before !== undefined && votesIn(before);
}
