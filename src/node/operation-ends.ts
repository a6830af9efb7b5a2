import { featureLevelOf } from '../raft/membership.ts';
import type { CommandId } from '../tasks/command-id.ts';
import type { StateMeta } from '../tasks/entities.ts';
import { OPERATION_ENDS_LEVEL } from '../tasks/entry-version.ts';
import { openOperation } from '../tasks/evolve-operation.ts';
import { OPERATION_REASON_CHARS_MAX } from '../tasks/limits.ts';
import { isOfOneNode, type OperationEnd, type OperationRecord } from '../tasks/operation.ts';
import type { UnavailableReason } from './api.ts';
import type { Ask } from './peer-notes.ts';
import type { Replica } from './replica.ts';
import { proposed } from './settling.ts';
import type { ThroughLeader } from './through-leader.ts';

/**
 * What came of an operation, into the audit: by the word of whoever carried it out, and of nobody else. That is whoever led then, or the one
 * node that it was about; whoever leads by now writes it. Lost on the way, it stays open, which says that nobody knows.
 */
export interface OperationEndsOptions {
  readonly replica: Replica;
  readonly throughLeader: ThroughLeader;
  readonly meta: () => StateMeta;
  readonly nodeId: string;
  readonly nextAskId: () => CommandId;
}

type Recorded =
  | { readonly outcome: 'recorded' | 'unknown' }
  | { readonly outcome: 'unavailable'; readonly reason: UnavailableReason };

const DONE: OperationEnd = { kind: 'done' };

export class OperationEnds {
  readonly #options: OperationEndsOptions;

  constructor(options: OperationEndsOptions) {
    this.#options = options;
  }

  /** Whether every member can read it. */
  get areWritten(): boolean {
    return featureLevelOf(this.#options.replica.core.configuration) >= OPERATION_ENDS_LEVEL;
  }

  /** Resolves once it is written, where this node leads. Where another does by then, it is told, and not waited for. */
  async report(requestId: CommandId, end: OperationEnd): Promise<void> {
    if (!this.areWritten) return;
    const { replica, nodeId } = this.#options;
    const said: OperationEnd =
      end.kind === 'refused' ? { ...end, reason: end.reason.slice(0, OPERATION_REASON_CHARS_MAX) } : end;
    if (replica.isLeading && (await this.#record(requestId, said, nodeId)).outcome === 'recorded') return;
    void this.#tellLeader(requestId, said);
  }

  #tellLeader(requestId: CommandId, end: OperationEnd): Promise<Recorded> {
    const { throughLeader, nextAskId, nodeId } = this.#options;
    return throughLeader.untilKnown<Recorded>({
      askId: nextAskId(),
      ask: { type: 'operation-ended', requestId, end, nodeId },
      here: () => this.#record(requestId, end, nodeId),
      read: ({ type }) => (type === 'taken' ? { outcome: 'recorded' } : null),
      unavailable: (reason) => ({ outcome: 'unavailable', reason }),
      unknown: () => ({ outcome: 'unknown' }),
    });
  }

  /** On the leader, for another node. False when it could not be committed here. */
  async decide({ requestId, end, nodeId }: Extract<Ask, { type: 'operation-ended' }>): Promise<boolean> {
    if (!isOperationEnd(end)) throw new TypeError('the end of an operation that is none');
    return (await this.#record(requestId, end, nodeId)).outcome === 'recorded';
  }

  /**
   * A leader that removes itself leads no more when that is committed, and has nobody to tell: the next one sees that it is no member. Only
   * where one request alone can have done it, and not yet where its vote still counts for others.
   */
  termBegun(): void {
    if (!this.areWritten) return;
    const { members, outgoing } = this.#options.replica.core.configuration;
    const known = new Set([...members, ...(outgoing ?? [])].map((member) => member.nodeId as string));
    for (const { requestId, nodeId } of openRemovals(this.#options.meta()))
      if (!known.has(nodeId)) void this.#record(requestId, DONE, nodeId);
  }

  async #record(requestId: CommandId, end: OperationEnd, nodeId: string): Promise<Recorded> {
    const { replica, meta } = this.#options;
    const open = openOperation(meta(), requestId);
    // It was told before. Or one request was made of all nodes: the one that stands in the audit is of another, and its end is another's to tell.
    if (open === undefined || (isOfOneNode(open.operation) && open.operation.nodeId !== nodeId))
      return { outcome: 'recorded' };
    const outcome = await proposed(replica, {
      requires: [{ type: 'operation-open', requestId }],
      events: [{ type: 'OperationEnded', requestId, operation: open.operation, end }],
      by: `node:${nodeId}`,
    });
    switch (outcome.kind) {
      case 'applied':
      case 'not-applied':
        return { outcome: 'recorded' };
      case 'refused':
        return { outcome: 'unavailable', reason: outcome.why === 'too_large' ? 'overloaded' : outcome.why };
      case 'unknown':
        return { outcome: 'unknown' };
    }
  }
}

/** Of each node the last removal that was asked for, if it is open and no other of that node is. */
function openRemovals(meta: StateMeta): readonly { readonly requestId: CommandId; readonly nodeId: string }[] {
  const last = new Map<string, OperationRecord>();
  const open = new Map<string, number>();
  for (const record of meta.operations ?? []) {
    if (record.operation.type !== 'remove-member') continue;
    const { nodeId } = record.operation;
    last.set(nodeId, record);
    if (record.ended === undefined) open.set(nodeId, (open.get(nodeId) ?? 0) + 1);
  }
  return [...last].flatMap(([nodeId, { requestId, ended }]) =>
    ended === undefined && open.get(nodeId) === 1 ? [{ requestId, nodeId }] : [],
  );
}

/** As a peer says it. */
function isOperationEnd(value: unknown): value is OperationEnd {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, reason } = value as Readonly<Record<string, unknown>>;
  if (kind === 'refused') return typeof reason === 'string' && reason.length <= OPERATION_REASON_CHARS_MAX;
  return kind === 'done' || kind === 'unknown';
}
