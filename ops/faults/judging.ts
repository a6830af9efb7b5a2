import { checkLinearizable, type Operation } from '../../src/sim/checks/linearizability.ts';
import { type TaskCall, type TaskSeen, taskModel } from '../../src/sim/checks/task-model.ts';
import { MISFIRE_AFTER_MS } from '../../src/tasks/limits.ts';
import { type TaskEntry, taskIdOf } from './ledger.ts';
import type { Callback } from './sink.ts';

/** What the run showed, held against what clients were promised. Pure: tests feed it what it must refuse. */
export interface Evidence {
  readonly tasks: readonly TaskEntry[];
  readonly callbacks: readonly Callback[];
  /** Scheduled times up to here must have been received. */
  readonly untilMs: number;
  /** What tasks say of themselves at the end, where it was asked. */
  readonly skips: ReadonlyMap<string, readonly Skip[]>;
  /** Final states of executions of tasks that are sent at most once, where nothing was received. */
  readonly unsent: ReadonlyMap<string, readonly string[]>;
}

/** Due times that a misfire policy passed over, as the task's events say. */
export interface Skip {
  readonly fromMs: number;
  readonly throughMs: number;
}

export type Fault =
  | 'missing'
  | 'second id'
  | 'id of another'
  | 'attempt sent twice'
  | 'sent at most once, twice'
  | 'sent in silence'
  | 'sent early'
  | 'never due'
  | 'unknown task'
  | 'passed over in time'
  | 'key made two tasks'
  | 'not linearizable'
  | 'undecided';

export interface Finding {
  readonly fault: Fault;
  readonly what: string;
  /** Whose events may explain it. */
  readonly taskId?: string;
}

export interface Judgement {
  readonly findings: readonly Finding[];
  readonly expected: number;
  readonly received: number;
  readonly repeatedSameId: number;
  /** Around a cancel or a pause. */
  readonly excused: number;
  /** By misfire policy, after an outage, and said. */
  readonly passedOver: number;
  /** Of what is sent at most once: the node that had it was lost, and its state says so. */
  readonly endedUnknown: number;
  readonly histories: number;
  readonly calls: number;
  /** First receipt after the scheduled time, sorted. */
  readonly latenessMs: readonly number[];
  /** The latest of all, the worst first. */
  readonly latest: readonly Callback[];
}

/** As where nothing could be created, or everything is excused: then nothing is missing, and nothing was shown. */
export const NOTHING_SHOWN = 'a run that shows nothing: no fire was expected';
export const showsNothing = ({ expected }: Judgement): boolean => expected === 0;

const LATEST_SHOWN = 5;

/** Clocks of processes of one machine agree; what this process reads late only looks late. */
const EARLY_MS_MAX = 20;
/** Cluster time is the median of clocks as they were heard: on two busy cores it lags behind this process's clock by so much. */
const CLUSTER_TIME_BEHIND_MS_MAX = 250;
/** Between a due time that was kept and the look at the clock that decided so. */
const MISFIRE_SLACK_MS = 1_000;

