import type { RaftCore } from '../raft/core.ts';
import type { Message } from '../raft/messages.ts';
import type { ChangeOutcome, MembershipChange, TransferOutcome } from '../raft/ports.ts';
import type { RaftRole } from '../raft/role.ts';
import type { LogIndex, MemberId, NodeId } from '../raft/types.ts';

/**
 * A program that runs on a simulated host: started from what its disk holds, fed by the network, the clock and clients, and gone
 * without a word when it crashes. Whatever it plans, it plans through its host, which forgets the plans of the dead.
 */
export interface HostedProcess {
  readonly role: RaftRole;
  unreachable(peer: MemberId): void;
}

/** One that runs the consensus core and nothing else. */
export interface SimulatedProcess extends HostedProcess {
  readonly core: RaftCore;
  /** It was asked to hand leadership over, and has not come to it. */
  readonly isToTransfer: boolean;
  receive(message: Message): void;
  /** `settle` is called once, or never by a process that died. */
  propose(data: string, settle: (outcome: ProposeOutcome) => void): void;
  read(settle: (outcome: ReadOutcome) => void): void;
  changeMembers(change: MembershipChange, settle: (outcome: ChangeOutcome) => void): void;
  transfer(to: NodeId, settle: (outcome: TransferOutcome) => void): void;
  /** The state that it would show now. */
  readonly state: { readonly index: LogIndex; readonly hash: number };
}

export type ProposeOutcome =
  | { readonly kind: 'committed'; readonly index: LogIndex; readonly data: string }
  /** Not done, for certain. */
  | { readonly kind: 'refused' };

export type ReadOutcome =
  | { readonly kind: 'read'; readonly index: LogIndex; readonly hash: number }
  | { readonly kind: 'refused' };
