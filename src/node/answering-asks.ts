import type { MemberId } from '../raft/types.ts';
import type { CommandId } from '../tasks/command-id.ts';
import { bytesOfJson, type MeasuredNote, measured } from './batches.ts';
import type { LeaderDuties } from './leader-duties.ts';
import { ASKS_BYTES_MAX, ASKS_MAX } from './limits.ts';
import type { Answer, Ask } from './peer-notes.ts';
import type { Reporting } from './reporting.ts';
import type { Requests } from './requests.ts';

/** The leader's side of `asking-leader.ts`. A repetition that comes while the first is at work shares its answer. */
export interface AnsweringOptions {
  readonly mayDecide: () => boolean;
  readonly answer: (askId: CommandId, ask: Ask) => Promise<Answer>;
  readonly send: (to: MemberId, note: MeasuredNote) => void;
  /** An ask that could not be understood: it is left unanswered, and counted. */
  readonly failed: (from: MemberId, error: unknown) => void;
}

export class AnsweringAsks {
  readonly #options: AnsweringOptions;
  readonly #atWork = new Set<CommandId>();
  #atWorkBytes = 0;

  constructor(options: AnsweringOptions) {
    this.#options = options;
  }

  take(from: MemberId, askId: CommandId, ask: Ask): void {
    const { mayDecide, answer, send, failed } = this.#options;
    const reply = (answered: Answer): void => send(from, measured({ kind: 'answer', askId, answer: answered }));
    if (!mayDecide()) {
      reply({ type: 'not-leading' });
      return;
    }
    // Beyond the bounds it is left unanswered: whoever asked asks again.
    if (this.#atWork.has(askId) || this.#atWork.size >= ASKS_MAX) return;
    const bytes = bytesOfJson(ask);
    if (this.#atWorkBytes + bytes > ASKS_BYTES_MAX) return;
    this.#atWork.add(askId);
    this.#atWorkBytes += bytes;
    const over = (): void => {
      this.#atWork.delete(askId);
      this.#atWorkBytes -= bytes;
    };
    answer(askId, ask).then(
      (answered) => {
        over();
        reply(answered);
      },
      (error: unknown) => {
        over();
        failed(from, error);
      },
    );
  }
}

/** What a leader does for those that ask. */
export async function decideAsk(
  askId: CommandId,
  ask: Ask,
  requests: Requests,
  reporting: Reporting,
  duties: LeaderDuties,
): Promise<Answer> {
  switch (ask.type) {
    case 'submit':
    case 'operate':
      return requests.answer(askId, ask);
    case 'report':
      return { type: (await reporting.decide(ask.report)) ? 'taken' : 'not-leading' };
    case 'start': {
      const { nodeId, instance, incarnation } = ask;
      return { type: (await duties.makeKnown(nodeId, instance, incarnation)) ? 'taken' : 'not-leading' };
    }
  }
}
