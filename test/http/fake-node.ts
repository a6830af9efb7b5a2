import type {
  ClusterStatus,
  Consistency,
  NodeHealth,
  NodeMetrics,
  SchedulerNode,
  SubmitOutcome,
} from '../../src/node/api.ts';
import { NO_FEED, NO_FEED_COUNTERS } from '../../src/node/event-feed.ts';
import { judge } from '../../src/node/judging-operations.ts';
import { Statistics, sourceOf } from '../../src/node/statistics.ts';
import { Tracing } from '../../src/node/tracing.ts';
import type { InstanceId, NodeId } from '../../src/raft/types.ts';
import { refused } from '../../src/result.ts';
import { latestFireMs } from '../../src/schedule/latest-fire.ts';
import { nextFireMs } from '../../src/schedule/next-fire.ts';
import { parseSchedule } from '../../src/schedule/parse.ts';
import { missedBy } from '../../src/store/missed-due-times.ts';
import { compareMissed } from '../../src/store/projection-order.ts';
import { decideAttempt, decideClaim } from '../../src/tasks/claim.ts';
import type { Command } from '../../src/tasks/command.ts';
import { refusal } from '../../src/tasks/command.ts';
import type { CommandId } from '../../src/tasks/command-id.ts';
import { decideChange, decideCreate } from '../../src/tasks/decide.ts';
import type { Entities, IdempotencyRecord, StateMeta } from '../../src/tasks/entities.ts';
import { EMPTY_META } from '../../src/tasks/entities.ts';
import type { EntryContent } from '../../src/tasks/entry.ts';
import { applyEntry } from '../../src/tasks/entry.ts';
import { ENTRY_VERSION } from '../../src/tasks/entry-version.ts';
import type { Execution } from '../../src/tasks/execution.ts';
import { isOfOneNode } from '../../src/tasks/operation.ts';
import type { AttemptOutcome } from '../../src/tasks/outcome.ts';
import { decideOutcome } from '../../src/tasks/outcome.ts';
import type { Task, TaskId } from '../../src/tasks/task.ts';
import { isLaterTaskId, nextTaskId } from '../../src/tasks/task-id.ts';
import { noCounts } from '../../src/transport/counts.ts';
import { manualClock } from './manual-clock.ts';

/** The real, pure tasks code over maps: one node without a log, a disk or a target. */
export interface FakeNode extends SchedulerNode {
  readonly tasks: ReadonlyMap<TaskId, Task>;
  readonly submitted: Command[];
  /** Every command from now on is answered with this, undecided. Null: decided again. */
  answerWith(outcome: SubmitOutcome | null): void;
  /** Runs before the next command is decided: another client coming in between. */
  before(run: () => void): void;
  become(health: NodeHealth, reads?: 'answered' | 'refused'): void;
  /** Claims what is due now, and settles its attempt. */
  fire(taskId: TaskId, outcome: AttemptOutcome): void;
}

const planner = { parse: parseSchedule, nextFireMs, latestFireMs };
const SERVING: NodeHealth = { state: 'serving', ready: true, reason: null };

