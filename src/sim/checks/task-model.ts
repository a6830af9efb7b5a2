import type { SequentialModel } from './linearizability.ts';

/** One task as its clients see it: created once, cancelled once, and what is read is what was done last. */

export type TaskCall = 'create' | 'read' | 'cancel';
/** What the task is after the call. A create or cancel that finds it done already changes nothing. */
export type TaskSeen = 'absent' | 'live' | 'cancelled';

export const taskModel: SequentialModel<TaskSeen, TaskCall, TaskSeen> = {
  initial: 'absent',
  apply(state, call) {
    const next = afterCall(state, call);
    return { state: next, result: next };
  },
  isSame: (expected, seen) => expected === seen,
  isRead: (call) => call === 'read',
  keyOf: (state) => state,
  keyOfCall: (call) => call,
};

export function afterCall(state: TaskSeen, call: TaskCall): TaskSeen {
  if (call === 'create' && state === 'absent') return 'live';
  if (call === 'cancel' && state === 'live') return 'cancelled';
  return state;
}
