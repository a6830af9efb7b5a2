import type { LiveEvent } from '../live/live-events.ts';
import { isolated } from '../parts/isolated.ts';

/** One event in a few words of a person. */
export interface Happening {
  readonly words: string;
  readonly tone: 'good' | 'bad' | 'warn' | 'accent' | 'idle';
}

const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');

export function happeningOf(event: LiveEvent): Happening {
  const of = (name: string): string => text(event[name]);
  const run = `run ${of('run')}`;
  switch (event.kind) {
    case 'TaskCreated':
      return { words: named('created', event), tone: 'accent' };
    case 'TaskUpdated':
      return { words: named('changed', event), tone: 'accent' };
    case 'TaskPaused':
      return { words: event.reason === 'gone' ? 'paused: its target answered 410' : 'paused', tone: 'warn' };
    case 'TaskResumed':
      return { words: 'resumed', tone: 'accent' };
    case 'TaskCancelled':
      return { words: 'cancelled', tone: 'idle' };
    case 'TaskRemoved':
      return { words: 'removed, its time of keeping being over', tone: 'idle' };
    case 'ExecutionRequested':
      return { words: `${run} was asked for`, tone: 'accent' };
    case 'DueTimesSkipped':
      return { words: 'due times were passed over', tone: 'warn' };
    case 'ExecutionClaimed':
      return { words: `${run} is due, ${of('node_id')} sends it`, tone: 'idle' };
    case 'AttemptClaimed':
      return { words: `attempt ${of('attempt')} of ${run}, ${of('node_id')} sends it`, tone: 'idle' };
    case 'ExecutionSucceeded':
      return { words: `${run} succeeded: ${of('status')}`, tone: 'good' };
    case 'AttemptFailed':
      return { words: `attempt ${of('attempt')} of ${run} failed: ${of('error') || of('status')}`, tone: 'warn' };
    case 'ExecutionFailed':
      return { words: `${run} failed for good: ${of('error') || of('status')}`, tone: 'bad' };
    case 'ExecutionDoubted':
      return { words: `${run}: whether it arrived is not known`, tone: 'bad' };
    case 'AttemptLost':
      return { words: `attempt ${of('attempt')} of ${run} was lost with its node`, tone: 'warn' };
    case 'AttemptWithheld':
      return { words: `attempt ${of('attempt')} of ${run} was not sent, as the task changed`, tone: 'idle' };
    case 'ExecutionsWithdrawn':
      return { words: 'what was claimed ahead was taken back', tone: 'idle' };
    case 'HistoryPruned':
      return { words: 'old executions were removed', tone: 'idle' };
    case 'NodeStarted':
      return { words: `${of('node_id')} started`, tone: 'accent' };
    case 'NodeDrained':
      return { words: `${of('node_id')} is drained`, tone: 'warn' };
    case 'NodeUndrained':
      return { words: `${of('node_id')} sends again`, tone: 'accent' };
    case 'SchedulingPaused':
      return { words: 'all scheduling was paused', tone: 'warn' };
    case 'SchedulingResumed':
      return { words: 'scheduling goes on', tone: 'accent' };
    case 'OperationRequested':
      return { words: `asked for: ${of('operation').replaceAll('-', ' ')}`, tone: 'idle' };
    case 'OperationEnded':
      return ended(of('operation'), of('outcome'), of('reason'));
    case 'TermStarted':
      return { words: `a leader was elected for term ${of('term')}`, tone: 'accent' };
    case 'MembersChanged':
      return { words: 'the members changed', tone: 'accent' };
    case 'gap':
      return { words: 'some events were passed over', tone: 'warn' };
    default:
      return { words: event.kind, tone: 'idle' };
  }
}

function ended(operation: string, outcome: string, reason: string): Happening {
  const what = operation.replaceAll('-', ' ');
  if (outcome === 'done') return { words: `${what}: done`, tone: 'idle' };
  return outcome === 'refused'
    ? { words: `${what} was refused: ${reason}`, tone: 'warn' }
    : { words: `${what}: what came of it is not known`, tone: 'warn' };
}

const named = (what: string, { name }: LiveEvent): string =>
  typeof name === 'string' ? `${what}: ${isolated(name)}` : what;

/** `node_id: "n2"` as `n2`, anything else with its name. */
export function detailsInWords(details: Readonly<Record<string, unknown>>): string {
  return Object.entries(details)
    .filter(([name, value]) => value !== null && value !== false && name !== 'instance')
    .map(([name, value]) =>
      name === 'node_id' || name === 'to' ? text(value) : `${name.replaceAll('_', ' ')} ${String(value)}`,
    )
    .join(', ');
}

export const KEPT = 20;
export const DRAWN_EVERY_MS = 200;

/** The newest first, and no more than are kept; how many came in between that are not shown is said. */
export function joined(newest: readonly LiveEvent[], before: readonly LiveEvent[]): readonly LiveEvent[] {
  return [...newest.toReversed(), ...before].slice(0, KEPT);
}
