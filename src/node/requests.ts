import type { Clock } from '../clock.ts';
import type { RaftCore } from '../raft/core.ts';
import { featureLevelOf } from '../raft/membership.ts';
import type { Projection } from '../store/projection.ts';
import type { CommandId } from '../tasks/command-id.ts';
import type { SchedulePlanner } from '../tasks/planner.ts';
import { Acknowledging } from './acknowledging.ts';
import type { Consistency, UnavailableReason } from './api.ts';
import type { AskingLeader } from './asking-leader.ts';
import type { Firing } from './firing.ts';
import type { Leadership } from './leadership.ts';
import { Operating, type OperatingOptions } from './operating.ts';
import type { Answer, Ask } from './peer-notes.ts';
import { Reads } from './reads.ts';
import type { Replica } from './replica.ts';
import { Submitting } from './submitting.ts';
import { ThroughLeader } from './through-leader.ts';
import { Writing } from './writing.ts';

/** What a node does for those who ask it: writes, reads, and operations of the cluster, its own and what other nodes pass on. */
export interface RequestsOptions {
  readonly core: RaftCore;
  readonly projection: Projection;
  readonly replica: Replica;
  readonly planner: SchedulePlanner;
  readonly clock: Clock;
  readonly group: number;
  readonly leadership: Leadership;
  readonly asking: AskingLeader;
  readonly firing: Firing;
  /** Its own cluster: nobody repeats anything. */
  readonly isAlone: () => boolean;
  readonly nextAskId: () => CommandId;
  readonly nodeId: string;
  readonly events: OperatingOptions['events'];
  /** Why writes, or reads, are not taken now; null when they are. */
  readonly closedToWrites: () => UnavailableReason | null;
  readonly closedToReads: (consistency: Consistency) => UnavailableReason | null;
}

/** What a command did is kept since entry version 2: a member of before would not know what it reads, and halt. */
const RESULTS_LEVEL = 2;

export class Requests {
  readonly acknowledging: Acknowledging;
  readonly writing: Writing;
  readonly operating: Operating;
  readonly reads: Reads;
  readonly #submitting: Submitting;

  constructor(options: RequestsOptions) {
    const { core, projection, firing, isAlone, nextAskId } = options;
    const acknowledging = new Acknowledging(core);
    const keepsResults = (): boolean => featureLevelOf(core.configuration) >= RESULTS_LEVEL;
    const submitting = new Submitting({
      ...options,
      keepsResults,
      untilSilent: (index, taskId) => acknowledging.untilSilent(index, firing.holdersOf(taskId)),
    });
    const throughLeader = new ThroughLeader({ ...options, keepsResults, closed: options.closedToWrites });
    this.acknowledging = acknowledging;
    this.#submitting = submitting;
    this.writing = new Writing({
      submitting,
      throughLeader,
      nextCommandId: () => (isAlone() ? null : nextAskId()),
      closed: options.closedToWrites,
    });
    this.operating = new Operating({
      ...options,
      throughLeader,
      meta: () => projection.entities.meta(),
      untilSilent: (index) => acknowledging.untilSilent(index, null),
    });
    this.reads = new Reads({ ...options, closed: options.closedToReads });
  }

  /** On the leader, for another node. */
  async answer(askId: CommandId, ask: Extract<Ask, { type: 'submit' | 'operate' }>): Promise<Answer> {
    if (ask.type === 'submit')
      return { type: 'submitted', outcome: await this.#submitting.submit(ask.command, ask.by, askId) };
    return { type: 'operated', outcome: await this.operating.decide(ask.operation, ask.by, askId) };
  }
}
