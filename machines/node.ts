import { assign, setup } from 'xstate';

/** The life of the process. It runs as an actor in node/; /readyz and the log say its state. */
export type NodeLifeEvent =
  /** The data directory is open; what the projection lacks is being replayed. */
  | { type: 'OPENED' }
  /** Replayed, a leader is known, and this term's first entry is applied here. */
  | { type: 'READY' }
  /** No leader is known any more. */
  | { type: 'LEADER_LOST' }
  | { type: 'STOP' }
  /** No claim of this node is open, and everything that was promised is on disk. */
  | { type: 'DRAINED' }
  /** A write or an fsync failed. What was acknowledged stays readable; nothing more is accepted. */
  | { type: 'STORAGE_FAILED'; reason: string }
  | { type: 'INVARIANT_BROKEN'; reason: string };

export interface NodeLifeContext {
  readonly reason: string | null;
}

const failures = {
  STORAGE_FAILED: { target: 'storageFailed', actions: 'rememberReason' },
  INVARIANT_BROKEN: { target: 'halted', actions: 'rememberReason' },
} as const;

export const nodeMachine = setup({
  types: {} as { events: NodeLifeEvent; context: NodeLifeContext },
  actions: {
    rememberReason: assign(({ event }) => ('reason' in event ? { reason: event.reason } : {})),
  },
}).createMachine({
  id: 'node',
  context: { reason: null },
  initial: 'booting',
  states: {
    booting: {
      description: 'Opening the data directory.',
      on: { OPENED: 'recovering', STOP: 'stopped', ...failures },
    },
    recovering: {
      description: 'Replaying the log, or waiting for a leader.',
      on: { READY: 'serving', STOP: 'draining', ...failures },
    },
    serving: {
      description: 'Takes requests and sends callbacks.',
      on: { LEADER_LOST: 'recovering', STOP: 'draining', ...failures },
    },
    draining: {
      description: 'Not ready, claims nothing more, lets what is in flight end.',
      on: { DRAINED: 'stopped', ...failures },
    },
    storageFailed: {
      description: 'The disk refused a write: reads only, until restarted with space.',
      on: { STOP: 'stopped' },
    },
    halted: { description: 'An invariant broke: the process ends.', type: 'final' },
    stopped: { type: 'final' },
  },
});
