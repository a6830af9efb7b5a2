import { unreachable } from '../invariant.ts';
import type { LogIndex, Member } from '../raft/types.ts';
import type { StateMeta } from '../tasks/entities.ts';
import type { TaskEvent } from '../tasks/event.ts';
import type { ClusterOperation } from '../tasks/operation.ts';
import type { OperationRefusalCode } from './api.ts';

/** Whether the leader carries an operation out, by what it knows at that moment. No clock, no effects: a value in, a value out. */
export interface OperationView {
  readonly self: string;
  readonly members: readonly Member[];
  readonly meta: StateMeta;
  /** Heard from lately. */
  readonly isAlive: (nodeId: string) => boolean;
}

export type Judgement =
  /** It is so already. */
  | { readonly kind: 'already' }
  | { readonly kind: 'refused'; readonly code: OperationRefusalCode; readonly message: string }
  /** `events`: what becomes so with the audit itself, in one entry. */
  | { readonly kind: 'go'; readonly events: readonly TaskEvent[] };

const ALREADY: Judgement = { kind: 'already' };
const go = (...events: readonly TaskEvent[]): Judgement => ({ kind: 'go', events });
const refuse = (code: OperationRefusalCode, message: string): Judgement => ({ kind: 'refused', code, message });

/** Who is to lead next, where nobody was named: a voter that answers and is not drained, the one with the longest log. */
export function successor(
  { self, members, meta, isAlive }: OperationView,
  matchIndexOf: (nodeId: string) => LogIndex,
): string | null {
  const fit = members.filter(
    ({ nodeId, kind }) =>
      kind === 'voter' && nodeId !== self && isAlive(nodeId) && meta.drained?.includes(nodeId) !== true,
  );
  const best = fit.toSorted((a, b) => matchIndexOf(b.nodeId) - matchIndexOf(a.nodeId))[0];
  return best?.nodeId ?? null;
}

export function judge(operation: ClusterOperation, view: OperationView): Judgement {
  const { members, meta, self, isAlive } = view;
  const named = 'nodeId' in operation ? members.filter(({ nodeId }) => nodeId === operation.nodeId) : [];
  const notThere = (nodeId: string): Judgement =>
    refuse(
      'member_not_found',
      `${nodeId} is no member; there are ${members.map((member) => member.nodeId).join(', ')}`,
    );
  switch (operation.type) {
    case 'add-member': {
      const same = named.find(({ instance }) => instance === operation.instance);
      if (same === undefined && named.some(({ kind }) => kind !== 'learner') && isAlive(operation.nodeId))
        return refuse('operation_refused', `${operation.nodeId} is a member that answers: remove it first`);
      if (same === undefined) return go();
      // It was added, and has caught up since.
      const asAsked = same.kind === operation.kind || (operation.kind === 'learner' && same.kind === 'voter');
      return asAsked
        ? ALREADY
        : refuse('operation_refused', `${operation.nodeId} is a member already, as ${same.kind}: remove it first`);
    }
    case 'promote-member':
      if (named.length === 0) return notThere(operation.nodeId);
      if (named.every(({ kind }) => kind === 'voter')) return ALREADY;
      return named.some(({ kind }) => kind === 'learner')
        ? go()
        : refuse('operation_refused', `${operation.nodeId} is a worker, which is never promoted`);
    case 'remove-member': {
      if (named.length === 0) return meta.nodes[operation.nodeId] === undefined ? notThere(operation.nodeId) : ALREADY;
      const { nodeId, acceptLostMajority } = operation;
      const problem = acceptLostMajority
        ? null
        : (wouldLoseMajority(nodeId, view) ?? wouldRemoveLastSender(nodeId, view));
      const drained = meta.drained?.includes(operation.nodeId) === true;
      return problem ?? (drained ? go({ type: 'NodeUndrained', nodeId: operation.nodeId }) : go());
    }
    case 'transfer-leadership':
      if (operation.to === null) return refuse('operation_refused', 'no other voter answers and is not drained');
      if (operation.to === self) return ALREADY;
      if (!members.some(({ nodeId }) => nodeId === operation.to)) return notThere(operation.to);
      return meta.drained?.includes(operation.to) === true
        ? refuse('operation_refused', `${operation.to} is drained, and would hand leadership on`)
        : go();
    case 'drain-node': {
      if (named.length === 0) return notThere(operation.nodeId);
      if (meta.drained?.includes(operation.nodeId) === true) return ALREADY;
      const problem = operation.acceptNoSender ? null : wouldLeaveNoSender(operation.nodeId, view);
      return problem ?? go({ type: 'NodeDrained', nodeId: operation.nodeId });
    }
    case 'undrain-node':
      if (meta.drained?.includes(operation.nodeId) === true)
        return go({ type: 'NodeUndrained', nodeId: operation.nodeId });
      return named.length === 0 ? notThere(operation.nodeId) : ALREADY;
    case 'pause-scheduling':
      return meta.schedulingPaused === true ? ALREADY : go({ type: 'SchedulingPaused' });
    case 'resume-scheduling':
      return meta.schedulingPaused === true ? go({ type: 'SchedulingResumed' }) : ALREADY;
    case 'compact-log':
    case 'back-up':
    case 'set-log-level':
    case 'set-trace':
      return go();
    default:
      return unreachable(operation);
  }
}

function wouldLoseMajority(removed: string, { members, isAlive }: OperationView): Judgement | null {
  const left = members.filter(({ nodeId, kind }) => kind === 'voter' && nodeId !== removed);
  // That there would be none at all is consensus' own to refuse.
  const alive = left.filter(({ nodeId }) => isAlive(nodeId)).length;
  const needed = Math.floor(left.length / 2) + 1;
  if (left.length === 0 || alive >= needed) return null;
  return refuse(
    'would_lose_majority',
    `${left.length} voters would be left and ${alive} of them answer; ${needed} are needed to agree on anything; accept_lost_majority does it all the same`,
  );
}

/** Those that are given claims. */
const senders = ({ members, meta, isAlive }: OperationView): readonly string[] =>
  members
    .filter(({ nodeId, kind }) => kind !== 'learner' && isAlive(nodeId) && meta.drained?.includes(nodeId) !== true)
    .map(({ nodeId }) => nodeId);

function wouldRemoveLastSender(removed: string, view: OperationView): Judgement | null {
  const { drained = [] } = view.meta;
  const [last, ...others] = senders(view);
  if (drained.length === 0 || last !== removed || others.length > 0) return null;
  return refuse(
    'would_leave_no_sender',
    `no other node could send callbacks: all that answer are drained; undrain one of ${drained.join(', ')} first`,
  );
}

function wouldLeaveNoSender(drained: string, view: OperationView): Judgement | null {
  if (senders(view).some((nodeId) => nodeId !== drained)) return null;
  return refuse(
    'would_leave_no_sender',
    'no other node could send callbacks: none that answers and is not drained; accept_no_sender does it all the same',
  );
}
