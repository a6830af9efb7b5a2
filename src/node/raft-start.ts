import type { RaftStart, RaftTimings } from '../raft/ports.ts';
import { memberId } from '../raft/types.ts';
import { ENTRY_VERSION } from '../tasks/entry-version.ts';
import { ELECTION_TIMEOUT_MAX_MS, ELECTION_TIMEOUT_MIN_MS, HEARTBEAT_MS } from './limits.ts';
import type { NodeParts } from './node-parts.ts';

/** What consensus is told at a start: what the disk holds. */
export const raftStartOf = ({ log, projection, configurations, identity, featureLevel }: NodeParts): RaftStart => ({
  self: memberId(identity.nodeId, identity.instance),
  hardState: log.hardState,
  configurations,
  log,
  base: log.base,
  lastIndex: log.lastIndex,
  lastTerm: log.lastTerm,
  appliedIndex: projection.appliedIndex,
  recovering: log.lostTail,
  featureLevel: featureLevel ?? ENTRY_VERSION,
});

export const RAFT_TIMINGS: RaftTimings = {
  heartbeatMs: HEARTBEAT_MS,
  electionTimeoutMinMs: ELECTION_TIMEOUT_MIN_MS,
  electionTimeoutMaxMs: ELECTION_TIMEOUT_MAX_MS,
};
