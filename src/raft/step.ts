import type { RaftRoleAction } from '../../machines/raft-role.ts';
import { invariant, unreachable } from '../invariant.ts';
import { changeMembers, forgetChange, tickMembers } from './changing-members.ts';
import { advanceCommit } from './committing.ts';
import type { RaftCore } from './core.ts';
import {
  askPreVotes,
  askVotes,
  countOwnVote,
  hearsALeader,
  onPreVote,
  onPreVoteAnswer,
  onTimeoutNow,
  onVote,
  onVoteAnswer,
  restartElectionTimer,
  retire,
  tickElection,
} from './election.ts';
import { finishRecovery, hearLeader, onAppend, onHeartbeat } from './following.ts';
import { DEAF_HEARTBEATS } from './limits.ts';
import { configurationAt } from './membership.ts';
import { whyImpossible } from './message-check.ts';
import { isFromLeader, type Message } from './messages.ts';
import type { Effect, Input, Proposal } from './ports.ts';
import { forgetThrough, termAt, trimRecent } from './raft-log.ts';
import {
  acceptReads,
  answerReads,
  onReadIndex,
  onReadIndexAnswer,
  read,
  refuseAllReads,
  refuseForwardedReads,
  tickReads,
} from './reading.ts';
import { onSnapshotChunk, onSnapshotInstalled, onSnapshotRefused, onSnapshotWritten } from './receiving-snapshots.ts';
import {
  onAppended,
  onAppendRefused,
  onHeartbeatAnswer,
  onUnreachable,
  sendAppends,
  startLeading,
  tickLeading,
} from './replicating.ts';
import { onSnapshotMade, onSnapshotRead, onSnapshotReceived } from './sending-snapshots.ts';
import { refuseTransfer, tellTarget, tickTransfer, transfer } from './transferring.ts';
import { Turn } from './turn.ts';

/** One turn of consensus: all inputs that waited, one set of effects, at most one of them a disk write. */
export function step(core: RaftCore, inputs: readonly Input[]): readonly Effect[] {
  const turn = new Turn(core, act);
  for (const input of inputs) {
    if (turn.role === 'removed' && isAsked(input)) refuse(turn, input);
    else take(turn, input);
  }
  if (core.leading !== null) {
    advanceCommit(turn, core.leading);
    answerReads(turn, core.leading);
    tellTarget(turn, core.leading);
    sendAppends(turn, core.leading);
  }
  if (turn.removed) {
    turn.removed = false;
    turn.move({ type: 'REMOVED' });
    // Whoever waits here would wait for answers that come to members only.
    refuseForwardedReads(turn);
    refuseTransfer(turn, NO_MEMBER);
  }
  trimRecent(core.log, core.durableIndex);
  return turn.effects();
}

function take(turn: Turn, input: Input): void {
  const { core } = turn;
  switch (input.type) {
    case 'tick':
      tick(turn, input.monotonicMs, input.random);
      return;
    case 'now':
      if (core.hasTicked) passTo(core, input.monotonicMs);
      return;
    case 'receive':
      for (const message of input.messages) receive(turn, message);
      return;
    case 'unreachable':
      if (core.leading !== null) onUnreachable(core.leading, input.peer);
      return;
    case 'propose':
      propose(turn, input.proposals);
      return;
    case 'persisted':
      persisted(turn, input.persistId);
      return;
    case 'applied':
      applied(core, input.index);
      return;
    case 'read':
      read(turn, input.readIds);
      return;
    case 'change-members':
      changeMembers(turn, input);
      return;
    case 'retire':
      retire(core);
      return;
    case 'transfer':
      transfer(turn, input);
      return;
    case 'compacted':
      compacted(core, input.index, input.term);
      return;
    case 'snapshot-made':
      if (core.leading !== null) onSnapshotMade(turn, core.leading, input);
      return;
    case 'snapshot-read':
      if (core.leading !== null) onSnapshotRead(turn, core.leading, input);
      return;
    case 'snapshot-written':
      onSnapshotWritten(turn, input);
      return;
    case 'snapshot-installed':
      onSnapshotInstalled(turn, input);
      return;
    case 'snapshot-refused':
      onSnapshotRefused(turn, input);
      return;
    default:
      unreachable(input);
  }
}

