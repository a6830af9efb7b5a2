import type { Clock } from '../clock.ts';
import { unreachable } from '../invariant.ts';
import { featureLevelOf } from '../raft/membership.ts';
import type { ChangeOutcome, MembershipChange } from '../raft/ports.ts';
import { idOf } from '../raft/quorum.ts';
import type { InstanceId, LogIndex, MemberId, NodeId } from '../raft/types.ts';
import { type CommandId, keyOfCommand } from '../tasks/command-id.ts';
import type { StateMeta } from '../tasks/entities.ts';
import type { TaskEvent } from '../tasks/event.ts';
import type { ClusterOperation } from '../tasks/operation.ts';
import type { OperationOutcome, UnavailableReason } from './api.ts';
import { judge, type OperationView, successor } from './judging-operations.ts';
import { NODE_LOST_MS, SUBMIT_DEADLINE_MS } from './limits.ts';
import type { ProposeOutcome } from './proposal-queue.ts';
import type { Replica } from './replica.ts';
import { RETRY_AFTER_MS } from './submitting.ts';
import type { ThroughLeader } from './through-leader.ts';

/**
 * Operations of the cluster: asked of any node, decided by whoever leads, audited in the log before they are carried out. One that is
 * repeated under its id is not done twice.
 */
export interface OperatingOptions {
  readonly replica: Replica;
  readonly clock: Clock;
  readonly throughLeader: ThroughLeader;
  readonly meta: () => StateMeta;
  /** True once no node sends any more what was claimed before `index`; false when that cannot be known here any more (I6). */
  readonly untilSilent: (index: LogIndex) => Promise<boolean>;
}

/** Since entry version 3. */
const OPERATIONS_LEVEL = 3;

const unavailable = (reason: UnavailableReason): OperationOutcome => ({
  outcome: 'unavailable',
  reason,
  retryAfterMs: RETRY_AFTER_MS,
});
const UNKNOWN: OperationOutcome = { outcome: 'unknown' };
const TOO_LARGE: OperationOutcome = {
  outcome: 'refused',
  code: 'operation_refused',
  message: 'it is too large for the log',
};
const REPEATED: OperationOutcome = {
  outcome: 'refused',
  code: 'operation_refused',
  message:
    'it was asked for before under this id, and what came of it is not known: look at the status, and ask under another id',
};
const DONE: OperationOutcome = { outcome: 'done', changed: true };

interface ToCommit {
  readonly operation: ClusterOperation;
  readonly events: readonly TaskEvent[];
}
interface Answered {
  readonly answer: () => Promise<OperationOutcome>;
}

const nodeIdOf = (id: MemberId): string => id.split('/')[0] ?? '';

export class Operating {
  readonly #options: OperatingOptions;
  /** The last that was judged here is committed, or never will be. */
  #settled: Promise<void> = Promise.resolve();

  constructor(options: OperatingOptions) {
    this.#options = options;
  }

