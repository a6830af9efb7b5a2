import type { Clock } from '../clock.ts';
import { unreachable } from '../invariant.ts';
import type { MembershipChange, TransferOutcome } from '../raft/ports.ts';
import { type InstanceId, type LogIndex, type MemberId, memberId, type NodeId } from '../raft/types.ts';
import type { ClusterOperation } from '../tasks/operation.ts';
import type { OperationOutcome } from './api.ts';
import { ADDED_HEARD_LOOK_MS, ADDED_HEARD_MAX_MS } from './limits.ts';
import type { Replica } from './replica.ts';

/** What the leader does once an operation is audited, where its entry alone does not do it. */
export interface CarryingOutOptions {
  readonly replica: Replica;
  readonly clock: Clock;
  /** True once no node sends any more what was claimed before `index`; false when that cannot be known here any more (I6). */
  readonly untilSilent: (index: LogIndex) => Promise<boolean>;
}

export const DONE: OperationOutcome = { outcome: 'done', changed: true };
export const UNKNOWN: OperationOutcome = { outcome: 'unknown' };
const refused = (message: string): OperationOutcome => ({ outcome: 'refused', code: 'operation_refused', message });

export class CarryingOut {
  readonly #options: CarryingOutOptions;

  constructor(options: CarryingOutOptions) {
    this.#options = options;
  }

  async carryOut(operation: ClusterOperation, index: LogIndex): Promise<OperationOutcome> {
    const { replica } = this.#options;
    switch (operation.type) {
      case 'add-member': {
        const { nodeId, instance, kind } = operation;
        const member = { nodeId: nodeId as NodeId, instance: instance as InstanceId, kind };
        return this.holds(operation, await this.#change({ type: 'add', member }), index);
      }
      case 'promote-member':
        return this.#change({ type: 'promote', nodeId: operation.nodeId as NodeId });
      case 'remove-member':
        return this.#change({ type: 'remove', nodeId: operation.nodeId as NodeId });
      case 'transfer-leadership':
        return ofTransfer(operation.to, await replica.transferTo(operation.to as NodeId));
      case 'pause-scheduling':
        return this.holds(operation, DONE, index);
      case 'drain-node':
      case 'undrain-node':
      case 'resume-scheduling':
      case 'compact-log':
      case 'back-up':
      case 'set-log-level':
      case 'set-trace':
        return DONE;
      default:
        return unreachable(operation);
    }
  }

  /** Also where it was so already: who asked first may be waiting still, or have asked a leader that is gone (I6). */
  async holds(
    operation: ClusterOperation,
    outcome: OperationOutcome,
    index: LogIndex = this.#options.replica.appliedIndex,
  ): Promise<OperationOutcome> {
    if (operation.type === 'pause-scheduling') return (await this.#options.untilSilent(index)) ? outcome : UNKNOWN;
    if (operation.type === 'add-member' && outcome.outcome === 'done') {
      const { nodeId, instance } = operation;
      if (await this.#isHeard(memberId(nodeId as NodeId, instance as InstanceId))) return outcome;
      return { ...outcome, warning: notHeardInWords(nodeId) };
    }
    return outcome;
  }

  async #change(change: MembershipChange): Promise<OperationOutcome> {
    const outcome = await this.#options.replica.changeMembers(change);
    switch (outcome.kind) {
      case 'done':
        return DONE;
      case 'refused':
        return refused(outcome.reason);
      case 'unknown':
        return UNKNOWN;
    }
  }

  /** A member may be added before it is started, so it is not asked for first. A leader that leads no more cannot tell, and says nothing. */
  async #isHeard(member: MemberId): Promise<boolean> {
    const { replica, clock } = this.#options;
    for (const untilMs = clock.monotonicMs() + ADDED_HEARD_MAX_MS; ; ) {
      const progress = replica.isLeading ? replica.core.leading?.peers.get(member) : undefined;
      if (progress === undefined || progress.hasAnswered) return true;
      if (clock.monotonicMs() >= untilMs) return false;
      await new Promise<void>((resolve) => clock.setTimer(ADDED_HEARD_LOOK_MS, resolve));
    }
  }
}

function ofTransfer(to: string | null, outcome: TransferOutcome): OperationOutcome {
  switch (outcome.kind) {
    case 'done':
      return DONE;
    case 'refused':
      return refused(outcome.reason);
    case 'timed-out':
      return refused(`${to} did not take over in time: this node leads on`);
    case 'unknown':
      return UNKNOWN;
  }
}

const notHeardInWords = (nodeId: string): string =>
  `${nodeId} is a member now and was not heard within ${ADDED_HEARD_MAX_MS / 1_000} s. Where it is to be there already: check its name and its instance, and that it runs with --join, in this cluster and over its NATS servers. A name that nobody has goes with "remove"`;
