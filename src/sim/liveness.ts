import { SNAPSHOT_RETRY_MS } from '../raft/limits.ts';
import { everyoneIn, isJoint } from '../raft/membership.ts';
import { roleOf } from '../raft/role.ts';
import { SafetyBroken } from './checks/rule.ts';
import { until, waits } from './healing.ts';
import type { Host } from './host.ts';
import type { Workload } from './workload.ts';
import type { World } from './world.ts';

/** Once the world is well again, the cluster is: one leader, one log, one state, and whoever asks gets an answer. */

/** A copy of the state that could not be made is asked for again after SNAPSHOT_RETRY_MS: twice that, and what follows. */
const CONVERGE_MS_MAX = 2 * SNAPSHOT_RETRY_MS + 1_000;
const ANSWER_MS_MAX = 1_000;
/** The longest election timeout: what was not heard before the world was well counts against nobody any more. */
const SETTLE_MS = 200;

/** Each `step` is one event of the world. */
export function* recovers(world: World, workload: Workload): Generator<void, void> {
  // A leader may look well and step down a moment later, for the silence of before.
  yield* waits(world, SETTLE_MS);
  yield* converges(world);
  yield* everyoneAnswers(world, workload);
  yield* converges(world);
}

export function* converges(world: World): Generator<void, void> {
  yield* until(world, CONVERGE_MS_MAX, () => whyNotConverged(world), 'has not converged');
}

function whyNotConverged(world: World): string | null {
  const { leader } = world;
  if (leader?.process == null) return 'nobody leads';
  const { core, state } = leader.process;
  if (core.transfer !== null || leader.process.isToTransfer) return 'leadership is being transferred';
  if (isJoint(core.configuration)) return 'the configuration is joint';
  const members = membersOf(world, leader);
  if (!members.includes(leader)) return `${leader.nodeId} leads, and is no member`;
  const learner = core.configuration.members.find(({ kind }) => kind === 'learner');
  if (learner !== undefined && members.some(({ nodeId }) => nodeId === learner.nodeId))
    return `${learner.nodeId} is still a learner`;
  for (const host of members) {
    const other = host.process;
    if (other === null) return `${host.nodeId} does not run`;
    const { lastIndex, lastTerm } = other.core.log;
    const role = roleOf(other.core.role);
    if (role === 'recovering') return `${host.nodeId} is recovering`;
    if (host !== leader && role === 'leader') return `${host.nodeId} leads as well`;
    // With nothing new in the log, one that lost sight of its leader looks just like the others.
    if (other.core.role.context.leader !== leader.member) return `${host.nodeId} does not know its leader`;
    if (lastIndex !== core.log.lastIndex || lastTerm !== core.log.lastTerm)
      return `the log of ${host.nodeId} ends at ${lastIndex}, not ${core.log.lastIndex}`;
    if (other.core.commitIndex !== core.log.lastIndex)
      return `${host.nodeId} has committed ${other.core.commitIndex} of ${core.log.lastIndex}`;
    if (other.state.index !== state.index || other.state.hash !== state.hash)
      return `${host.nodeId} is at state ${other.state.index}, not ${state.index}`;
  }
  return null;
}

/** The hosts of the members, as far as they are there under the instance that the configuration names. */
function membersOf(world: World, leader: Host): readonly Host[] {
  const members = leader.process === null ? [] : everyoneIn(leader.process.core.configuration);
  return world.hosts.filter((host) => members.includes(host.member) && host !== world.keptDown);
}

function* everyoneAnswers(world: World, workload: Workload): Generator<void, void> {
  const { leader } = world;
  if (leader === null) return;
  const open = new Set<string>();
  const ask = (name: string, how: (settled: (good: boolean) => void) => void): void => {
    open.add(name);
    how((good) => {
      if (good) open.delete(name);
      else throw new SafetyBroken('Liveness', `${name} is refused in a healthy cluster`);
    });
  };
  ask(`a write at ${leader.nodeId}`, (settled) => workload.propose(leader, settled));
  for (const host of membersOf(world, leader))
    ask(`a read at ${host.nodeId}`, (settled) => workload.read(host, settled));
  yield* until(world, ANSWER_MS_MAX, () => (open.size === 0 ? null : [...open].join(', ')), 'has not answered');
}
