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
    const isFollowed = command.type === 'CreateTask' && (requestId ?? null) === null;
    return throughLeader.untilKnown<SubmitOutcome>({
      askId,
      ask: { type: 'submit', command, by },
      here: () => submitting.submit(command, by, askId),
      // An id is for those who ask another node. Of its own creations a leader knows from its log what became of them; to remember each by
      // its id cost more than all else about it. Of a change it would have to know besides who may still send what was before (I6).
      ...(isFollowed ? { hereFirst: () => submitting.submit(command, by, null) } : {}),
      read: (answer) => (answer.type === 'submitted' ? answer.outcome : null),
      unavailable,
      unknown: (last) => ({ outcome: 'unknown', taskId: last?.outcome === 'unknown' ? last.taskId : null }),
    });
  }
}
