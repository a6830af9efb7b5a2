import type { ReadOutcome, SubmitOutcome } from '../../node/api.ts';
import type { ChangeCommand, Command, TaskDraft } from '../../tasks/command.ts';
import type { TaskEvent } from '../../tasks/event.ts';
import type { Task, TaskId } from '../../tasks/task.ts';
import { holds, SafetyBroken } from '../checks/rule.ts';
import { createRandom, type Random } from '../random.ts';
import type { NodeHost } from './node-process.ts';
import type { NodeWorld } from './node-world.ts';
import { type Asking, callOf, OwnerHistories } from './owner-histories.ts';

/** People with tasks: what they ask of any node, what they are told, and what must be true from then on. */

/** What one client knows of its task. It changes it one step after the other, and reads it whenever it likes. */
interface Known {
  readonly taskId: TaskId;
  readonly draft: TaskDraft;
  isBusy: boolean;
  /** The newest version that anybody was told of. */
  version: number;
  state: 'scheduled' | 'paused' | 'cancelled';
  /** A change whose outcome is not known may come into force at any time. */
  isDoubtful: boolean;
  body: number;
}

/** An answer that has not come by then never will: its node died, or the question did. */
const PATIENCE_MS = 14_000;
const LIVING_MAX = 12;
const ASK_AGAIN_MS = 400;
const RETRIES_MAX = 3;

export class Clients {
  readonly counts = { submitted: 0, committed: 0, refused: 0, unavailable: 0, unknown: 0, reads: 0, readsAnswered: 0 };
  readonly histories = new OwnerHistories();
  readonly #world: NodeWorld;
  readonly #random: Random;
  /** Chance of its own, so that what a seed does otherwise stays. */
  readonly #schedules: Random;
  readonly #everyMs: number;
  readonly #tasks: Known[] = [];
  #names = 0;
  #isOver = false;
  /** Name → how often it came into being. */
  readonly #created = new Map<string, number>();
  readonly #notDone = new Set<string>();

  constructor(world: NodeWorld, seed: number) {
    this.#world = world;
    this.#random = createRandom(seed, 'clients');
    this.#schedules = createRandom(seed, 'other schedules');
    this.#everyMs = this.#random.between(30, 250);
    world.onCommitted = (event) => this.#committed(event);
    this.#actLater();
  }

  end(): void {
    this.#isOver = true;
  }

