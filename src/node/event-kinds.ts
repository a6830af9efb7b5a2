import type { TaskEvent } from '../tasks/event.ts';

/** What the log says that concerns itself alone: bookkeeping of keys and repetitions. */
type Untold = 'CommandDone' | 'IdempotencyKeysExpired';
/** What consensus itself put into the log. */
type OfConsensus = 'TermStarted' | 'MembersChanged';

export type EventKind = Exclude<TaskEvent['type'], Untold> | OfConsensus;

/** Stable: filters, NATS subjects and scripts name them. */
const KINDS: Readonly<Record<EventKind, true>> = {
  TaskCreated: true,
  TaskUpdated: true,
  TaskPaused: true,
  TaskResumed: true,
  TaskCancelled: true,
  TaskRemoved: true,
  ExecutionRequested: true,
  DueTimesSkipped: true,
  ExecutionClaimed: true,
  AttemptClaimed: true,
  ExecutionSucceeded: true,
  AttemptFailed: true,
  ExecutionFailed: true,
  ExecutionDoubted: true,
  AttemptLost: true,
  AttemptWithheld: true,
  ExecutionsWithdrawn: true,
  HistoryPruned: true,
  NodeStarted: true,
  NodeDrained: true,
  NodeUndrained: true,
  SchedulingPaused: true,
  SchedulingResumed: true,
  OperationRequested: true,
  OperationEnded: true,
  TermStarted: true,
  MembersChanged: true,
};

export const EVENT_KINDS = Object.keys(KINDS) as readonly EventKind[];
export const isEventKind = (text: string): text is EventKind => Object.hasOwn(KINDS, text);
