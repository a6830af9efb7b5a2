import { featureLevelOf } from '../raft/membership.ts';
import { idOf } from '../raft/quorum.ts';
import type { LogIndex, Member, MemberId } from '../raft/types.ts';
import { type CommandId, keyOfCommand } from '../tasks/command-id.ts';
import type { StateMeta } from '../tasks/entities.ts';
import type { TaskEvent } from '../tasks/event.ts';
import { operationOf } from '../tasks/evolve-operation.ts';
import { COMMAND_RESULTS_KEPT_MS } from '../tasks/limits.ts';
import { type ClusterOperation, isOfOneNode, type OperationEnd, type OperationRecord } from '../tasks/operation.ts';
import type { DoneHere, OperatedHere, OperationOutcome, UnavailableReason } from './api.ts';
import { CarryingOut, type CarryingOutOptions, DONE, UNKNOWN } from './carrying-out.ts';
import { judge, type OperationView, successor } from './judging-operations.ts';
import { LEVEL_KNOWN_LOOK_MS, LEVEL_KNOWN_MAX_MS, NODE_LOST_MS, SUBMIT_DEADLINE_MS } from './limits.ts';
import type { NodeEvents } from './node-parts.ts';
import { OperationEnds, type OperationEndsOptions } from './operation-ends.ts';
import type { ProposeOutcome } from './proposal-queue.ts';
import { RETRY_AFTER_MS } from './submitting.ts';

/**
 * Operations of the cluster: asked of any node, decided by whoever leads, audited in the log before they are carried out. One that is
 * repeated under its id is not done twice.
 */
export interface OperatingOptions extends CarryingOutOptions, OperationEndsOptions {
  readonly events: Pick<NodeEvents, 'operating' | 'operated'>;
}

/** Since entry version 3. */
const OPERATIONS_LEVEL = 3;

