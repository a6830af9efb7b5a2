import assert from 'node:assert/strict';
import { schedulePlanner } from '../../src/node/schedule-planner.ts';
import { decideAttempt, decideClaim } from '../../src/tasks/claim.ts';
import type { ChangeCommand, CreateTask, Refusal, TaskDraft } from '../../src/tasks/command.ts';
import { decideChange, decideCreate } from '../../src/tasks/decide.ts';
import {
  applyEntry,
  decodeEntry,
  type EntryContent,
  encodeEntry,
  type Pair,
  type PairResult,
} from '../../src/tasks/entry.ts';
import { ENTRY_VERSION } from '../../src/tasks/entry-version.ts';
import type { TaskEvent } from '../../src/tasks/event.ts';
import type { Execution } from '../../src/tasks/execution.ts';
import { DEFAULT_RETRY } from '../../src/tasks/limits.ts';
import { type AttemptOutcome, decideOutcome } from '../../src/tasks/outcome.ts';
import type { Task, TaskId } from '../../src/tasks/task.ts';
import { nextTaskId } from '../../src/tasks/task-id.ts';
import { EntitiesInMaps } from './entities-in-maps.ts';

/** 2027-01-01T00:00:00Z: the time at which every scenario begins. */
export const START_MS = Date.UTC(2027, 0, 1);

export const draft = (changes: Partial<TaskDraft> = {}): TaskDraft => ({
  name: null,
  tags: [],
  schedule: '* * * * *',
  timezone: 'UTC',
  dst: 'once',
  callback: { url: 'http://127.0.0.1:9000/', method: 'POST', headers: {}, body: '{}' },
  retry: DEFAULT_RETRY,
  misfire: 'latest',
  overlap: 'allow',
  delivery: 'at_least_once',
  ...changes,
});

type Command =
  | CreateTask
  | { [K in ChangeCommand['type']]: Omit<Extract<ChangeCommand, { type: K }>, 'taskId'> }[ChangeCommand['type']];

/** Given / when / then for the life of one task: decides as the leader does, applies as every node does. */
export class Scenario {
  readonly state = new EntitiesInMaps();
  readonly entries: EntryContent[] = [];
  sender: { nodeId: string; incarnation: number; instance?: string } = { nodeId: 'n1', incarnation: 1 };
  nowMs = START_MS;
  taskId = '0' as TaskId;

  get task(): Task {
    const task = this.state.task(this.taskId);
    assert.ok(task, `there is no task ${this.taskId}`);
    return task;
  }

  run(run: number): Execution {
    const execution = this.state.execution(this.taskId, run);
    assert.ok(execution, `there is no run ${run}`);
    return execution;
  }

  at(nowMs: number): this {
    this.nowMs = nowMs;
    return this;
  }

  after(ms: number): this {
    return this.at(this.nowMs + ms);
  }

  /** Decides and applies; returns the refusal, if it was one. */
  when(command: Command): Refusal | null {
    const { logTimeMs } = this.state.meta();
    const context = { nowMs: this.nowMs, logTimeMs, planner: schedulePlanner, by: 'test' };
    if (command.type === 'CreateTask') {
      const taskId = nextTaskId(this.state.meta().lastTaskId, this.nowMs, 0);
      const decided = decideCreate(command, taskId, context);
      if (!decided.ok) return decided.error;
      this.taskId = taskId;
      this.apply(decided.value);
      return null;
    }
    const decided = decideChange(
      { ...command, taskId: this.taskId } as ChangeCommand,
      this.state.task(this.taskId),
      this.openRuns,
      context,
    );
    if (!decided.ok) return decided.error;
    this.apply(decided.value);
    return null;
  }

  create(changes: Partial<TaskDraft> = {}): this {
    assert.equal(this.when({ type: 'CreateTask', draft: draft(changes), idempotency: null }), null);
    return this;
  }

  get openRuns(): readonly Execution[] {
    return this.state.task(this.taskId)?.openRuns.map((run) => this.run(run)) ?? [];
  }

  decideClaim(aheadMs = 0): Pair | null {
    const { nowMs, sender } = this;
    const decided = decideClaim(this.task, { nowMs, aheadMs, planner: schedulePlanner, sender });
    return decided.ok ? decided.value.pair : null;
  }

  claim(aheadMs = 0): Pair | null {
    const pair = this.decideClaim(aheadMs);
    if (pair !== null) this.apply(pair);
    return pair;
  }

  claimAttempt(run: number): Pair | null {
    const decided = decideAttempt(this.task, this.run(run), {
      nowMs: this.nowMs,
      aheadMs: 0,
      planner: schedulePlanner,
      sender: this.sender,
    });
    if (!decided.ok) return null;
    this.apply(decided.value);
    return decided.value;
  }

  outcome(run: number, outcome: AttemptOutcome, random = 0.5): readonly PairResult[] {
    return this.apply(...decideOutcome(this.task, this.run(run), outcome, { nowMs: this.nowMs, random }));
  }

  /** As the log carries it: through its JSON. */
  apply(...pairs: readonly Pair[]): readonly PairResult[] {
    const decoded = decodeEntry(
      encodeEntry({ v: ENTRY_VERSION, atMs: Math.max(this.nowMs, this.state.meta().logTimeMs), pairs }),
    );
    assert.ok(decoded.ok);
    this.entries.push(decoded.value);
    return applyEntry(this.state, decoded.value);
  }

  /** Fires every due time from now on until `untilMs`, each on its second; the scheduled times that were claimed. */
  fireUntil(untilMs: number): number[] {
    const fired: number[] = [];
    while (this.task.nextAtMs !== null && this.task.nextAtMs <= untilMs) {
      this.at(Math.max(this.nowMs, this.task.nextAtMs));
      if (this.claim() === null) break;
      const run = this.task.runCount;
      fired.push(this.run(run).scheduledAtMs);
      this.outcome(run, answered(200));
    }
    return fired;
  }
}

export const answered = (status: number, retryAfterMs: number | null = null): AttemptOutcome => ({
  kind: 'response',
  status,
  retryAfterMs,
  excerpt: status >= 300 ? 'no' : null,
  startedAtMs: START_MS,
  endedAtMs: START_MS + 5,
});

export const unreachable = (sent: boolean): AttemptOutcome => ({
  kind: 'error',
  error: sent ? 'total_timeout' : 'connect_refused',
  detail: 'no answer',
  sent,
  startedAtMs: START_MS,
  endedAtMs: START_MS + 5,
});

export const eventsOf = (pair: Pair | null): readonly TaskEvent['type'][] => pair?.events.map(({ type }) => type) ?? [];
