/** The files that known bugs are put into: mostly the core, and for bugs of a shell the thin one that the simulator has. */
export const CHANGING = 'src/raft/changing-members.ts';
export const CORE = 'src/raft/core.ts';
export const DISK = 'src/sim/disk.ts';
export const ELECTION = 'src/raft/election.ts';
export const FOLLOWING = 'src/raft/following.ts';
export const MEMBERSHIP = 'src/raft/membership.ts';
export const PIECES = 'src/sim/snapshot-pieces.ts';
export const PROCESS = 'src/sim/raft-process.ts';
export const PROGRESS = 'src/raft/progress.ts';
export const QUORUM = 'src/raft/quorum.ts';
export const READING = 'src/raft/reading.ts';
export const RECEIVING = 'src/raft/receiving-snapshots.ts';
export const REPLICATING = 'src/raft/replicating.ts';
export const ROLE = 'machines/raft-role.ts';
export const STEP = 'src/raft/step.ts';
export const TRANSFERRING = 'src/raft/transferring.ts';
export const TURN = 'src/raft/turn.ts';
