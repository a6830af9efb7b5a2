import fc from 'fast-check';
import type { EntryContent } from '../../src/tasks/entry.ts';
import type { TaskId } from '../../src/tasks/task.ts';
import { answered, draft, Scenario, unreachable } from '../tasks/scenario.ts';

/** Random histories, decided and applied as in production: what a projection is to keep. */

const step = fc.record({
  afterMs: fc.oneof(fc.integer({ min: 0, max: 90_000 }), fc.constant(0), fc.constant(200)),
  task: fc.nat(5),
  run: fc.nat(3),
  what: fc.constantFrom(
    ...(['create', 'create', 'claim', 'claim', 'claim', 'retry', 'succeed', 'succeed', 'fail', 'fail'] as const),
    ...(['lose', 'withhold', 'cut-off', 'gone', 'pause', 'resume', 'cancel', 'run', 'run', 'rename'] as const),
    ...(['reschedule', 'restart', 'prune', 'remove', 'expire', 'nothing'] as const),
  ),
});
export type HistoryStep = typeof step extends fc.Arbitrary<infer T> ? T : never;
export const historySteps = (maxLength: number): fc.Arbitrary<HistoryStep[]> =>
  fc.array(step, { maxLength, size: 'max' });

const NAMES = ['Nightly backup', 'nightly report', 'ÄRGER 100%', 'a_b', null, 'x%y'];
const TAGS: readonly (readonly string[])[] = [['ops', 'db'], ['ops'], [], ['100%'], ['db'], ['ops', 'ops']];
const SCHEDULES = ['* * * * * *', '* * * * *', '@every 7s', 'once', '*/5 * * * *', '@hourly'];

/** Nodes n1 … n3 send, each in the incarnation it last started with, or one that never started. */
class History extends Scenario {
  readonly incarnations = new Map<string, number>();
  readonly ids: TaskId[] = [];

  play({ afterMs, task, run: nth, what }: HistoryStep): void {
    this.after(afterMs);
    this.sender.nodeId = `n${(this.entries.length % 3) + 1}`;
    this.sender.incarnation = this.incarnations.get(this.sender.nodeId) ?? 1;
    // As before entry version 3, and since.
    if (this.entries.length % 2 === 0) delete this.sender.instance;
    else this.sender.instance = `i-${this.sender.nodeId}`;
    this.taskId = this.ids[task % Math.max(1, this.ids.length)] ?? this.taskId;
    const current = this.state.task(this.taskId);
    if (what === 'create' || current === undefined) {
      this.createOne(task);
      return;
    }
    const run = current.openRuns[nth % Math.max(1, current.openRuns.length)];
    const open = run !== undefined && this.run(run).state === 'attempting' ? run : undefined;
    const asked = { by: 'test', requires: [{ type: 'task-exists', taskId: this.taskId }] } as const;
    const ofTask = [...this.state.executions.values()].filter(({ taskId }) => taskId === this.taskId);
    switch (what) {
      case 'claim':
        this.claim();
        break;
      case 'retry':
        if (run !== undefined && this.run(run).state === 'waiting') {
          this.at(Math.max(this.nowMs, this.run(run).nextAttemptAtMs ?? 0)).claimAttempt(run);
        }
        break;
      case 'succeed':
        if (open !== undefined) this.outcome(open, answered(200));
        break;
      case 'fail':
        if (open !== undefined) this.outcome(open, answered(500));
        break;
      case 'gone':
        if (open !== undefined) this.outcome(open, answered(410));
        break;
      case 'lose':
        if (open !== undefined) this.outcome(open, { kind: 'lost' });
        break;
      case 'withhold':
        if (open !== undefined) this.outcome(open, { kind: 'withheld', changed: true });
        break;
      case 'cut-off':
        if (open !== undefined) this.outcome(open, unreachable(true));
        break;
      case 'pause':
        this.when({ type: 'PauseTask', version: null });
        break;
      case 'resume':
        this.when({ type: 'ResumeTask', version: null });
        break;
      case 'cancel':
        this.when({ type: 'CancelTask', version: null });
        break;
      case 'run':
        this.when({ type: 'RunTask', version: null });
        break;
      case 'rename':
        this.when({
          type: 'UpdateTask',
          version: null,
          changes: { name: NAMES[nth] ?? null, tags: TAGS[(nth + 1) % TAGS.length] ?? [] },
        });
        break;
      case 'reschedule':
        this.when({ type: 'UpdateTask', version: null, changes: { schedule: '*/2 * * * *' } });
        break;
      case 'restart': {
        const { nodeId, incarnation } = this.sender;
        const next = incarnation + 1;
        this.incarnations.set(nodeId, next);
        this.apply({
          requires: [],
          events: [{ type: 'NodeStarted', nodeId, instance: `i-${nodeId}`, incarnation: next }],
          by: `node:${nodeId}`,
        });
        break;
      }
      case 'prune': {
        const ended = ofTask.filter(({ endedAtMs }) => endedAtMs !== null).map((execution) => execution.run);
        const runs = ended.slice(0, nth + 1);
        this.apply({
          ...asked,
          events: [{ type: 'HistoryPruned', taskId: this.taskId, runs, throughRun: runs.at(-1) ?? 0 }],
        });
        break;
      }
      case 'remove':
        if (current.finishedAtMs === null) break;
        this.apply({
          requires: [{ type: 'task-finished', taskId: this.taskId }],
          events: [{ type: 'TaskRemoved', taskId: this.taskId, runs: ofTask.map((execution) => execution.run) }],
          by: 'retention',
        });
        break;
      case 'expire': {
        const keys = [...this.state.keys.keys()].slice(0, 2);
        this.apply({ requires: [], events: [{ type: 'IdempotencyKeysExpired', keys }], by: 'retention' });
        break;
      }
      case 'nothing':
        this.apply();
    }
  }

  createOne(nth: number): void {
    const schedule = SCHEDULES[nth] ?? '';
    this.when({
      type: 'CreateTask',
      draft: draft({
        schedule: schedule === 'once' ? new Date(this.nowMs + 5_000).toISOString() : schedule,
        name: NAMES[nth] ?? null,
        tags: TAGS[nth] ?? [],
        delivery: nth === 1 ? 'at_most_once' : 'at_least_once',
        retry: { attempts: 2, backoffMs: 100, backoffMaxMs: 500 },
      }),
      idempotency: nth % 2 === 0 ? { key: `key ${nth} ${this.entries.length % 4}`, fingerprint: `f${nth}` } : null,
    });
    if (!this.ids.includes(this.taskId)) this.ids.push(this.taskId);
  }
}

export function historyOf(steps: readonly HistoryStep[]): readonly EntryContent[] {
  const history = new History();
  for (const taken of steps) history.play(taken);
  return history.entries;
}
