import type { Clock } from '../clock.ts';
import type { Command } from '../tasks/command.ts';
import type { CommandId } from '../tasks/command-id.ts';
import type { SubmitOutcome, UnavailableReason } from './api.ts';
import type { AskingLeader } from './asking-leader.ts';
import type { Leadership } from './leadership.ts';
import { NO_LEADER_WAIT_MS, SUBMIT_DEADLINE_MS } from './limits.ts';
import { RETRY_AFTER_MS, type Submitting } from './submitting.ts';

/**
 * A client's write, from the node that took it to whoever leads, through elections if need be: it ends as committed, refused,
 * unavailable (for certain not done) or unknown, and never hangs.
 */
export interface WritingOptions {
  readonly clock: Clock;
  readonly leadership: Leadership;
  readonly submitting: Submitting;
  readonly asking: AskingLeader;
  /** Null when this node is its own cluster: then nobody repeats anything, and no result needs to be kept. */
  readonly nextCommandId: () => CommandId | null;
  /** Why writes are not taken now, whoever leads; null when they are. */
  readonly closed: () => UnavailableReason | null;
}

const unavailable = (reason: UnavailableReason): SubmitOutcome => ({
  outcome: 'unavailable',
  reason,
  retryAfterMs: RETRY_AFTER_MS,
});

export class Writing {
  readonly #options: WritingOptions;

  constructor(options: WritingOptions) {
    this.#options = options;
  }

  write(command: Command, by: string): Promise<SubmitOutcome> {
    const { submitting, nextCommandId, closed } = this.#options;
    const commandId = nextCommandId();
    if (commandId !== null) return this.#untilKnown(command, by, commandId);
    const why = closed();
    return why === null ? submitting.submit(command, by, null) : Promise.resolve(unavailable(why));
  }

  async #untilKnown(command: Command, by: string, commandId: CommandId): Promise<SubmitOutcome> {
    const { clock, leadership, submitting, closed } = this.#options;
    const untilMs = clock.monotonicMs() + SUBMIT_DEADLINE_MS;
    const patientUntilMs = clock.monotonicMs() + NO_LEADER_WAIT_MS;
    /** Somebody may have done it: from then on it is known by its id, or unknown. */
    let maybe = false;
    for (;;) {
      const why = closed();
      if (why !== null) return maybe ? { outcome: 'unknown', taskId: null } : unavailable(why);
      const leads = leadership.mayDecide;
      const outcome = leads
        ? await submitting.submit(command, by, commandId)
        : await this.#askLeader(command, by, commandId, (maybe ? untilMs : patientUntilMs) - clock.monotonicMs());
      if (outcome.outcome === 'unknown') maybe = true;
      // That it was not done this time says nothing of the time before.
      else if (outcome.outcome !== 'unavailable' || (outcome.reason !== 'no_leader' && !maybe)) return outcome;
      if (clock.monotonicMs() >= (maybe ? untilMs : patientUntilMs)) {
        return maybe ? { outcome: 'unknown', taskId: outcome.outcome === 'unknown' ? outcome.taskId : null } : outcome;
      }
      if (leads === leadership.mayDecide) await leadership.untilChange(LOOK_AGAIN_MS);
    }
  }

  async #askLeader(command: Command, by: string, commandId: CommandId, withinMs: number): Promise<SubmitOutcome> {
    const { leadership, asking } = this.#options;
    if (withinMs <= 0) return unavailable('no_leader');
    if (leadership.elsewhere === null) {
      await leadership.untilChange(withinMs);
      if (leadership.elsewhere === null) return unavailable('no_leader');
    }
    const asked = await asking.ask(commandId, { type: 'submit', command, by }, withinMs);
    switch (asked.kind) {
      case 'answered':
        return asked.answer.type === 'submitted' ? asked.answer.outcome : unavailable('no_leader');
      case 'own':
      case 'late':
        return asked.sent ? { outcome: 'unknown', taskId: null } : unavailable('no_leader');
      case 'overloaded':
        return unavailable('overloaded');
    }
  }
}

/** After an answer that leads nowhere, and no word of a change. */
const LOOK_AGAIN_MS = 50;
