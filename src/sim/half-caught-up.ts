import type { AnyHost, FaultyWorld } from './faulty-world.ts';

/**
 * The worst moment for a node that lost its tail (raft.md, case 30). Some of the others fall behind. What is committed then is on the
 * leader's disk and on that of one that loses it; and as soon as that one has a part of it back, the leader is out of reach and those
 * that fell behind are not. Were it whole by then, they would elect a leader without the rest. Chance alone hardly comes by here.
 */
export interface HalfCaughtUp {
  readonly world: FaultyWorld;
  readonly loser: AnyHost;
  readonly leader: AnyHost;
  readonly count: number;
  readonly forMs: number;
  mayLose(host: AnyHost): boolean;
  /** Nothing once the cluster is to heal. */
  after(delayMs: number, run: () => void): void;
  /** All links of these, in both directions. */
  cut(hosts: readonly AnyHost[]): Cut;
}

export type Cut = { readonly open: () => void };

const FALLS_BEHIND_MS = 120;
const LOOK_EVERY_MS = 0.5;
const LOOKS_MAX = 800;
/** Long enough for those that are left to elect one. */
const GONE_MS_MIN = 400;

export function inflictHalfCaughtUp(fault: HalfCaughtUp): void {
  const { world, loser, leader } = fault;
  const others = world.hosts.filter((host) => host !== loser && host !== leader);
  const behind = fault.cut(others.slice(0, Math.ceil(others.length / 2)));
  fault.after(FALLS_BEHIND_MS, () => {
    if (loser.process === null || leader.process?.role !== 'leader' || !fault.mayLose(loser)) behind.open();
    else loses(fault, others, behind);
  });
}

function loses(fault: HalfCaughtUp, others: readonly AnyHost[], behind: Cut): void {
  const { world, loser, leader } = fault;
  world.stop(loser);
  loser.impaired = true;
  world.loseTail(loser, fault.count);
  const endsAt = world.logEnd?.(loser) ?? 0;
  world.start(loser);
  const look = (looks: number): void => {
    if ((world.logEnd?.(loser) ?? 0) > endsAt) {
      const gone = fault.cut([leader, ...others.slice(Math.ceil(others.length / 2))]);
      behind.open();
      fault.after(Math.max(GONE_MS_MIN, fault.forMs), () => gone.open());
    } else if (looks >= LOOKS_MAX) behind.open();
    else fault.after(LOOK_EVERY_MS, () => look(looks + 1));
  };
  look(0);
}
