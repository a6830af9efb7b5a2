import { createMachine } from 'xstate';

/**
 * The life of one execution, as its committed events move it. An execution comes into being when its due time is claimed, when
 * a person asks for a run, or when a policy skips it.
 */
export type ExecutionLifeEvent =
  /** An attempt is committed to one node and incarnation (I6). */
  | { type: 'CLAIM' }
  /** Asked for by a person, not by the schedule. */
  | { type: 'REQUEST' }
  | { type: 'SKIP' }
  | { type: 'SUCCEED' }
  /** The attempt failed and another one follows. */
  | { type: 'RETRY' }
  /** Nothing left the node: its task was paused or changed in the meantime. */
  | { type: 'RELEASE' }
  /** The node that held the attempt is gone; another attempt follows. */
  | { type: 'LOSE' }
  | { type: 'FAIL' }
  /** At-most-once, and whether the target saw the request cannot be known. */
  | { type: 'DOUBT' }
  | { type: 'CANCEL' };

export const executionMachine = createMachine({
  types: {} as { events: ExecutionLifeEvent },
  id: 'execution',
  initial: 'due',
  states: {
    due: {
      description: 'A due time that nobody has taken yet. Never stored.',
      on: { CLAIM: 'attempting', REQUEST: 'waiting', SKIP: 'skipped' },
    },
    attempting: {
      description: 'An attempt is claimed by one incarnation of one node, and may be on its way.',
      on: {
        SUCCEED: 'succeeded',
        RETRY: 'waiting',
        RELEASE: 'waiting',
        LOSE: 'waiting',
        FAIL: 'failed',
        DOUBT: 'unknown',
        CANCEL: 'cancelled',
      },
    },
    waiting: {
      description: 'The next attempt has a time and waits for it.',
      on: { CLAIM: 'attempting', CANCEL: 'cancelled' },
    },
    succeeded: { description: 'The target answered 2xx.', type: 'final' },
    failed: { description: 'Out of attempts, or an answer that no retry can mend: a dead letter.', type: 'final' },
    skipped: { description: 'Passed over by policy.', type: 'final' },
    cancelled: { description: 'Its task was cancelled, paused or given another schedule first.', type: 'final' },
    unknown: { description: 'At-most-once: sent, perhaps; never sent again.', type: 'final' },
  },
});
