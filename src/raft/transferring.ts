import type { Leading, Transfer } from './core.ts';
import type { Input, TransferOutcome } from './ports.ts';
import { isThere } from './progress.ts';
import { idOf, isVoter } from './quorum.ts';
import type { Turn } from './turn.ts';
import type { MemberId } from './types.ts';

/** Leadership transfer (thesis §3.10): writes pause, the target is brought up to date, and told to campaign at once. */

type InputOf<T extends Input['type']> = Extract<Input, { readonly type: T }>;

export function transfer(turn: Turn, { transferId, to }: InputOf<'transfer'>): void {
  const { core } = turn;
  const refuse = (reason: string): void =>
    turn.emit({ type: 'transfer-settled', transferId, outcome: { kind: 'refused', reason } });
  const member = core.configuration.members.find(({ nodeId, kind }) => nodeId === to && kind === 'voter');
  const target = member === undefined ? null : idOf(member);
  const silentMs = core.timings.electionTimeoutMinMs;
  const progress = target === null ? undefined : core.leading?.peers.get(target);
  if (core.leading === null) refuse('this node does not lead');
  else if (target === core.self) refuse('this node leads already');
  else if (target === null || !isVoter(core.voters, target)) refuse(`${to} is no voter`);
  else if (core.transfer !== null) refuse('another transfer is under way');
  else if (progress === undefined || progress.wholeFromIndex !== null || !isThere(progress, turn.nowMs, silentMs)) {
    refuse(`${to} is not there, or not whole`);
  } else {
    const untilMs = turn.nowMs + core.timings.electionTimeoutMaxMs;
    core.transfer = { transferId, to: target, untilMs, term: turn.term, told: false, successor: null };
    tellTarget(turn, core.leading);
  }
}

/** Called whenever the target's log may have become the leader's. */
export function tellTarget(turn: Turn, leading: Leading): void {
  const { core } = turn;
  if (core.transfer === null || core.transfer.told) return;
  if (leading.peers.get(core.transfer.to)?.matchIndex !== core.log.lastIndex) return;
  core.transfer.told = true;
  turn.send(core.transfer.to, { type: 'timeout-now' });
}

/** Whoever leads after this node is heard. */
export function noteSuccessor(turn: Turn, leader: MemberId): void {
  const { transfer: pending } = turn.core;
  if (pending !== null) pending.successor ??= { leader, term: turn.term };
}

/** A transfer ends when somebody leads another term, or when its time is up: then this node leads on. */
export function tickTransfer(turn: Turn): void {
  const { core } = turn;
  const pending = core.transfer;
  if (pending === null) return;
  if (pending.successor !== null) settle(turn, byItsSuccessor(pending, pending.successor));
  else if (turn.nowMs >= pending.untilMs) {
    const leadsOn = turn.role === 'leader' && turn.term === pending.term;
    settle(turn, { kind: leadsOn ? 'timed-out' : 'unknown' });
  }
}

/** A term has one leader: who leads the next one in place of the target was elected instead of it. One of a later term may have come after it. */
function byItsSuccessor({ to, term }: Transfer, successor: NonNullable<Transfer['successor']>): TransferOutcome {
  if (successor.leader === to) return { kind: 'done' };
  return successor.term === term + 1 ? { kind: 'refused', reason: 'another node was elected' } : { kind: 'unknown' };
}

export function refuseTransfer(turn: Turn, reason: string): void {
  settle(turn, { kind: 'refused', reason });
}

function settle(turn: Turn, outcome: TransferOutcome): void {
  const { core } = turn;
  if (core.transfer === null) return;
  turn.emit({ type: 'transfer-settled', transferId: core.transfer.transferId, outcome });
  core.transfer = null;
}
