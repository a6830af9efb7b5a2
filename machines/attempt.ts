import { setup } from 'xstate';

/**
 * One attempt: one HTTP request for an execution, from the moment it holds a place in flight.
 *
 * Pure: deadlines, the network and the test whether it may still be sent all arrive as events. Whether the target may have
 * seen the request is a question of state alone: not in `waiting`, possibly in all later ones.
 */
export type AttemptEvent =
  /** The request leaves for a live connection, and the claim's tests were made at this very moment (I6). */
  | { readonly type: 'released'; readonly maySend: boolean }
  /** Status line and headers of the final response are here. */
  | { readonly type: 'answered' }
  /** The response is complete, or as much of it as is ever read. */
  | { readonly type: 'ended' }
  /** Connection, protocol or guard. */
  | { readonly type: 'failed' }
  /** The deadline of the current state, or of the whole attempt. */
  | { readonly type: 'timedOut' }
  /** Cancelled by its task, or by a node that stops. */
  | { readonly type: 'cancelled' };

export const attemptMachine = setup({
  types: { events: {} as AttemptEvent },
  guards: {
    maySend: ({ event }) => event.type === 'released' && event.maySend,
  },
}).createMachine({
  id: 'attempt',
  initial: 'waiting',
  states: {
    /** For a connection: reused at once, or being made (DNS, TCP, TLS). */
    waiting: {
      on: {
        released: [{ guard: 'maySend', target: 'requesting' }, { target: 'withheld' }],
        cancelled: 'withheld',
        failed: 'failed',
        timedOut: 'failed',
      },
    },
    /** On the wire, no response yet. */
    requesting: {
      on: { answered: 'reading', failed: 'failed', timedOut: 'failed', cancelled: 'failed' },
    },
    reading: {
      on: { ended: 'responded', failed: 'failed', timedOut: 'failed', cancelled: 'failed' },
    },
    /** With any status: what it means is for the task's policy. */
    responded: { type: 'final' },
    failed: { type: 'final' },
    /** Nothing left this node. */
    withheld: { type: 'final' },
  },
});

export type AttemptState = 'waiting' | 'requesting' | 'reading' | 'responded' | 'failed' | 'withheld';