  operate(operation: ClusterOperation, by: string, requestId: CommandId): Promise<OperationOutcome> {
    return this.#options.throughLeader.untilKnown<OperationOutcome>({
      askId: requestId,
      ask: { type: 'operate', operation, by },
      here: () => this.decide(operation, by, requestId),
      read: (answer) => (answer.type === 'operated' ? answer.outcome : null),
      unavailable,
      unknown: () => UNKNOWN,
    });
  }

  /**
   * On the leader. One after the other: each is judged by what the one before came to, or two drains at the same time, each of them right,
   * would leave nobody to send.
   */
  async decide(asked: ClusterOperation, by: string, requestId: CommandId): Promise<OperationOutcome> {
    const before = this.#settled;
    const { promise, resolve: settled } = Promise.withResolvers<void>();
    this.#settled = promise;
    await before;
    const judged = await this.#judge(asked, requestId).catch((error: unknown) => {
      settled();
      throw error;
    });
    if (!('operation' in judged)) {
      settled();
      return judged.answer();
    }
    const { operation, events } = judged;
    const audited = await this.#commit({ type: 'OperationRequested', requestId, operation }, events, by, settled);
    switch (audited.kind) {
      case 'applied':
        return this.#carryOut(operation, audited.index);
      case 'not-applied':
        // It was asked for before, and what the state shows is answered above. Whether members or leadership moved then nobody knows, and
        // they may have been moved back on purpose: it is not done again, and not asked again and again.
        if (isOfCore(operation) && !this.#tookOverBy(requestId)) return REPEATED;
        return this.#holds(operation, DONE);
      case 'refused':
        return audited.why === 'too_large' ? TOO_LARGE : unavailable(audited.why);
      case 'unknown':
        return UNKNOWN;
    }
  }

  /** What is to be committed and carried out, or what is answered without that. */
  async #judge(asked: ClusterOperation, requestId: CommandId): Promise<ToCommit | Answered> {
    const { replica, meta } = this.#options;
    const { configuration } = replica.core;
    const level = featureLevelOf(configuration);
    if (level < OPERATIONS_LEVEL) {
      const message = `a member still runs a version that cannot read operations (feature level ${level}): finish the upgrade first`;
      return { answer: async () => ({ outcome: 'refused', code: 'feature_level_too_low', message }) };
    }
    // What was acknowledged before is in what this is judged by.
    if (!(await replica.readBarrier())) return { answer: async () => unavailable('no_leader') };
    const view: OperationView = {
      self: nodeIdOf(replica.core.self),
      members: replica.core.configuration.members,
      meta: meta(),
      isAlive: (nodeId) => this.#isAlive(nodeId),
    };
    const operation =
      asked.type === 'transfer-leadership' && asked.to === null
        ? { ...asked, to: successor(view, (nodeId) => this.#matchIndexOf(nodeId)) }
        : asked;
    const judged = judge(operation, view);
    const before = meta().operations?.some((record) => record.requestId === requestId) === true;
    // Asked again under its id, it is told as the first time.
    if (judged.kind === 'already')
      return { answer: () => this.#holds(operation, { outcome: 'done', changed: before }) };
    if (judged.kind === 'go') return { operation, events: judged.events };
    const { code, message } = judged;
    return { answer: async () => ({ outcome: 'refused', code, message }) };
  }

  /** Whoever asked for a transfer may be the one that it made the leader: then the question has come back to it. */
  #tookOverBy(requestId: CommandId): boolean {
    const { replica, meta } = this.#options;
    const operation = meta().operations?.find((record) => record.requestId === requestId)?.operation;
    return operation?.type === 'transfer-leadership' && operation.to === nodeIdOf(replica.core.self);
  }

  #commit(
    audit: Extract<TaskEvent, { type: 'OperationRequested' }>,
    events: readonly TaskEvent[],
    by: string,
    settled: () => void,
  ): Promise<ProposeOutcome> {
    const { replica, clock } = this.#options;
    return new Promise((settle) => {
      const deadline = clock.setTimer(SUBMIT_DEADLINE_MS, () => settle({ kind: 'unknown' }));
      replica.propose(
        {
          requires: [{ type: 'key-is-free', key: keyOfCommand(audit.requestId) }],
          events: [audit, ...events],
          by,
        },
        (outcome) => {
          deadline.cancel();
          // Later than its deadline, perhaps: what is still on its way may be committed yet.
          settled();
          settle(outcome);
        },
        'client',
      );
    });
  }

  async #carryOut(operation: ClusterOperation, index: LogIndex): Promise<OperationOutcome> {
    const { replica } = this.#options;
    switch (operation.type) {
      case 'add-member': {
        const { nodeId, instance, kind } = operation;
        return this.#change({
          type: 'add',
          member: { nodeId: nodeId as NodeId, instance: instance as InstanceId, kind },
        });
      }
      case 'promote-member':
        return this.#change({ type: 'promote', nodeId: operation.nodeId as NodeId });
      case 'remove-member':
        return this.#change({ type: 'remove', nodeId: operation.nodeId as NodeId });
      case 'transfer-leadership': {
        const outcome = await replica.transferTo(operation.to as NodeId);
        if (outcome.kind === 'done') return DONE;
        const message =
          outcome.kind === 'refused' ? outcome.reason : `${operation.to} did not take over in time: this node leads on`;
        return { outcome: 'refused', code: 'operation_refused', message };
      }
      case 'pause-scheduling':
        return this.#holds(operation, DONE, index);
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
  async #holds(
    { type }: ClusterOperation,
    outcome: OperationOutcome,
    index: LogIndex = this.#options.replica.appliedIndex,
  ): Promise<OperationOutcome> {
    if (type !== 'pause-scheduling') return outcome;
    return (await this.#options.untilSilent(index)) ? outcome : UNKNOWN;
  }

  async #change(change: MembershipChange): Promise<OperationOutcome> {
    const outcome: ChangeOutcome = await this.#options.replica.changeMembers(change);
    switch (outcome.kind) {
      case 'done':
        return DONE;
      case 'refused':
        return { outcome: 'refused', code: 'operation_refused', message: outcome.reason };
      case 'unknown':
        return UNKNOWN;
    }
  }

  #matchIndexOf(nodeId: string): LogIndex {
    const { core } = this.#options.replica;
    const member = core.configuration.members.find((one) => one.nodeId === nodeId && one.kind === 'voter');
    return (member === undefined ? undefined : core.leading?.peers.get(idOf(member))?.matchIndex) ?? 0;
  }

  #isAlive(nodeId: string): boolean {
    const { core } = this.#options.replica;
    return core.configuration.members.some((member) => {
      const id = idOf(member);
      if (member.nodeId !== nodeId) return false;
      const heardAtMs = core.leading?.peers.get(id)?.heardAtMs;
      return id === core.self || (heardAtMs !== undefined && core.monotonicMs - heardAtMs < NODE_LOST_MS);
    });
  }
}

/** What consensus itself does, beside the entry that asks for it. */
const isOfCore = ({ type }: ClusterOperation): boolean =>
  type === 'add-member' || type === 'promote-member' || type === 'remove-member' || type === 'transfer-leadership';
