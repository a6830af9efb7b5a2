import type { Clock } from '../clock.ts';
import type { Projection } from '../store/projection.ts';
import type { CommandId } from '../tasks/command-id.ts';
import { refsOfRun } from '../tasks/needs.ts';
import { decideOutcome } from '../tasks/outcome.ts';
import type { AskingLeader } from './asking-leader.ts';
import type { Leadership } from './leadership.ts';
import { REPORT_AGAIN_MS } from './limits.ts';
import type { AttemptReport } from './peer-notes.ts';
import type { Replica } from './replica.ts';
import { proposed } from './settling.ts';

/** What became of an attempt, on its way to the leader, which decides what follows from it (I3). */
export interface ReportingOptions {
  readonly projection: Projection;
  readonly replica: Replica;
  readonly leadership: Leadership;
  readonly asking: AskingLeader;
  readonly clock: Clock;
  readonly random: () => number;
  readonly nextAskId: () => CommandId;
}

export class Reporting {
  readonly #options: ReportingOptions;

  constructor(options: ReportingOptions) {
    this.#options = options;
  }

  /** From this node's sender. Resolves when it is taken, or after a while. */
  async report(report: AttemptReport): Promise<void> {
    const { leadership, asking, nextAskId } = this.#options;
    if (leadership.mayDecide) await this.decide(report);
    else await asking.ask(nextAskId(), { type: 'report', report }, REPORT_AGAIN_MS);
  }

  /** On the leader. Resolves to whether it is committed, now or before; false when this node decides nothing any more. */
  async decide({ taskId, run, attempt, outcome }: AttemptReport): Promise<boolean> {
    const { projection, replica, clock, random } = this.#options;
    const refs = refsOfRun(taskId, run);
    while (projection.missing(refs).length > 0) await projection.load(refs);
    const task = projection.entities.task(taskId);
    const execution = projection.entities.execution(taskId, run);
    // Cancelled or removed in the meantime, or settled as lost: its end is committed already.
    if (task === undefined || execution?.state !== 'attempting') return true;
    if (execution.attempts.at(-1)?.number !== attempt) return true;
    const pairs = decideOutcome(task, execution, outcome, { nowMs: clock.nowMs(), random: random() });
    const outcomes = await Promise.all(pairs.map((pair) => proposed(replica, pair)));
    return outcomes.every(({ kind }) => kind === 'applied' || kind === 'not-applied');
  }
}
