import { setup } from 'xstate';

/**
 * One attempt: one HTTP request for an execution, from the moment it holds a place in flight.
 *
 * Pure: deadlines, the network and the test whether it may still be sent all arrive as events. Whether the target may have
 * seen the request is a question of state alone: not in `waiting`, possibly in all that follow `requesting`.
 */
export const ATTEMPT_EVENTS = [
  /** A live connection is there, the claim's tests were made at this very moment (I6), and the request is written now. */
  'released',
  /** As above, but the tests said no: nothing is written. */
  'refused',
  /** Status line and headers of the final response are here. */
  'answered',
  /** The response is complete, or as much of it as is ever read. */
  'ended',
  /** Connection, protocol or guard. */
  'failed',
  /** The deadline of the current state, or of the whole attempt. */
  'timedOut',
  /** By its task, or by a node that stops. */
  'cancelled',
] as const;

export type AttemptEvent = { readonly type: (typeof ATTEMPT_EVENTS)[number] };
export type AttemptState = 'waiting' | 'requesting' | 'reading' | 'responded' | 'failed' | 'withheld';

export const attemptMachine = setup({ types: { events: {} as AttemptEvent } }).createMachine({
  id: 'attempt',
  initial: 'waiting',
  states: {
    waiting: {
      description: 'For a connection: reused at once, or being made (DNS, TCP, TLS).',
      on: { released: 'requesting', refused: 'withheld', cancelled: 'withheld', failed: 'failed', timedOut: 'failed' },
    },
    requesting: {
      description: 'On the wire, no response yet.',
      on: { answered: 'reading', failed: 'failed', timedOut: 'failed', cancelled: 'failed' },
    },
    reading: {
      description: 'Status and headers are here; the body follows.',
      on: { ended: 'responded', failed: 'failed', timedOut: 'failed', cancelled: 'failed' },
    },
    responded: { description: 'With any status: what it means is for the task’s policy.', type: 'final' },
    failed: { description: 'No complete response.', type: 'final' },
    withheld: { description: 'Nothing left this node.', type: 'final' },
  },
});
