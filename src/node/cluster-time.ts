import type { Clock } from '../clock.ts';
import type { RaftCore } from '../raft/core.ts';
import { allVoters, isSoleVoter } from '../raft/quorum.ts';
import type { MemberId } from '../raft/types.ts';
import { CLOCK_KNOWN_MS, CLOCK_MS_MAX } from './limits.ts';

/**
 * Cluster time: the median of the voters' clocks, so that one clock of three that jumps changes nothing. A leader takes it from what
 * its peers' batches say; everyone else takes the leader's. In between it runs with the monotonic clock, so that a jump of this
 * node's own is one vote among others and not the time. A node alone has nobody else to ask.
 */
export interface ClusterTime extends Clock {
  /** `clusterMs`: what it takes for cluster time, if it leads. False: no clock shows that, and nothing came of it. */
  heard(from: MemberId, clockMs: number, clusterMs: number | null): boolean;
  /** This node's own clock, for telling others. */
  ownMs(): number;
}

/** What comes from another node is not a number before it was looked at. */
const isShown = (wallMs: number): boolean => Number.isFinite(wallMs) && wallMs >= 0 && wallMs <= CLOCK_MS_MAX;

/** What a clock showed, and when that was on this node's monotonic clock. */
interface Reading {
  readonly wallMs: number;
  readonly atMs: number;
}

export function createClusterTime(clock: Clock, core: () => RaftCore | null): ClusterTime {
  const clocks = new Map<MemberId, Reading>();
  const read = (wallMs: number): Reading => ({ wallMs, atMs: clock.monotonicMs() });
  const nowOf = ({ wallMs, atMs }: Reading): number => wallMs + (clock.monotonicMs() - atMs);
  let anchor = read(clock.nowMs());

  /**
   * Of two clocks in the middle, any time between them is a median, and cluster time moves no further than it must: with one node of three
   * away, or not heard yet after an election, a clock that jumped changes nothing either. While half of the voters' clocks or more are
   * not known, it goes on as it is.
   */
  function median(raft: RaftCore): number {
    const runningMs = nowOf(anchor);
    const voters = allVoters(raft.voters);
    const known: number[] = [];
    for (const voter of voters) {
      const reading = voter === raft.self ? read(clock.nowMs()) : clocks.get(voter);
      if (reading !== undefined && clock.monotonicMs() - reading.atMs < CLOCK_KNOWN_MS) known.push(nowOf(reading));
    }
    if (known.length * 2 <= voters.length) return runningMs;
    known.sort((a, b) => a - b);
    const lower = known[Math.ceil(known.length / 2) - 1] ?? 0;
    const upper = known[Math.floor(known.length / 2)] ?? lower;
    return Math.min(Math.max(runningMs, lower), upper);
  }

  return {
    ...clock,
    ownMs: () => clock.nowMs(),
    nowMs() {
      const raft = core();
      if (raft === null || isSoleVoter(raft.voters, raft.self)) anchor = read(clock.nowMs());
      // Whole milliseconds, as every clock here gives them: instants stand in integer columns.
      return Math.floor(nowOf(anchor));
    },
    heard(from, clockMs, clusterMs) {
      if (!isShown(clockMs) || (clusterMs !== null && !isShown(clusterMs))) return false;
      const raft = core();
      if (raft === null) return true;
      const voters = allVoters(raft.voters);
      if (voters.includes(from)) clocks.set(from, read(clockMs));
      if (clocks.size >= voters.length) for (const one of clocks.keys()) if (!voters.includes(one)) clocks.delete(one);
      if (raft.leading !== null) anchor = read(median(raft));
      else if (clusterMs !== null && raft.role.context.leader === from) anchor = read(clusterMs);
      return true;
    },
  };
}
