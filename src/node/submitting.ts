import type { Clock } from '../clock.ts';
import { invariant } from '../invariant.ts';
import type { LogIndex } from '../raft/types.ts';
import type { Projection } from '../store/projection.ts';
import type { ChangeCommand, Command, CreateTask } from '../tasks/command.ts';
import { refusal } from '../tasks/command.ts';
import { type CommandId, isKeyOfCommand, keyOfCommand } from '../tasks/command-id.ts';
import type { DecisionContext } from '../tasks/decide.ts';
import { decideChange, decideCreate, looksAtOpenRuns } from '../tasks/decide.ts';
import type { Pair } from '../tasks/entry.ts';
import type { Execution } from '../tasks/execution.ts';
import type { SchedulePlanner } from '../tasks/planner.ts';
import type { Precondition } from '../tasks/precondition.ts';
import type { Task, TaskId } from '../tasks/task.ts';
import { isLaterTaskId, nextTaskId } from '../tasks/task-id.ts';

import type { SubmitOutcome, UnavailableReason } from './api.ts';

import { DECISIONS_MAX, PAIR_CHARS_MAX, SUBMIT_DEADLINE_MS } from './limits.ts';
import type { OnceDeposed, ProposeOutcome } from './proposal-queue.ts';
import type { Replica } from './replica.ts';

/** Takes commands of clients: decides on applied state, proposes, and decides again when the state moved on meanwhile (I5). */
export interface SubmittingOptions {
  readonly projection: Projection;
  readonly replica: Replica;
  readonly planner: SchedulePlanner;
  readonly clock: Clock;
  readonly group: number;
  /** Whether every member can read that a command was done. */
  readonly keepsResults: () => boolean;
  /**
   * Resolves to true when no node sends any more what the task said before the change at `index` (I6), to false when that cannot be
   * known here any more. Without a task: whatever anybody holds.
   */
  readonly untilSilent: (index: LogIndex, taskId: TaskId | null) => Promise<boolean>;
}

export const RETRY_AFTER_MS = 1_000;
const unavailable = (reason: UnavailableReason): SubmitOutcome => ({
  outcome: 'unavailable',
  reason,
  retryAfterMs: RETRY_AFTER_MS,
});

export class Submitting {
  readonly #options: SubmittingOptions;
  #lastTaskId = '0' as TaskId;
  readonly #changing = new Map<TaskId, Promise<void>>();

  constructor(options: SubmittingOptions) {
    this.#options = options;
  }

  /** `commandId`: what it did is kept for a while, and a repetition is answered from that. Null: nobody repeats it. */
  submit(command: Command, by: string, commandId: CommandId | null): Promise<SubmitOutcome> {
    const isKept = commandId !== null && this.#options.keepsResults();
    return isKept ? this.#submitOnce(command, by, commandId) : this.#decide(command, by, null);
  }

  async #submitOnce(command: Command, by: string, commandId: CommandId): Promise<SubmitOutcome> {
    return (await this.#doneBefore(command, commandId)) ?? this.#decide(command, by, commandId);
  }