export function createFakeNode(clock = manualClock()): FakeNode {
  const state = mapEntities();
  const statistics = new Statistics(sourceOf(state));
  const submitted: Command[] = [];
  let forced: SubmitOutcome | null = null;
  let hook: (() => void) | null = null;
  let health = SERVING;
  let readsRefused = false;
  let operations = 0;

  const apply = (pairs: EntryContent['pairs']): void => {
    const atMs = Math.max(clock.nowMs(), state.meta().logTimeMs);
    const content = { v: ENTRY_VERSION, atMs, pairs };
    statistics.applied(content, applyEntry(state, content));
  };

  function decide(command: Command, by: string): SubmitOutcome {
    const context = { nowMs: clock.nowMs(), logTimeMs: state.meta().logTimeMs, planner, by };
    if (command.type === 'CreateTask') {
      const { idempotency } = command;
      const known = idempotency === null ? undefined : state.key(idempotency.key);
      if (known !== undefined) {
        if (known.fingerprint !== idempotency?.fingerprint) {
          const message = 'the key stands for another request';
          return { outcome: 'refused', refusal: refusal('idempotency_key_reused', message) };
        }
        return { outcome: 'committed', task: taskOf(known.taskId), created: false };
      }
      const taskId = nextTaskId(state.meta().lastTaskId, clock.nowMs(), 0);
      const decided = decideCreate(command, taskId, context);
      if (!decided.ok) return { outcome: 'refused', refusal: decided.error };
      apply([decided.value]);
      return { outcome: 'committed', task: taskOf(taskId), created: true };
    }
    const decided = decideChange(command, state.task(command.taskId), [], context);
    if (!decided.ok) return { outcome: 'refused', refusal: decided.error };
    apply([decided.value]);
    return { outcome: 'committed', task: taskOf(command.taskId), created: true };
  }

  function taskOf(taskId: TaskId): Task {
    const task = state.task(taskId);
    if (task === undefined) throw new Error(`no task ${taskId}`);
    return task;
  }

  const read = <T>(value: T, consistency?: Consistency) =>
    readsRefused && consistency !== 'stale'
      ? ({ ok: false, reason: 'no_leader', retryAfterMs: 500 } as const)
      : ({ ok: true, value } as const);

  const executionsOf = (taskId: TaskId) =>
    [...state.executions.values()].filter((one) => one.taskId === taskId).sort((a, b) => b.run - a.run);

  return {
    tasks: state.tasks,
    submitted,
    answerWith(outcome) {
      forced = outcome;
    },
    before(run) {
      hook = run;
    },
    become(next, reads = 'answered') {
      health = next;
      readsRefused = reads === 'refused';
    },
    fire(taskId, outcome) {
      const context = { nowMs: clock.nowMs(), aheadMs: 0, planner, sender: { nodeId: 'n1', incarnation: 1 } };
      const waiting = executionsOf(taskId).find((one) => one.state === 'waiting');
      const claim =
        waiting === undefined ? decideClaim(taskOf(taskId), context) : decideAttempt(taskOf(taskId), waiting, context);
      if (!claim.ok) throw new Error(`nothing is due: ${claim.error}`);
      apply(['pair' in claim.value ? claim.value.pair : claim.value]);
      const open = executionsOf(taskId).find((one) => one.state === 'attempting');
      if (open === undefined) throw new Error('no attempt is open');
      apply(decideOutcome(taskOf(taskId), open, outcome, { nowMs: clock.nowMs(), random: 0.5 }));
    },
    async submit(command, { by }) {
      submitted.push(command);
      hook?.();
      return forced ?? decide(command, by);
    },
    readTask: async (taskId, consistency) => read(state.task(taskId), consistency),
    async listTasks({ state: wanted, tag, name, newestFirst = false }, after, limit, consistency) {
      const all = [...state.tasks.values()];
      const found = (newestFirst ? all.reverse() : all)
        .filter(
          ({ taskId }) => after === null || (newestFirst ? isLaterTaskId(after, taskId) : isLaterTaskId(taskId, after)),
        )
        .filter((task) => wanted === undefined || task.state === wanted)
        .filter((task) => tag === undefined || task.definition.tags.includes(tag))
        .filter((task) => name === undefined || task.definition.name?.toLowerCase().includes(name.toLowerCase()));
      return read(found.slice(0, limit), consistency);
    },
    async listExecutions(taskId, beforeRun, limit, consistency) {
      if (!state.tasks.has(taskId)) return read(undefined, consistency);
      return read(
        executionsOf(taskId)
          .filter((one) => beforeRun === null || one.run < beforeRun)
          .slice(0, limit),
        consistency,
      );
    },
    async listDeadLetters(below, limit, consistency) {
      const failed = [...state.executions.values()]
        .filter((one) => one.state === 'failed')
        .map((execution) => ({ task: taskOf(execution.taskId), execution }))
        .reverse();
      const at = failed.findIndex(({ execution: { taskId, run } }) => taskId === below?.taskId && run === below.run);
      return read(failed.slice(at + 1, at + 1 + limit), consistency);
    },
    async listMissed(below, limit, consistency) {
      const missed = [...state.tasks.values()].flatMap(missedBy).sort((a, b) => compareMissed(b, a));
      const found = missed.filter((one) => below === null || compareMissed(one, below) < 0);
      return read(
        found.slice(0, limit).map((one) => ({ task: taskOf(one.taskId), missed: one })),
        consistency,
      );
    },
    readExecution: async (taskId, run, consistency) => read(state.execution(taskId, run), consistency),
    async operate(operation, { by }, requestId) {
      const members = [{ nodeId: 'n1' as NodeId, instance: 'i1' as InstanceId, kind: 'voter' as const }];
      const judged = judge(operation, { self: 'n1', members, meta: state.meta(), isAlive: () => true });
      if (judged.kind === 'already') return { outcome: 'done', changed: false };
      if (judged.kind === 'refused') return { outcome: 'refused', code: judged.code, message: judged.message };
      operations += 1;
      const audit = { requestId: requestId ?? (`n1/${operations}` as CommandId), operation };
      const end = { type: 'OperationEnded', ...audit, end: { kind: 'done' } } as const;
      const ended = isOfOneNode(operation) ? [] : [end];
      apply([{ requires: [], events: [{ type: 'OperationRequested', ...audit }, ...judged.events, ...ended], by }]);
      return { outcome: 'done', changed: true };
    },
    async operateHere(operation, asked, requestId, work) {
      const id = requestId ?? (`here/${operations}` as CommandId);
      const { outcome } = await this.operate(operation, asked, id);
      const { result, end } = await work();
      apply([{ requires: [], events: [{ type: 'OperationEnded', requestId: id, operation, end }], by: asked.by }]);
      return { audited: outcome === 'done', result };
    },
    compactLog: async () => null,
    backUp: async () => refused('a node in memory is not backed up'),
    tracing: new Tracing('n1', clock),
    feed: NO_FEED,
    statistics: (window) => statistics.read(window, clock.nowMs()),
    traceOf: async () => null,
    operations: () => state.meta().operations ?? [],
    health: () => health,
    status: () => ({ ...STATUS, schedulingPaused: state.meta().schedulingPaused === true }),
    metrics: () => METRICS,
    stop: async () => {},
  };
}

