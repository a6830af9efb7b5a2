import type { Command } from '../tasks/command.ts';
import type { CommandId } from '../tasks/command-id.ts';
import type { Asked, SubmitOutcome, UnavailableReason } from './api.ts';
import { RETRY_AFTER_MS, type Submitting } from './submitting.ts';
import type { ThroughLeader } from './through-leader.ts';

/** A client's write, on the node that took it: it is decided by whoever leads. */
export interface WritingOptions {
  readonly submitting: Submitting;
  readonly throughLeader: ThroughLeader;
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

  write(command: Command, { by, requestId }: Asked): Promise<SubmitOutcome> {
    const { submitting, throughLeader, nextCommandId, closed } = this.#options;
    const askId = requestId ?? nextCommandId();
    if (askId === null) {
      const why = closed();
      return why === null ? submitting.submit(command, by, null) : Promise.resolve(unavailable(why));
    }
    return throughLeader.untilKnown<SubmitOutcome>({
      askId,
      ask: { type: 'submit', command, by },
      here: () => submitting.submit(command, by, askId),
      read: (answer) => (answer.type === 'submitted' ? answer.outcome : null),
      unavailable,
      unknown: (last) => ({ outcome: 'unknown', taskId: last?.outcome === 'unknown' ? last.taskId : null }),
    });
  }
}