/** What the role machine asks for. */
function act(turn: Turn, action: RaftRoleAction): void {
  const { core } = turn;
  switch (action.type) {
    case 'persistHardState':
      turn.persistHardState(action.params as Parameters<Turn['persistHardState']>[0]);
      return;
    case 'askPreVotes':
      askPreVotes(turn, action.params.term);
      return;
    case 'askVotes':
      askVotes(turn);
      return;
    case 'startTerm':
      startLeading(turn);
      return;
    case 'stepDown':
      stepDown(turn);
      return;
    case 'acceptProposals':
      append(turn);
      return;
    case 'acceptReads':
      if (core.leading !== null) acceptReads(turn, core.leading);
      return;
    default:
      unreachable(action);
  }
}

function stepDown(turn: Turn): void {
  const { core } = turn;
  const { leading } = core;
  core.leading = null;
  if (leading !== null) {
    refuseAllReads(turn, leading);
    forgetChange(turn, leading);
  }
  restartElectionTimer(core);
}

function tick(turn: Turn, monotonicMs: number, random: number): void {
  const { core } = turn;
  passTo(core, monotonicMs);
  core.random = random;
  if (!core.hasTicked) startClock(core);
  if (core.leading === null) tickElection(turn);
  // A sole voter leads from its first tick on.
  if (core.leading !== null) tickLeading(turn, core.leading);
  if (core.leading !== null) tickMembers(turn, core.leading);
  tickTransfer(turn);
  tickReads(turn);
}

function passTo(core: RaftCore, monotonicMs: number): void {
  invariant(monotonicMs >= core.monotonicMs, 'I9', `monotonic time went back to ${monotonicMs}`);
  if (monotonicMs - core.monotonicMs >= DEAF_HEARTBEATS * core.timings.heartbeatMs) core.listensSinceMs = monotonicMs;
  core.monotonicMs = monotonicMs;
}

/** Messages may come before the first tick. They count from there, or their senders would seem to have been silent since time began. */
function startClock(core: RaftCore): void {
  core.hasTicked = true;
  if (core.electionDueAtMs !== null) restartElectionTimer(core);
  if (core.leaderHeard !== null) core.leaderHeard = { ...core.leaderHeard, atMs: core.monotonicMs };
}

function receive(turn: Turn, message: Message): void {
  const cause = whyImpossible(turn.core, message);
  if (cause !== null) turn.emit({ type: 'dropped', from: message.from, cause });
  // A voter grants a pre-vote without taking the later term over: its answer counts for the term that it was asked about.
  else if (message.term < turn.term && message.type !== 'pre-vote-answer') answerStale(turn, message);
  else if (followTerm(turn, message)) hear(turn, message);
}

/** Who speaks for a term that has passed learns of the present one (paper §5.1). */
function answerStale(turn: Turn, message: Message): void {
  const { from, type } = message;
  if (type === 'pre-vote') onPreVote(turn, message);
  else if (type === 'vote') turn.promise(from, { type: 'vote-answer', granted: false });
  else if (isFromLeader(message)) {
    const { lastIndex } = turn.core.log;
    turn.promise(from, { type: 'append-refused', prevIndex: 0, lastIndex, hintIndex: 0, hintTerm: 0 });
  } else if (type === 'read-index') {
    turn.send(from, { type: 'read-index-answer', readIds: message.readIds, index: null });
  }
}

/** Returns whether the message counts. A later term is taken over, save from those who only ask whether they might begin one. */
function followTerm(turn: Turn, message: Message): boolean {
  if (message.type === 'pre-vote') return true;
  if (message.term > turn.term) {
    // While a leader lives, nobody else's campaign is taken up (thesis §4.2.3; raft.md, cases 14 and 17).
    if (message.type === 'vote' && !message.transfer && hearsALeader(turn)) return false;
    turn.move({ type: 'HIGHER_TERM', term: message.term, leader: isFromLeader(message) ? message.from : null });
  }
  if (!isFromLeader(message)) return true;
  if (turn.role === 'leader') {
    turn.emit({
      type: 'dropped',
      from: message.from,
      cause: `claims to lead term ${turn.term}, which this node leads`,
    });
    return false;
  }
  hearLeader(turn, message.from);
  return true;
}