interface MapEntities extends Entities {
  readonly tasks: Map<TaskId, Task>;
  readonly executions: Map<string, Execution>;
}

function mapEntities(): MapEntities {
  const tasks = new Map<TaskId, Task>();
  const executions = new Map<string, Execution>();
  const keys = new Map<string, IdempotencyRecord>();
  let meta: StateMeta = EMPTY_META;
  return {
    tasks,
    executions,
    task: (taskId) => tasks.get(taskId),
    addTask: (task) => void tasks.set(task.taskId, task),
    putTask: (task) => void tasks.set(task.taskId, task),
    removeTask: (taskId) => void tasks.delete(taskId),
    execution: (taskId, run) => executions.get(`${taskId}/${run}`),
    putExecution: (one) => void executions.set(`${one.taskId}/${one.run}`, one),
    removeExecution: (taskId, run) => void executions.delete(`${taskId}/${run}`),
    key: (key) => keys.get(key),
    putKey: (record) => void keys.set(record.key, record),
    removeKey: (key) => void keys.delete(key),
    meta: () => meta,
    putMeta: (next) => {
      meta = next;
    },
  };
}

const STATUS: ClusterStatus = {
  clusterId: 'c1',
  nodeId: 'n1',
  role: 'leader',
  term: 3,
  leaderId: 'n1',
  commitIndex: 7,
  appliedIndex: 7,
  schedulingPaused: false,
  members: [
    {
      nodeId: 'n1',
      instance: 'i1',
      drained: false,
      kind: 'voter',
      role: 'leader',
      httpUrl: 'http://127.0.0.1:8000',
      matchIndex: 7,
      lagMs: null,
      alive: true,
    },
  ],
};

const METRICS: NodeMetrics = {
  proposals: 11,
  entries: 9,
  turns: 8,
  fsyncs: 8,
  elections: 1,
  fires: 5,
  deadLetters: 2,
  attempts: { succeeded: 4, failed: 1, error: 0, withheld: 0, lost: 0 },
  claimsInHand: 2,
  claimsHeldAhead: 0,
  requestsInFlight: 1,
  parked: 0,
  dueInMemory: 3,
  logBytes: 4_096,
  term: 3,
  commitIndex: 7,
  appliedIndex: 7,
  durableIndex: 6,
  counts: { tasks: { scheduled: 3, paused: 1, completed: 0, cancelled: 2 }, executions: 5 },
  fsyncSeconds: {
    buckets: [
      { le: 0.001, count: 5 },
      { le: 0.01, count: 8 },
    ],
    sum: 0.012,
    count: 8,
  },
  latenessSeconds: { buckets: [{ le: 0.01, count: 5 }], sum: 0.02, count: 5 },
  transport: noCounts(),
  feed: NO_FEED_COUNTERS,
};
