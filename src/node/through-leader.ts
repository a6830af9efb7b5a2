import type { Clock } from '../clock.ts';
import type { CommandId } from '../tasks/command-id.ts';
import type { UnavailableReason } from './api.ts';
import type { AskingLeader } from './asking-leader.ts';
import type { Leadership } from './leadership.ts';
import { NO_LEADER_WAIT_MS, SUBMIT_DEADLINE_MS } from './limits.ts';
import type { Answer, Ask } from './peer-notes.ts';

/**
 * What only a leader can do, from the node that was asked to whoever leads, through elections if need be: it ends as done, refused,
 * unavailable (for certain not done) or unknown, and never hangs.
 */
export interface Errand<T extends Ended> {
  readonly askId: CommandId;
  readonly ask: Ask;
  /** On the leader, if that is this node. */
  readonly here: () => Promise<T>;
  /** The same before anybody else was asked, where that costs less: what it leaves unknown cannot be asked again. */
  readonly hereFirst?: () => Promise<T>;
  /** Null: no answer to this question. */
  read(answer: Answer): T | null;
  unavailable(reason: UnavailableReason): T;
  /** `doubt`: the last answer that did not know, which may say what it is about. */
  unknown(doubt: T | null): T;
}

interface Ended {
  readonly outcome: string;
  readonly reason?: UnavailableReason;
}

export interface ThroughLeaderOptions {
  readonly clock: Clock;
  readonly leadership: Leadership;
  readonly asking: AskingLeader;
  /** Why writes are not taken now, whoever leads; null when they are. */
  readonly closed: () => UnavailableReason | null;
  /** Whether results are kept in the state, so that a repetition is answered and not done again: since entry version 2. */
  readonly keepsResults: () => boolean;
}

/** After an answer that leads nowhere, and no word of a change. */
const LOOK_AGAIN_MS = 50;

export class ThroughLeader {
  readonly #options: ThroughLeaderOptions;

  constructor(options: ThroughLeaderOptions) {
    this.#options = options;
  }

  async untilKnown<T extends Ended>(errand: Errand<T>): Promise<T> {
    const { clock, leadership, closed } = this.#options;
    const untilMs = clock.monotonicMs() + SUBMIT_DEADLINE_MS;
    const patientUntilMs = clock.monotonicMs() + NO_LEADER_WAIT_MS;
    // What somebody may have done is known from the next leader, or not at all while there is none: a majority may be gone for good.
    const overAtMs = (): number => {
      if (!maybe) return patientUntilMs;
      return Math.min(untilMs, (leadership.leaderlessSinceMs ?? clock.monotonicMs()) + NO_LEADER_WAIT_MS);
    };
    /** Somebody may have done it: from then on it is known by its id, or unknown. */
    let maybe = false;
    /** A copy of the question may be on its way, even where one was answered. */
    let asked = false;
    let doubt: T | null = null;
    const once = !this.#options.keepsResults();
    for (;;) {
      const why = closed();
      if (why !== null) return maybe ? errand.unknown(doubt) : errand.unavailable(why);
      const leads = leadership.mayDecide;
      const first = leads && !asked ? errand.hereFirst : undefined;
      if (!leads) asked = true;
      const outcome = leads
        ? await (first ?? errand.here)()
        : await this.#askLeader(errand, overAtMs() - clock.monotonicMs(), once);
      if (outcome.outcome === 'unknown' && (once || first !== undefined)) return outcome;
      if (outcome.outcome === 'unknown') {
        maybe = true;
        doubt = outcome;
      }
      // That it was not done this time says nothing of the time before.
      else if (outcome.outcome !== 'unavailable' || (outcome.reason !== 'no_leader' && !maybe)) return outcome;
      if (clock.monotonicMs() >= overAtMs()) return maybe ? errand.unknown(doubt) : outcome;
      if (leads === leadership.mayDecide) await leadership.untilChange(LOOK_AGAIN_MS);
    }
  }

  async #askLeader<T extends Ended>(errand: Errand<T>, withinMs: number, once: boolean): Promise<T> {
    const { leadership, asking } = this.#options;
    if (withinMs <= 0) return errand.unavailable('no_leader');
    if (leadership.elsewhere === null) {
      await leadership.untilChange(withinMs);
      if (leadership.elsewhere === null) return errand.unavailable('no_leader');
    }
    const asked = await asking.ask(errand.askId, errand.ask, withinMs, once);
    switch (asked.kind) {
      case 'answered': {
        const outcome = errand.read(asked.answer) ?? errand.unavailable('no_leader');
        // That this leader did not do it says nothing of the one that was asked before.
        return asked.before && outcome.outcome === 'unavailable' ? errand.unknown(null) : outcome;
      }
      case 'own':
      case 'late':
        return asked.sent ? errand.unknown(null) : errand.unavailable('no_leader');
      case 'overloaded':
        return errand.unavailable('overloaded');
    }
  }
}
