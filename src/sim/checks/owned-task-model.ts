import type { SequentialModel } from './linearizability.ts';

/** One task with all that its owner may do to it: what a node answers is what stands there once this was done, and nothing else. */

export type OwnerCall =
  | { readonly kind: 'create' | 'read' | 'pause' | 'resume' | 'cancel' | 'run' }
  | { readonly kind: 'update'; readonly body: string };

export type OwnedTask =
  | { readonly life: 'absent' }
  | { readonly life: 'active' | 'paused' | 'cancelled'; readonly version: number; readonly body: string };

/** That its last due time has passed is not the owner's doing: from there on nothing is seen of whether it is paused. */
export type ShownTask = OwnedTask | { readonly life: 'completed'; readonly version: number; readonly body: string };

export type OwnerSeen =
  | { readonly task: ShownTask }
  /** Not done, for what stands there. */
  | { readonly refused: 'task_paused' | 'task_not_paused' | 'task_finished' | 'task_not_found' };

const ABSENT: OwnedTask = { life: 'absent' };

export const ownedTaskModel: SequentialModel<OwnedTask, OwnerCall, OwnerSeen> = {
  initial: ABSENT,
  apply(state, call) {
    const after = afterOwner(state, call);
    return 'refused' in after ? { state, result: after } : { state: after.task, result: after };
  },
  isSame,
  isRead: ({ kind }) => kind === 'read',
  keyOf: shownTask,
  keyOfCall: shownCall,
};

type OwnerResult = { readonly task: OwnedTask } | Extract<OwnerSeen, { readonly refused: string }>;

function afterOwner(state: OwnedTask, call: OwnerCall): OwnerResult {
  if (call.kind === 'read') return { task: state };
  if (call.kind === 'create')
    return state.life === 'absent' ? { task: { life: 'active', version: 1, body: '0' } } : { task: state };
  if (state.life === 'absent') return { refused: 'task_not_found' };
  if (state.life === 'cancelled') return { refused: 'task_finished' };
  const version = state.version + 1;
  switch (call.kind) {
    case 'update':
      return { task: { ...state, version, body: call.body } };
    case 'pause':
      return state.life === 'paused' ? { refused: 'task_paused' } : { task: { ...state, version, life: 'paused' } };
    case 'resume':
      return state.life === 'paused' ? { task: { ...state, version, life: 'active' } } : { refused: 'task_not_paused' };
    case 'cancel':
      return { task: { ...state, version, life: 'cancelled' } };
    case 'run':
      // The task itself stays as it is: a run is no change of what its owner wants of it.
      return state.life === 'paused' ? { refused: 'task_paused' } : { task: state };
  }
}

function isSame(expected: OwnerSeen, seen: OwnerSeen): boolean {
  if (!('task' in expected && 'task' in seen) || seen.task.life !== 'completed')
    return shownSeen(expected) === shownSeen(seen);
  const { task } = expected;
  const mayComplete = task.life === 'active' || task.life === 'paused';
  return mayComplete && shownTask({ ...task, life: 'completed' }) === shownTask(seen.task);
}

function shownTask(task: ShownTask): string {
  return task.life === 'absent' ? 'absent' : `${task.life} v${task.version} ${task.body}`;
}

export const shownSeen = (seen: OwnerSeen): string => ('refused' in seen ? seen.refused : shownTask(seen.task));

export function shownCall(call: OwnerCall): string {
  return call.kind === 'update' ? `update ${call.body}` : call.kind;
}
