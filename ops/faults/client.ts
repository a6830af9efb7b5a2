import type { Outcome } from '../../src/sim/checks/linearizability.ts';
import type { TaskCall, TaskSeen } from '../../src/sim/checks/task-model.ts';
import { type Answer, type Call, call } from './call.ts';
import { type Ledger, type TaskEntry, taskIdOf } from './ledger.ts';
import { restUnless } from './waiting.ts';

/** What a client may do with a task, each call asked of whichever node it likes and written down. */
export interface Client {
  /** Repeated under its key, at other nodes, until the outcome is known. False: refused for good, or the run is over. */
  create(entry: TaskEntry, schedule: string): Promise<boolean>;
  read(entry: TaskEntry): Promise<void>;
  cancel(entry: TaskEntry): Promise<void>;
  /** Holds the task for a while. */
  pauseFor(entry: TaskEntry, restMs: number): Promise<void>;
}

export interface ClientOptions {
  readonly ledger: Ledger;
  readonly anyUrl: () => string;
  readonly sinkUrl: string;
  readonly isOver: () => boolean;
}

/**
 * A change may overtake what fell due before it: a claim that waits for a new leader, for the second attempt, or for plan B, ends with the
 * cancel. So long after its due time nothing is under way any more, unless the whole cluster stood still, and then clients change nothing.
 */
const UNDER_WAY_MS = 15_000;
/** Between what a node wrote and what this process reads of it, which has other things to do as well. */
export const WIRE_MS = 250;
const RETRY_MS = 200;
/** Attempts follow quickly, so that an outage and not the retry policy is what is measured. */
const RETRY = { attempts: 50, backoff: '100ms', backoff_max: '1s' };

export function createClient({ ledger, anyUrl, sinkUrl, isOver }: ClientOptions): Client {
  const rest = (ms: number): Promise<void> => restUnless(isOver, ms);

  /** Asks, and enters it into the task's history if it is a call of the model. */
  async function ask(entry: TaskEntry, what: Call, modelled: TaskCall | null): Promise<Answer> {
    const invokedAt = performance.now();
    const answer = await call(what);
    ledger.count(`${what.method} ${answer.kind === 'answered' ? answer.status : `${answer.kind}: ${answer.why}`}`);
    if (modelled === null) return answer;
    entry.history.push({ call: modelled, invokedAt, outcome: outcomeOf(answer, performance.now()) });
    return answer;
  }

  const urlOf = (entry: TaskEntry, action = ''): string => `${anyUrl()}/v1/tasks/${taskIdOf(entry)}${action}`;

  /** Until it is known; a repetition that finds the change made already is known too. */
  async function change(entry: TaskEntry, method: Call['method'], action: string, modelled: TaskCall | null) {
    for (;;) {
      const answer = await ask(entry, { method, url: urlOf(entry, action) }, modelled);
      if (answer.kind === 'answered') return answer;
      if (isOver()) return null;
      await rest(RETRY_MS);
    }
  }

  return {
    async create(entry, schedule) {
      const body = {
        schedule,
        callback: { url: `${sinkUrl}/${entry.serial}`, body: { serial: entry.serial } },
        retry: RETRY,
        ...(entry.kind === 'once-at-most' ? { delivery: 'at_most_once' } : {}),
      };
      for (;;) {
        const answer = await ask(
          entry,
          { method: 'POST', url: `${anyUrl()}/v1/tasks`, key: entry.key, body },
          'create',
        );
        if (answer.kind === 'answered') {
          if (answer.status !== 201) return false;
          const { id, created_at } = answer.value as { readonly id: string; readonly created_at: string };
          entry.taskIds.add(id);
          entry.firstDueMs =
            entry.kind === 'cron' ? Math.floor(Date.parse(created_at) / 1_000) * 1_000 + 1_000 : Date.parse(schedule);
          return true;
        }
        if (isOver()) return false;
        await rest(RETRY_MS);
      }
    },
    async read(entry) {
      if (taskIdOf(entry) === null) return;
      await ask(entry, { method: 'GET', url: urlOf(entry) }, 'read');
    },
    async cancel(entry) {
      const invokedMs = Date.now();
      entry.excused.push({ fromMs: invokedMs - UNDER_WAY_MS, untilMs: Number.POSITIVE_INFINITY });
      const answer = await change(entry, 'DELETE', '', 'cancel');
      if (answer?.status !== 200) return;
      entry.silent.push({ why: 'cancelled', fromMs: Date.now() + WIRE_MS, untilMs: Number.POSITIVE_INFINITY });
    },
    async pauseFor(entry, restMs) {
      const span = { fromMs: Date.now() - UNDER_WAY_MS, untilMs: Number.POSITIVE_INFINITY };
      entry.excused.push(span);
      const paused = await change(entry, 'POST', '/pause', null);
      const acknowledgedMs = Date.now();
      if (paused === null) return;
      await rest(restMs);
      // From here on it may go on at any time.
      if (paused.status === 200)
        entry.silent.push({ why: 'paused', fromMs: acknowledgedMs + WIRE_MS, untilMs: Date.now() });
      if ((await change(entry, 'POST', '/resume', null)) !== null) span.untilMs = Date.now() + WIRE_MS;
    },
  };
}

function outcomeOf(answer: Answer, returnedAt: number): Outcome<TaskSeen> {
  if (answer.kind === 'refused') return { kind: 'refused' };
  if (answer.kind === 'unknown') return { kind: 'unknown' };
  const result = seenIn(answer.status, answer.value);
  return result === null ? { kind: 'refused' } : { kind: 'ok', result, returnedAt };
}

function seenIn(status: number, value: Readonly<Record<string, unknown>>): TaskSeen | null {
  if (status === 404) return 'absent';
  // To cancel what is cancelled changes nothing, and says so.
  if (status === 409) return value.code === 'task_finished' ? 'cancelled' : null;
  if (status !== 200 && status !== 201) return null;
  return value.state === 'cancelled' ? 'cancelled' : 'live';
}