const unavailable = (reason: UnavailableReason): OperationOutcome => ({
  outcome: 'unavailable',
  reason,
  retryAfterMs: RETRY_AFTER_MS,
});
const TOO_LARGE: OperationOutcome = {
  outcome: 'refused',
  code: 'operation_refused',
  message: 'it is too large for the log',
};
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
  readonly #carryingOut: CarryingOut;
  readonly ends: OperationEnds;

  constructor(options: OperatingOptions) {
    this.#options = options;
    this.#carryingOut = new CarryingOut(options);
    this.ends = new OperationEnds(options);
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
   * What this node does by itself, beside the audit of it: done also where there is nobody to audit it. What came of it is told to the
   * leader, and not waited for.
   */
  async operateHere<T>(
    operation: ClusterOperation,
    by: string,
    requestId: CommandId,
    work: () => Promise<DoneHere<T>>,
  ): Promise<OperatedHere<T>> {
    const audit = await this.operate(operation, by, requestId);
    const { result, end } = await work();
    const { outcome } = audit;
    this.#options.events.operated({ operation, by, end });
    // Of one that may be in the audit as well: where it is not, there is nothing to end.
    if (outcome === 'done' || outcome === 'unknown') void this.ends.report(requestId, end);
    return { audited: outcome === 'done', result };
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
        return this.#carryOut(operation, by, requestId, audited.index);
      case 'not-applied':
        // It was asked for before, and what the state shows of it was answered in place of a second entry.
        return isOfCore(operation) ? UNKNOWN : this.#carryingOut.holds(operation, DONE);
      case 'refused':
        return audited.why === 'too_large' ? TOO_LARGE : unavailable(audited.why);
      case 'unknown':
        return UNKNOWN;
    }
  }

  async #carryOut(
    operation: ClusterOperation,
    by: string,
    requestId: CommandId,
    index: LogIndex,
  ): Promise<OperationOutcome> {
    const { events } = this.#options;
    events.operating({ operation, by });
    const outcome = await this.#carryingOut.carryOut(operation, index);
    if (isOfOneNode(operation)) return outcome;
    const end = endOf(outcome);
    events.operated({ operation, by, end });
    if (!isDoneByItsEntry(operation)) await this.ends.report(requestId, end);
    return outcome;
  }

  /** What is to be committed and carried out, or what is answered without that. */
  async #judge(asked: ClusterOperation, requestId: CommandId): Promise<ToCommit | Answered> {
    const { replica, meta } = this.#options;
    const closed = await this.#notWritten();
    if (closed !== null) return { answer: async () => closed };
    // What was acknowledged before is in what this is judged by. A follower can know that too, and nothing of who is there.
    const isFresh = await replica.readBarrier();
    if (!isFresh || replica.core.leading === null) return { answer: async () => unavailable('no_leader') };
    const before = operationOf(meta(), requestId);
    const isRepeated = isOfCore(asked) && before !== undefined && isRemembered(before, meta());
    const ended = isRepeated ? (asItEnded(before) ?? (this.#tookOverBy(before) ? DONE : null)) : null;
    if (ended !== null) return { answer: () => this.#carryingOut.holds(asked, ended) };
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
    // Asked again under its id, it is told as the first time.
    if (judged.kind === 'already')
      return { answer: () => this.#carryingOut.holds(operation, { outcome: 'done', changed: before !== undefined }) };
    // Whether members or leadership moved then is not known yet, and they may have been moved back on purpose: it is not done again, and
    // what would be refused now says nothing of then. The word of whoever carried it out may still come.
    if (isRepeated) return { answer: async () => UNKNOWN };
    if (judged.kind === 'go') {
      if (!isDoneByItsEntry(operation) || !this.ends.areWritten) return { operation, events: judged.events };
      const end: TaskEvent = { type: 'OperationEnded', requestId, operation, end: { kind: 'done' } };
      return { operation, events: [...judged.events, end] };
    }
    const { code, message } = judged;
    return { answer: async () => ({ outcome: 'refused', code, message }) };
  }

  /**
   * What is answered while operations cannot be written. A leader hears within a few heartbeats what its members can read, and a cluster that
   * has just begun is waited for.
   */
  async #notWritten(): Promise<OperationOutcome | null> {
    const { replica, clock } = this.#options;
    for (const untilMs = clock.monotonicMs() + LEVEL_KNOWN_MAX_MS; ; ) {
      const { configuration, leading } = replica.core;
      const level = featureLevelOf(configuration);
      if (leading === null) return unavailable('no_leader');
      if (level >= OPERATIONS_LEVEL) return null;
      const readBy = (member: Member): number | null | undefined => leading.peers.get(idOf(member))?.featureLevel;
      const isOld = configuration.members.some((member) => (readBy(member) ?? OPERATIONS_LEVEL) < OPERATIONS_LEVEL);
      if (isOld || clock.monotonicMs() >= untilMs) {
        const unheard = configuration.members.filter((member) => readBy(member) === null).map(({ nodeId }) => nodeId);
        const message =
          isOld || unheard.length === 0
            ? `a member still runs a version that cannot read operations (feature level ${level}): finish the upgrade first`
            : `nobody knows yet whether ${unheard.join(', ')} can read operations: not heard since this node leads; start what is missing`;
        return { outcome: 'refused', code: 'feature_level_too_low', message };
      }
      await new Promise<void>((resolve) => clock.setTimer(LEVEL_KNOWN_LOOK_MS, resolve));
    }
  }

  /** Whoever asked for a transfer may be the one that it made the leader: then the question has come back to it. */
  #tookOverBy({ operation }: OperationRecord): boolean {
    return operation.type === 'transfer-leadership' && operation.to === nodeIdOf(this.#options.replica.core.self);
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

/** What becomes so with the entry that asks for it. */
const isDoneByItsEntry = ({ type }: ClusterOperation): boolean =>
  type === 'drain-node' || type === 'undrain-node' || type === 'resume-scheduling';

function endOf(outcome: OperationOutcome): OperationEnd {
  switch (outcome.outcome) {
    case 'done':
      return { kind: 'done' };
    case 'refused':
      return { kind: 'refused', reason: outcome.message };
    case 'unavailable':
    case 'unknown':
      return { kind: 'unknown' };
  }
}

/** Null: that is not known. */
function asItEnded(record: OperationRecord | undefined): OperationOutcome | null {
  const end = record?.ended?.end;
  if (end?.kind === 'done') return DONE;
  return end?.kind === 'refused' ? { outcome: 'refused', code: 'operation_refused', message: end.reason } : null;
}

/** The audit is kept for longer than an id is: who asks under it after that asks anew. */
const isRemembered = ({ atMs }: OperationRecord, { logTimeMs }: StateMeta): boolean =>
  logTimeMs - atMs < COMMAND_RESULTS_KEPT_MS;

/** What consensus itself does, beside the entry that asks for it. */
const isOfCore = ({ type }: ClusterOperation): boolean =>
  type === 'add-member' || type === 'promote-member' || type === 'remove-member' || type === 'transfer-leadership';