function hear(turn: Turn, message: Message): void {
  const { core } = turn;
  switch (message.type) {
    case 'pre-vote':
      onPreVote(turn, message);
      return;
    case 'pre-vote-answer':
      onPreVoteAnswer(turn, message);
      return;
    case 'vote':
      onVote(turn, message);
      return;
    case 'vote-answer':
      onVoteAnswer(turn, message);
      return;
    case 'append':
      onAppend(turn, message);
      return;
    case 'appended':
      if (core.leading !== null) onAppended(turn, core.leading, message);
      return;
    case 'append-refused':
      if (core.leading !== null) onAppendRefused(turn, core.leading, message);
      return;
    case 'heartbeat':
      onHeartbeat(turn, message);
      return;
    case 'heartbeat-answer':
      if (core.leading !== null) onHeartbeatAnswer(turn, core.leading, message);
      return;
    case 'snapshot-chunk':
      onSnapshotChunk(turn, message);
      return;
    case 'snapshot-received':
      if (core.leading !== null) onSnapshotReceived(turn, core.leading, message);
      return;
    case 'timeout-now':
      onTimeoutNow(turn);
      return;
    case 'read-index':
      onReadIndex(turn, message);
      return;
    case 'read-index-answer':
      onReadIndexAnswer(turn, message);
      return;
    default:
      unreachable(message);
  }
}

function propose(turn: Turn, proposals: readonly Proposal[]): void {
  turn.proposing = proposals;
  const { core } = turn;
  // Writes pause while leadership moves: the target has to reach the end of the log (thesis §3.10).
  if (core.transfer === null && turn.move({ type: 'PROPOSED' })) return;
  turn.proposing = [];
  const leader = core.transfer?.to ?? turn.leader;
  turn.emit({ type: 'refused', proposalIds: proposals.map(({ proposalId }) => proposalId), leader });
}

function append(turn: Turn): void {
  const proposals = turn.proposing;
  turn.proposing = [];
  const at = proposals.map(({ proposalId, kind, data }) => ({ proposalId, index: turn.append(kind, data) }));
  turn.emit({ type: 'accepted', term: turn.term, at });
}

function persisted(turn: Turn, persistId: number): void {
  const { core } = turn;
  invariant(
    persistId <= core.lastPersistId,
    'I1',
    `write ${persistId} is durable, ${core.lastPersistId} were asked for`,
  );
  while (core.persists[0] !== undefined && core.persists[0].persistId <= persistId) {
    const { lastIndex, term } = core.persists[0];
    core.persists.shift();
    core.durableIndex = Math.max(core.durableIndex, Math.min(lastIndex, core.log.lastIndex));
    core.durableTerm = Math.max(core.durableTerm, term);
  }
  turn.releaseHeld(persistId);
  countOwnVote(turn);
  finishRecovery(turn);
}

function applied(core: RaftCore, index: number): void {
  invariant(index >= core.appliedIndex, 'I4', `applied went back from ${core.appliedIndex} to ${index}`);
  invariant(index <= core.committedTold, 'I4', `applied ${index}, committed ${core.committedTold}`);
  core.appliedIndex = index;
}

function compacted(core: RaftCore, index: number, term: number): void {
  if (index <= core.log.base.index) return;
  invariant(index <= core.appliedIndex, 'I4', `compacted through ${index}, applied ${core.appliedIndex}`);
  invariant(
    termAt(core.log, index) === term,
    'I2',
    `compacted entry ${index} of term ${term}, which the log does not hold`,
  );
  forgetThrough(core.log, { index, term });
  const oldest = configurationAt(core.configurations, index);
  core.configurations = core.configurations.filter((placed) => placed === oldest || placed.index > index);
}

const NO_MEMBER = 'this node is no member any more';

type Asked = Extract<Input, { readonly type: 'propose' | 'read' | 'change-members' | 'transfer' }>;

const isAsked = (input: Input): input is Asked =>
  input.type === 'propose' || input.type === 'read' || input.type === 'change-members' || input.type === 'transfer';

/** Who is no member knows of no leader that would do it for him. */
function refuse(turn: Turn, input: Asked): void {
  const outcome = { kind: 'refused', reason: NO_MEMBER } as const;
  switch (input.type) {
    case 'propose':
      turn.emit({ type: 'refused', proposalIds: input.proposals.map(({ proposalId }) => proposalId), leader: null });
      return;
    case 'read':
      turn.emit({ type: 'read-refused', readIds: input.readIds, leader: null });
      return;
    case 'transfer':
      turn.emit({ type: 'transfer-settled', transferId: input.transferId, outcome });
      return;
    case 'change-members':
      turn.emit({ type: 'change-settled', changeId: input.changeId, outcome });
      return;
    default:
      unreachable(input);
  }
}
