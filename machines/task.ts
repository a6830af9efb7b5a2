import { createMachine } from 'xstate';

/**
 * The life of a task, as its committed events move it. No actor runs it: tasks/lifecycle.ts builds a table from it once, and
 * evolve takes every next state from that table.
 */
export type TaskLifeEvent =
  /** A due time was taken, or a run was asked for. */
  | { type: 'FIRE' }
  | { type: 'UPDATE' }
  | { type: 'PAUSE' }
  | { type: 'RESUME' }
  /** No due time is left and the last execution has ended. */
  | { type: 'FINISH' }
  | { type: 'CANCEL' };

export const taskMachine = createMachine({
  types: {} as { events: TaskLifeEvent },
  id: 'task',
  initial: 'scheduled',
  states: {
    scheduled: {
      description: 'Has a next due time, or an execution that is still open.',
      on: {
        FIRE: 'scheduled',
        UPDATE: 'scheduled',
        PAUSE: 'paused',
        FINISH: 'completed',
        CANCEL: 'cancelled',
      },
    },
    paused: {
      description: 'Nothing is sent, retries included. What fell due meanwhile is not made up for.',
      on: {
        UPDATE: 'paused',
        RESUME: 'scheduled',
        FINISH: 'completed',
        CANCEL: 'cancelled',
      },
    },
    completed: {
      description: 'Fired for the last time. Kept for a while, then removed.',
      type: 'final',
    },
    cancelled: {
      description: 'Deleted by its owner; open executions were cancelled with it.',
      type: 'final',
    },
  },
});