  #committed(event: TaskEvent): void {
    if (event.type !== 'TaskCreated') return;
    const name = event.definition.name ?? '';
    const times = (this.#created.get(name) ?? 0) + 1;
    this.#created.set(name, times);
    holds(times === 1, 'Created Once', () => `${name} is created ${times} times`);
    holds(!this.#notDone.has(name), 'Acknowledged Is Committed', () => `${name} is created, and was said not to be`);
  }

  #actLater(): void {
    this.#world.queue.after(-Math.log(1 - this.#random.next()) * this.#everyMs, () => {
      if (this.#isOver) return;
      this.#act();
      this.#actLater();
    });
  }

  #act(): void {
    const host = this.#someHost();
    if (host === null) return;
    const living = this.#tasks.filter(({ state }) => state !== 'cancelled');
    const [first] = living;
    if (first === undefined || (living.length < LIVING_MAX && this.#random.chance(0.25))) {
      this.create(host);
      return;
    }
    const known = this.#random.pick(living);
    if (known.isBusy || this.#random.chance(0.4)) this.read(host, known);
    else this.#change(host, known, living.length);
  }

  #someHost(): NodeHost | null {
    const running = this.#world.hosts.filter(({ process }) => process !== null);
    return running.length === 0 ? null : this.#random.pick(running);
  }

  create(host: NodeHost, settled: (known: Known | null) => void = () => {}): void {
    this.#names += 1;
    const name = `c${this.#names}`;
    const draft = this.#draft(name);
    const idempotency = this.#random.chance(0.4) ? { key: name, fingerprint: name } : null;
    const command: Command = { type: 'CreateTask', draft, idempotency };
    let isMaybe = false;
    let retries = 0;
    const asking = this.histories.asked(callOf(command));
    const ask = (at: NodeHost): void =>
      this.#submit(at, command, asking, (outcome) => {
        if (outcome.outcome === 'committed') settled(this.#acknowledged(outcome.task, draft, asking));
        else if (outcome.outcome === 'unknown') {
          isMaybe = true;
          retries += 1;
          if (idempotency === null || retries > RETRIES_MAX) settled(null);
          else this.#world.queue.after(ASK_AGAIN_MS, () => ask(this.#someHost() ?? at));
        } else {
          if (!isMaybe) this.#saidNotDone(name);
          settled(null);
        }
      });
    ask(host);
  }

  #saidNotDone(name: string): void {
    this.#notDone.add(name);
    holds(!this.#created.has(name), 'Acknowledged Is Committed', () => `${name} is said not to be done, and exists`);
  }

  #acknowledged(task: Task, draft: TaskDraft, asking: Asking): Known {
    const { taskId } = task;
    this.histories.about(taskId, asking);
    holds(
      this.#world.committed.task(taskId)?.definition.name === draft.name,
      'Acknowledged Is Committed',
      () => `${draft.name} is acknowledged as ${taskId}, which is not committed`,
    );
    const known: Known = {
      taskId,
      draft,
      isBusy: false,
      version: task.version,
      state: 'scheduled',
      isDoubtful: false,
      body: 0,
    };
    this.#tasks.push(known);
    return known;
  }

  #draft(name: string): TaskDraft {
    const inMs = this.#random.between(-500, 6_000);
    const once = new Date(Math.round(this.#world.nowMs + inMs)).toISOString();
    const schedule = this.#random.pick([once, once, once, '* * * * * *', '*/3 * * * * *', '@every 2s']);
    return {
      name,
      tags: [],
      schedule,
      timezone: 'UTC',
      dst: 'once',
      callback: { url: `http://target-${this.#random.below(3)}.test/`, method: 'POST', headers: {}, body: '0' },
      retry: { attempts: 3, backoffMs: 300, backoffMaxMs: 2_000 },
      misfire: 'latest',
      overlap: 'allow',
      delivery: this.#random.chance(0.35) ? 'at_most_once' : 'at_least_once',
    };
  }

  #change(host: NodeHost, known: Known, living: number): void {
    const { taskId } = known;
    const { sendings } = this.#world;
    const order = { taskId, version: null };
    const cancels = this.#random.chance(living >= LIVING_MAX ? 0.5 : 0.1);
    if (cancels) {
      this.cancel(host, taskId);
      return;
    }
    if (known.state === 'paused') {
      sendings.maySpeak(taskId);
      this.#order(host, known, { type: 'ResumeTask', ...order }, () => {
        known.state = 'scheduled';
      });
      return;
    }
    const kind = this.#random.pick(['pause', 'update', 'run'] as const);
    if (kind === 'pause') {
      this.#order(host, known, { type: 'PauseTask', ...order }, () => {
        known.state = 'paused';
        if (!known.isDoubtful) sendings.silence(taskId, 'paused');
      });
    } else if (kind === 'update') {
      known.body += 1;
      const { body } = known;
      const callback = { ...known.draft.callback, body: String(body) };
      const changes = { callback, ...this.#otherSchedule() };
      if (changes.schedule !== undefined) sendings.scheduled(taskId, null, 0);
      this.#order(host, known, { type: 'UpdateTask', ...order, changes }, ({ definition }) => {
        if (known.isDoubtful) return;
        sendings.updated(taskId, body);
        if (changes.schedule !== undefined) sendings.scheduled(taskId, definition.schedule, this.#world.latestMs);
      });
    } else this.#order(host, known, { type: 'RunTask', ...order }, () => {});
  }

  /** Where nodes claim ahead: what was claimed for the old one is withdrawn. */
  #otherSchedule(): { readonly schedule?: string } {
    if (this.#world.shape.lookAheadMs === 0 || !this.#schedules.chance(0.4)) return {};
    const once = new Date(Math.round(this.#world.nowMs + this.#schedules.between(-500, 4_000))).toISOString();
    return {
      schedule: this.#schedules.pick([once, '* * * * * *', '*/3 * * * * *', '*/2 * * * * *', '@every 1s500ms']),
    };
  }

  #order(host: NodeHost, known: Known, command: ChangeCommand, done: (task: Task) => void): void {
    known.isBusy = true;
    this.#submit(host, command, this.#askedAbout(command), (outcome) => {
      known.isBusy = false;
      if (outcome.outcome === 'committed') {
        known.version = Math.max(known.version, outcome.task.version);
        done(outcome.task);
      } else if (outcome.outcome === 'unknown') known.isDoubtful = true;
      else if (outcome.outcome === 'refused' && outcome.refusal.code === 'task_finished') known.state = 'cancelled';
    });
  }

  #askedAbout(command: ChangeCommand): Asking {
    return this.histories.about(command.taskId, this.histories.asked(callOf(command)));
  }

  /** Settled once: by its answer, or as unknown when none comes. */
  #submit(host: NodeHost, command: Command, asking: Asking, settled: (outcome: SubmitOutcome) => void): void {
    const { queue, carriedOut } = this.#world;
    const { process, incarnation } = host;
    if (process === null) {
      const outcome: SubmitOutcome = { outcome: 'unavailable', reason: 'starting', retryAfterMs: 0 };
      this.histories.answered(asking, outcome);
      settled(outcome);
      return;
    }
    this.counts.submitted += 1;
    let isSettled = false;
    const settle = (outcome: SubmitOutcome): void => {
      if (isSettled) return;
      isSettled = true;
      this.counts[outcome.outcome] += 1;
      this.histories.answered(asking, outcome);
      this.#world.note(host, outcome.outcome, 0, 0, () => ({ command, outcome }));
      this.#world.check(() => settled(outcome));
    };
    const by = carriedOut.begin();
    process.node.submit(command, { by }).then(
      (outcome) => {
        // A node that died says nothing any more.
        if (incarnation !== host.incarnation) return;
        this.#world.check(() => carriedOut.answered(by, outcome));
        settle(outcome);
      },
      (error) =>
        this.#world.check(() => {
          throw error;
        }),
    );
    queue.after(PATIENCE_MS, () => settle({ outcome: 'unknown', taskId: null }));
  }

  read(host: NodeHost, known: Known, settled: (outcome: ReadOutcome<Task | undefined>) => void = () => {}): void {
    const { process, incarnation } = host;
    if (process === null) return;
    const { version, taskId } = known;
    this.counts.reads += 1;
    const asking = this.histories.about(taskId, this.histories.asked({ kind: 'read' }));
    process.node.readTask(taskId).then(
      (outcome) => {
        if (incarnation !== host.incarnation) return;
        this.histories.read(asking, outcome);
        if (outcome.ok) this.counts.readsAnswered += 1;
        this.#world.note(host, 'read', outcome.ok ? (outcome.value?.version ?? 0) : -1, version);
        this.#world.check(() => {
          if (outcome.ok) {
            holds(
              outcome.value !== undefined && outcome.value.version >= version,
              'Linearizable Reads',
              () =>
                `${host.nodeId} shows task ${taskId} at version ${outcome.value?.version}, and ${version} was known`,
            );
            known.version = Math.max(known.version, outcome.value.version);
          }
          settled(outcome);
        });
      },
      (error) =>
        this.#world.check(() => {
          throw error;
        }),
    );
  }

  /** Claims of tasks that nobody asks anything of just now, whose holders wait for their time. */
  held(): readonly { readonly taskId: TaskId; readonly holder: NodeHost }[] {
    const { committed, hosts, latestMs } = this.#world;
    return this.#tasks.flatMap(({ taskId, state, isBusy, isDoubtful }) => {
      if (state !== 'scheduled' || isBusy || isDoubtful) return [];
      const runs = committed.task(taskId)?.openRuns ?? [];
      return runs.flatMap((run) => {
        const execution = committed.execution(taskId, run);
        const holder = hosts.find(({ nodeId }) => nodeId === execution?.attempts.at(-1)?.nodeId);
        const isHeld = execution?.state === 'attempting' && execution.scheduledAtMs > latestMs;
        return isHeld && holder !== undefined ? [{ taskId, holder }] : [];
      });
    });
  }

  cancel(host: NodeHost, taskId: TaskId): void {
    const known = this.#tasks.find((one) => one.taskId === taskId);
    if (known === undefined) return;
    this.#order(host, known, { type: 'CancelTask', taskId, version: null }, () => {
      known.state = 'cancelled';
      this.#world.sendings.silence(taskId, 'cancelled');
    });
  }

  /** Everything that lives is cancelled, also what came of questions whose answer was lost: nothing is left that could fire. */
  cancelAll(host: NodeHost): void {
    for (const taskId of this.#world.committed.living()) {
      const command: ChangeCommand = { type: 'CancelTask', taskId, version: null };
      this.#submit(host, command, this.#askedAbout(command), ({ outcome }) => {
        if (outcome === 'committed') this.#world.sendings.silence(taskId, 'cancelled');
        else if (outcome !== 'refused') throw new SafetyBroken('Liveness', `a cancel of ${taskId} is ${outcome}`);
      });
    }
  }
}
