import { roleOf } from '../raft/role.ts';
import { SafetyBroken } from './checks/rule.ts';
import { until, waits } from './healing.ts';
import type { Host } from './host.ts';
import { converges } from './liveness.ts';
import type { Workload } from './workload.ts';
import type { World } from './world.ts';

/** What a healthy cluster makes of one trouble at a time: who is in trouble disturbs nobody, and a leader in trouble gives way. */

const DISTURBED_MS = 700;
const AFTERWARDS_MS = 300;
/** Several elections, if votes are split. */
const GIVES_WAY_MS = 1_500;
const STALL_MS = 5_000;

export function* staysCalm(world: World, workload: Workload): Generator<void, void> {
  const leader = leaderOf(world);
  const others = votersBeside(world, leader);
  if (!hasMajorityWithout(world, 1)) return;
  const [first] = others;
  if (first === undefined) return;
  yield* disturbsNobody(world, first, `${first.nodeId} does not hear the leader`, [[leader.number, first.number]]);
  const deaf = world.hosts.filter((host) => host !== first).map((host): Link => [host.number, first.number]);
  yield* disturbsNobody(world, first, `${first.nodeId} hears nobody`, deaf);
  yield* handsOver(world, workload);
  yield* converges(world);
  yield* givesWay(world, workload, 'its disk stalls', (host) => {
    host.disk.stalledUntilMs = world.queue.nowMs + STALL_MS;
    return () => {};
  });
  yield* converges(world);
  yield* givesWay(world, workload, 'nobody hears it', (host) => cut(world, host));
  yield* converges(world);
}

type Link = readonly [number, number];

function leaderOf(world: World): Host {
  const { leader } = world;
  if (leader === null) throw new SafetyBroken('Calm', 'nobody leads a healthy cluster');
  return leader;
}

const votersBeside = (world: World, leader: Host): readonly Host[] => voters(world).filter((host) => host !== leader);

function voters(world: World): readonly Host[] {
  const members = leaderOf(world).process?.core.voters.incoming ?? [];
  return world.hosts.filter(({ member }) => members.includes(member));
}

function hasMajorityWithout(world: World, count: number): boolean {
  const all = leaderOf(world).process?.core.voters.incoming.length ?? 0;
  return (voters(world).length - count) * 2 > all;
}

function* disturbsNobody(world: World, host: Host, trouble: string, links: readonly Link[]): Generator<void, void> {
  const leader = leaderOf(world);
  const term = leader.process?.core.role.context.term;
  for (const [from, to] of links) world.network.block(from, to);
  yield* waits(world, DISTURBED_MS);
  for (const [from, to] of links) world.network.open(from, to);
  yield* waits(world, AFTERWARDS_MS);
  const now = leaderOf(world);
  const termNow = now.process?.core.role.context.term;
  if (now === leader && termNow === term && host.process?.core.role.context.term === term) return;
  throw new SafetyBroken(
    'Calm',
    `while ${trouble}, ${leader.nodeId} in term ${term} made way for ${now.nodeId} in ${termNow}`,
  );
}

function* handsOver(world: World, workload: Workload): Generator<void, void> {
  const leader = leaderOf(world);
  const [target] = votersBeside(world, leader);
  if (target === undefined) return;
  let outcome = '';
  for (let count = 0; count < 5; count += 1) workload.propose(leader);
  leader.process?.transfer(target.nodeId, (settled) => {
    outcome = settled.kind === 'refused' ? settled.reason : settled.kind;
  });
  yield* until(world, GIVES_WAY_MS, () => (outcome === '' ? 'no outcome' : null), 'has not settled a transfer');
  if (outcome === 'done') return;
  throw new SafetyBroken('Calm', `leadership does not go from ${leader.nodeId} to ${target.nodeId}: ${outcome}`);
}

function* givesWay(
  world: World,
  workload: Workload,
  trouble: string,
  begin: (leader: Host) => () => void,
): Generator<void, void> {
  const leader = leaderOf(world);
  const end = begin(leader);
  workload.propose(leader);
  const obstacle = (): string | null => {
    const others = world.hosts.filter((host) => host !== leader && host.process !== null);
    const another = others.some((host) => host.process !== null && roleOf(host.process.core.role) === 'leader');
    return another ? null : `${leader.nodeId} leads on although ${trouble}`;
  };
  yield* until(world, GIVES_WAY_MS, obstacle, 'has no other leader', 'Calm');
  yield* waits(world, AFTERWARDS_MS);
  const stillLeads = leader.process !== null && roleOf(leader.process.core.role) === 'leader';
  end();
  leader.disk.stalledUntilMs = 0;
  if (!stillLeads) return;
  throw new SafetyBroken('Calm', `${leader.nodeId} leads on beside another although ${trouble}`);
}

function cut(world: World, host: Host): () => void {
  const links = world.hosts
    .filter((other) => other !== host)
    .flatMap((other): Link[] => [
      [host.number, other.number],
      [other.number, host.number],
    ]);
  for (const [from, to] of links) world.network.block(from, to);
  return () => {
    for (const [from, to] of links) world.network.open(from, to);
  };
}