export function judge(evidence: Evidence): Judgement {
  const findings: Finding[] = [];
  const found = (fault: Fault, what: string): void => void findings.push({ fault, what });
  const bySerial = new Map<number, Callback[]>();
  for (const callback of evidence.callbacks) {
    const those = bySerial.get(callback.serial);
    if (those === undefined) bySerial.set(callback.serial, [callback]);
    else those.push(callback);
  }
  const counts = { expected: 0, received: 0, repeatedSameId: 0, excused: 0, passedOver: 0, endedUnknown: 0 };
  const latenessMs: number[] = [];
  const firsts: Callback[] = [];
  let histories = 0;
  let calls = 0;

  for (const entry of evidence.tasks) {
    const callbacks = bySerial.get(entry.serial) ?? [];
    bySerial.delete(entry.serial);
    judgeReceived(entry, callbacks);
    judgeExpected(entry, callbacks);
    judgeHistory(entry);
  }
  judgeIds();
  for (const [serial, callbacks] of bySerial)
    found('unknown task', `${callbacks.length} callbacks of number ${serial}`);

  /** A target that does each id once would leave the other undone. */
  function judgeIds(): void {
    const of = new Map<string, string>();
    for (const { webhookId, taskId, scheduledAtMs } of evidence.callbacks) {
      const identity = `task ${taskId} for ${iso(scheduledAtMs)}`;
      const known = of.get(webhookId) ?? identity;
      of.set(webhookId, known);
      if (known !== identity) found('id of another', `${identity}: ${webhookId} was that of ${known}`);
    }
  }

  function judgeReceived(entry: TaskEntry, callbacks: readonly Callback[]): void {
    const ids = new Set([...entry.taskIds, ...callbacks.map(({ taskId }) => taskId)]);
    if (ids.size > 1) found('key made two tasks', `${entry.key}: ${[...ids].join(', ')}`);
    for (const [identity, sendings] of groupBy(
      callbacks,
      ({ taskId, scheduledAtMs }) => `${taskId}@${scheduledAtMs}`,
    )) {
      const [first] = sendings;
      if (first === undefined) continue;
      const of = `task ${first.taskId} (${entry.kind} ${entry.serial}) for ${iso(first.scheduledAtMs)}`;
      counts.received += 1;
      counts.repeatedSameId += sendings.length - 1;
      latenessMs.push(latenessOf(first));
      firsts.push(first);
      const webhookIds = new Set(sendings.map(({ webhookId }) => webhookId));
      if (webhookIds.size > 1) found('second id', `${of}: ${[...webhookIds].join(', ')}`);
      const attempts = sendings.map(({ attempt }) => attempt);
      if (new Set(attempts).size < attempts.length)
        found('attempt sent twice', `${of}: attempts ${attempts.join(', ')}`);
      if (entry.kind === 'once-at-most' && sendings.length > 1) found('sent at most once, twice', `${of}: ${identity}`);
      if (first.receivedAtMs < first.scheduledAtMs - EARLY_MS_MAX) {
        found('sent early', `${of}: ${first.scheduledAtMs - first.receivedAtMs} ms`);
      }
      if (!isDue(entry, first.scheduledAtMs)) found('never due', of);
    }
    for (const { why, fromMs, untilMs } of entry.silent) {
      for (const { receivedAtMs, taskId, scheduledAtMs, attempt } of callbacks) {
        if (receivedAtMs <= fromMs || receivedAtMs >= untilMs) continue;
        const since = `${receivedAtMs - fromMs} ms after it had to be silent (${why} at ${iso(fromMs)})`;
        found('sent in silence', `task ${taskId} for ${iso(scheduledAtMs)}, attempt ${attempt}: received ${since}`);
      }
    }
  }

  function judgeExpected(entry: TaskEntry, callbacks: readonly Callback[]): void {
    const taskId = taskIdOf(entry);
    if (taskId === null || entry.firstDueMs === null || entry.kind === 'register') return;
    const received = new Set(callbacks.map(({ scheduledAtMs }) => scheduledAtMs));
    const lastDueMs = entry.kind === 'cron' ? evidence.untilMs : Math.min(entry.firstDueMs, evidence.untilMs);
    for (let dueMs = entry.firstDueMs; dueMs <= lastDueMs; dueMs += 1_000) {
      if (received.has(dueMs)) {
        counts.expected += 1;
        continue;
      }
      if (entry.excused.some(({ fromMs, untilMs }) => fromMs <= dueMs && dueMs <= untilMs)) {
        counts.excused += 1;
        continue;
      }
      counts.expected += 1;
      const skip = evidence.skips.get(taskId)?.find(({ fromMs, throughMs }) => fromMs <= dueMs && dueMs <= throughMs);
      if (skip !== undefined) {
        counts.passedOver += 1;
        judgeSkip(taskId, dueMs, callbacks);
      } else if (entry.kind === 'once-at-most' && evidence.unsent.get(taskId)?.includes('unknown') === true) {
        counts.endedUnknown += 1;
      } else {
        const states = evidence.unsent.get(taskId);
        const ended = states === undefined ? '' : `: ${states.join(', ')}`;
        findings.push({
          fault: 'missing',
          what: `task ${taskId} (${entry.kind} ${entry.serial}) for ${iso(dueMs)}${ended}`,
          taskId,
        });
      }
    }
  }

  /** Whatever the nodes' clocks say: a due time that is passed over has waited as long as the policy says, in true time. */
  function judgeSkip(taskId: string, dueMs: number, callbacks: readonly Callback[]): void {
    const after = callbacks
      .filter(({ scheduledAtMs }) => scheduledAtMs > dueMs)
      .map(({ receivedAtMs }) => receivedAtMs);
    const goneOnMs = Math.min(...after) - dueMs;
    if (goneOnMs < MISFIRE_AFTER_MS - MISFIRE_SLACK_MS) {
      found('passed over in time', `task ${taskId} for ${iso(dueMs)}: it went on ${goneOnMs} ms later`);
    }
  }

  function judgeHistory({ history, serial }: TaskEntry): void {
    if (history.length === 0) return;
    histories += 1;
    calls += history.length;
    const verdict = checkLinearizable(history, taskModel);
    if (verdict.kind === 'undecided') found('undecided', `the history of number ${serial}, ${history.length} calls`);
    if (verdict.kind === 'contradiction') {
      found('not linearizable', `number ${serial}: ${verdict.part.map(shown).join('; ')}`);
    }
  }

  latenessMs.sort((a, b) => a - b);
  const latest = firsts.sort((a, b) => latenessOf(b) - latenessOf(a)).slice(0, LATEST_SHOWN);
  return { findings, ...counts, histories, calls, latenessMs, latest };
}

function isDue({ kind, askedAtMs, firstDueMs }: TaskEntry, scheduledAtMs: number): boolean {
  if (kind === 'register') return false;
  // The leader decides what is due next by cluster time.
  if (kind === 'cron') return scheduledAtMs >= askedAtMs - CLUSTER_TIME_BEHIND_MS_MAX && scheduledAtMs % 1_000 === 0;
  // Created for all that is known, and nobody was told so.
  return firstDueMs === null || scheduledAtMs === firstDueMs;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

const latenessOf = ({ receivedAtMs, scheduledAtMs }: Callback): number => receivedAtMs - scheduledAtMs;

export const inWords = (callback: Callback): string =>
  `task ${callback.taskId} for ${iso(callback.scheduledAtMs)}, attempt ${callback.attempt}, ${latenessOf(callback)} ms late`;

const iso = (ms: number): string => new Date(ms).toISOString();

function shown({ call, invokedAt, outcome }: Operation<TaskCall, TaskSeen>): string {
  const from = invokedAt.toFixed(1);
  return outcome.kind === 'ok'
    ? `${call} ${from}–${outcome.returnedAt.toFixed(1)} → ${outcome.result}`
    : `${call} ${from} → ${outcome.kind}`;
}