  async #doneBefore(command: Command, commandId: CommandId): Promise<SubmitOutcome | null> {
    const { projection } = this.#options;
    const record = await projection.readKey(keyOfCommand(commandId));
    if (record === undefined) return null;
    const task = await projection.readTask(record.taskId);
    const unknown: SubmitOutcome = { outcome: 'unknown', taskId: record.taskId };
    if (task === undefined) return unknown;
    // An earlier leader committed it, and nobody may have waited for those who held claims then.
    const { replica, untilSilent } = this.#options;
    if (silences(command) && !(await untilSilent(replica.appliedIndex, null))) return unknown;
    return { outcome: 'committed', task, created: command.type === 'CreateTask' };
  }

  #decide(command: Command, by: string, commandId: CommandId | null): Promise<SubmitOutcome> {
    return command.type === 'CreateTask'
      ? this.#create(command, this.#contextOf(by), commandId)
      : this.#change(command, by, commandId);
  }

  #contextOf(by: string): DecisionContext {
    const { clock, planner, projection } = this.#options;
    return { nowMs: clock.nowMs(), logTimeMs: projection.entities.meta().logTimeMs, planner, by };
  }

  /** Two promises from here to the answer: each one more is a microtask and its garbage, for every task that is created. */
  #create(command: CreateTask, context: DecisionContext, commandId: CommandId | null): Promise<SubmitOutcome> {
    const { projection, clock, group } = this.#options;
    const applied = projection.entities.meta().lastTaskId;
    // Above the highest applied and above those in flight, so that ids stay unique when clocks go back.
    const last = isLaterTaskId(applied, this.#lastTaskId) ? applied : this.#lastTaskId;
    const taskId = nextTaskId(last, clock.nowMs(), group);
    const decided = decideCreate(command, taskId, context);
    if (!decided.ok) return this.#refuseOrReplay(command, decided.error);
    this.#lastTaskId = taskId;
    // Without an id nobody could ask again what became of it: the log says so, whoever leads.
    const onceDeposed = commandId === null ? 'follow' : 'doubt';
    return this.#propose(remembered(decided.value, commandId, taskId), () => {}, onceDeposed).then((outcome) => {
      if (outcome.kind !== 'not-applied') return this.#answer(outcome, taskId, true);
      if (commandId !== null && isOfCommand(outcome.failed)) return this.#answerRepeated(command, commandId);
      invariant(outcome.failed.type === 'key-is-free', 'I5', `a new task was refused for ${outcome.failed.type}`);
      return this.#replay(command);
    });
  }

  /** A repetition is answered as the first time, even where the request would be refused now: its instant may have passed. */
  async #refuseOrReplay(command: CreateTask, error: Parameters<typeof refused>[0]): Promise<SubmitOutcome> {
    if (command.idempotency !== null && (await this.#options.replica.readBarrier())) {
      if ((await this.#options.projection.readKey(command.idempotency.key)) !== undefined) return this.#replay(command);
    }
    return refused(error);
  }

  async #replay({ idempotency }: CreateTask): Promise<SubmitOutcome> {
    const { projection } = this.#options;
    const record = idempotency === null ? undefined : await projection.readKey(idempotency.key);
    if (record === undefined) return unavailable('overloaded');
    if (record.fingerprint !== idempotency?.fingerprint) {
      return refused(refusal('idempotency_key_reused', 'this Idempotency-Key came with another request before'));
    }
    const task = await projection.readTask(record.taskId);
    if (task === undefined)
      return refused(refusal('task_not_found', `task ${record.taskId} was created under this key, and is gone`));
    return { outcome: 'committed', task, created: false };
  }

  /** Changes of one task are decided one after the other: decided side by side, all but one would be decided again. */
  async #change(command: ChangeCommand, by: string, commandId: CommandId | null): Promise<SubmitOutcome> {
    const before = this.#changing.get(command.taskId) ?? Promise.resolve();
    const outcome = before.then(() => this.#changeNow(command, by, commandId));
    const done = outcome.then(
      () => undefined,
      () => undefined,
    );
    this.#changing.set(command.taskId, done);
    try {
      return await outcome;
    } finally {
      if (this.#changing.get(command.taskId) === done) this.#changing.delete(command.taskId);
    }
  }

  async #changeNow(command: ChangeCommand, by: string, commandId: CommandId | null): Promise<SubmitOutcome> {
    const { projection, replica, untilSilent } = this.#options;
    if (!(await replica.readBarrier())) return unavailable('no_leader');
    for (let decisions = 0; decisions < DECISIONS_MAX; decisions += 1) {
      const task = await projection.readTask(command.taskId);
      const open = task === undefined || !looksAtOpenRuns(command) ? [] : await this.#openRunsOf(task);
      // The time of now, and not of when it was asked: changes of one task wait for each other.
      const decided = decideChange(command, task, open, this.#contextOf(by));
      if (!decided.ok) return refused(decided.error);
      let silent: Promise<boolean> | null = null;
      const outcome = await this.#propose(remembered(decided.value, commandId, command.taskId), (index) => {
        if (silences(command)) silent = untilSilent(index, command.taskId);
      });
      if ((await silent) === false) return { outcome: 'unknown', taskId: command.taskId };
      if (outcome.kind !== 'not-applied') return this.#answer(outcome, command.taskId, false);
      if (commandId !== null && isOfCommand(outcome.failed)) return this.#answerRepeated(command, commandId);
    }
    return unavailable('overloaded');
  }

  async #openRunsOf({ taskId, openRuns }: Task): Promise<readonly Execution[]> {
    const { projection } = this.#options;
    const executions = await Promise.all(openRuns.map((run) => projection.readExecution(taskId, run)));
    return executions.filter((execution) => execution !== undefined);
  }

  async #answerRepeated(command: Command, commandId: CommandId): Promise<SubmitOutcome> {
    return (await this.#doneBefore(command, commandId)) ?? { outcome: 'unknown', taskId: null };
  }

  /** `applied` is called before the next entry is: a promise's turn comes only when all of this turn's entries are. */
  #propose(
    pair: Pair,
    applied: (index: LogIndex) => void,
    onceDeposed: OnceDeposed = 'doubt',
  ): Promise<ProposeOutcome> {
    const { replica, clock } = this.#options;
    return new Promise((settle) => {
      // A timer each. One for all, with the deadlines in a Set, cost more in collections than it saved: 1.6 µs of V8's own threads.
      const deadline = clock.setTimer(SUBMIT_DEADLINE_MS, () => settle({ kind: 'unknown' }));
      const settled = (outcome: ProposeOutcome): void => {
        deadline.cancel();
        if (outcome.kind === 'applied') applied(outcome.index);
        settle(outcome);
      };
      replica.propose(pair, settled, 'client', onceDeposed);
    });
  }

  #answer(
    outcome: Exclude<ProposeOutcome, { kind: 'not-applied' }>,
    taskId: TaskId,
    created: boolean,
  ): SubmitOutcome | Promise<SubmitOutcome> {
    switch (outcome.kind) {
      case 'refused':
        return outcome.why === 'too_large' ? refused(TOO_LARGE) : unavailable(outcome.why);
      case 'unknown':
        return { outcome: 'unknown', taskId };
      default: {
        const { projection } = this.#options;
        const inMemory = projection.missing([{ kind: 'task', taskId }]).length === 0;
        return inMemory
          ? committed(taskId, projection.entities.task(taskId), created)
          : projection.readTask(taskId).then((task) => committed(taskId, task, created));
      }
    }
  }
}

const TOO_LARGE = refusal(
  'task_too_large',
  `as it stands in the log, a change has ${PAIR_CHARS_MAX} characters at most`,
);

/** After these, what was claimed before must not leave any more. */
const silences = ({ type }: Command): boolean => type === 'PauseTask' || type === 'UpdateTask' || type === 'CancelTask';

/** The result goes into the state with what it is the result of: both happen, or neither. */
function remembered(pair: Pair, commandId: CommandId | null, taskId: TaskId): Pair {
  if (commandId === null) return pair;
  return {
    ...pair,
    requires: [...pair.requires, { type: 'key-is-free', key: keyOfCommand(commandId) }],
    events: [...pair.events, { type: 'CommandDone', commandId, taskId }],
  };
}

const isOfCommand = (failed: Precondition): boolean => failed.type === 'key-is-free' && isKeyOfCommand(failed.key);

function committed(taskId: TaskId, task: Task | undefined, created: boolean): SubmitOutcome {
  invariant(task !== undefined, 'I4', `task ${taskId} was written and is not there`);
  return { outcome: 'committed', task, created };
}

const refused = (error: Extract<SubmitOutcome, { outcome: 'refused' }>['refusal']): SubmitOutcome => ({
  outcome: 'refused',
  refusal: error,
});
