import type { CallbackRequest } from '../../dispatch/callback.ts';
import { schedulePlanner } from '../../node/schedule-planner.ts';
import type { Schedule } from '../../schedule/types.ts';
import type { TaskEvent } from '../../tasks/event.ts';
import type { TaskId } from '../../tasks/task.ts';
import { holds } from '../checks/rule.ts';
import type { CommittedTasks } from './committed-tasks.ts';

/** What reached the target, held against what is committed and what clients were told. */
export class Sendings {
  count = 0;
  readonly #committed: CommittedTasks;
  /** Run → attempt that reached the target → what it answers; null if it never does. */
  readonly #attempts = new Map<string, Map<number, number | null>>();
  /** Tasks that a client was told are paused or cancelled. */
  readonly #silent = new Map<TaskId, string>();
  #allSilent: string | null = null;
  /** Task → what its body says at least since an update was acknowledged. */
  readonly #bodies = new Map<TaskId, number>();
  /** Task → the schedule that it has since an update was acknowledged, for due times after that. */
  readonly #schedules = new Map<TaskId, { readonly schedule: Schedule; readonly afterMs: number }>();

  constructor(committed: CommittedTasks) {
    this.#committed = committed;
  }

  silence(taskId: TaskId, because: string): void {
    this.#silent.set(taskId, because);
  }
  maySpeak(taskId: TaskId): void {
    this.#silent.delete(taskId);
  }
  silenceAll(because: string): void {
    this.#allSilent = because;
  }
  allMaySpeak(): void {
    this.#allSilent = null;
  }
  updated(taskId: TaskId, body: number): void {
    this.#bodies.set(taskId, body);
  }
  /** Null: it may have any. */
  scheduled(taskId: TaskId, schedule: Schedule | null, afterMs: number): void {
    if (schedule === null) this.#schedules.delete(taskId);
    else this.#schedules.set(taskId, { schedule, afterMs });
  }

  arrived(
    nodeId: string,
    incarnation: number,
    request: CallbackRequest,
    status: number | null,
    latestMs: number,
  ): void {
    this.count += 1;
    const { executionId, attempt } = request;
    const taskId = request.taskId as TaskId;
    const run = Number(request.key.split('/')[1]);
    const what = `attempt ${attempt} of ${executionId}, sent by ${nodeId} in its start ${incarnation},`;
    const silent = this.#allSilent ?? this.#silent.get(taskId);
    holds(silent === undefined, 'Silence Once Acknowledged', () => `${what} leaves after it was ${silent}`);
    const body = this.#bodies.get(taskId);
    holds(
      body === undefined || Number(request.body) >= body,
      'Silence Once Acknowledged',
      () => `${what} says ${request.body}, and was updated to ${body}`,
    );
    const { scheduledAtMs } = request;
    holds(
      scheduledAtMs <= latestMs,
      'Not Before Its Time',
      () => `${what} leaves ${scheduledAtMs - latestMs} ms before ${scheduledAtMs}`,
    );
    const execution = this.#committed.execution(taskId, run);
    const now = execution?.trigger === 'schedule' ? this.#schedules.get(taskId) : undefined;
    holds(
      now === undefined ||
        scheduledAtMs <= now.afterMs ||
        schedulePlanner.nextFireMs(now.schedule, scheduledAtMs - 1) === scheduledAtMs,
      'Silence Once Acknowledged',
      () => `${what} is due at ${scheduledAtMs}, which its schedule has not any more`,
    );
    const claim = execution?.attempts.find(({ number }) => number === attempt);
    holds(
      execution?.executionId === executionId &&
        execution.scheduledAtMs === request.scheduledAtMs &&
        claim?.nodeId === nodeId &&
        claim.incarnation === incarnation,
      'Claimed Before Sent',
      () => `${what} is no claim of its; claimed: ${JSON.stringify(claim)}`,
    );
    // Not by its id: a due time that was withdrawn with its schedule, and sent right then, comes again if the next schedule has it.
    const key = `${taskId}/${run}`;
    const sent = this.#attempts.get(key) ?? new Map();
    holds(!sent.has(attempt), 'Sent Once An Attempt', () => `${what} was sent before`);
    const delivery = this.#committed.task(taskId)?.definition.delivery;
    holds(sent.size === 0 || delivery !== 'at_most_once', 'At Most Once', () => `${what} is sent again`);
    sent.set(attempt, status);
    this.#attempts.set(key, sent);
  }

  /** An outcome is committed: what is said to have been answered was sent. */
  follow(event: TaskEvent): void {
    if (event.type !== 'ExecutionSucceeded' && event.type !== 'ExecutionFailed' && event.type !== 'AttemptFailed')
      return;
    const { executionId = '' } = this.#committed.execution(event.taskId, event.run) ?? {};
    const answered = this.#attempts.get(`${event.taskId}/${event.run}`)?.get(event.attempt) ?? null;
    holds(
      event.status === answered,
      'Recorded As Answered',
      () => `attempt ${event.attempt} of ${executionId} is recorded with status ${event.status}, and got ${answered}`,
    );
  }
}
