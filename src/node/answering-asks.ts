import type { MemberId } from '../raft/types.ts';
import type { CommandId } from '../tasks/command-id.ts';
import { ASKS_MAX } from './limits.ts';
import type { Answer, Ask, PeerNote } from './peer-notes.ts';

/** The leader's side of `asking-leader.ts`. A repetition that comes while the first is at work shares its answer. */
export interface AnsweringOptions {
  readonly mayDecide: () => boolean;
  readonly answer: (askId: CommandId, ask: Ask) => Promise<Answer>;
  readonly send: (to: MemberId, note: PeerNote) => void;
  /** An ask that could not be understood: it is left unanswered, and counted. */
  readonly failed: (from: MemberId, error: unknown) => void;
}

export class AnsweringAsks {
  readonly #options: AnsweringOptions;
  readonly #atWork = new Set<CommandId>();

  constructor(options: AnsweringOptions) {
    this.#options = options;
  }

  take(from: MemberId, askId: CommandId, ask: Ask): void {
    const { mayDecide, answer, send, failed } = this.#options;
    if (!mayDecide()) {
      send(from, { kind: 'answer', askId, answer: { type: 'not-leading' } });
      return;
    }
    // Beyond the bound it is left unanswered: whoever asked asks again.
    if (this.#atWork.has(askId) || this.#atWork.size >= ASKS_MAX) return;
    this.#atWork.add(askId);
    answer(askId, ask).then(
      (answered) => {
        this.#atWork.delete(askId);
        send(from, { kind: 'answer', askId, answer: answered });
      },
      (error: unknown) => {
        this.#atWork.delete(askId);
        failed(from, error);
      },
    );
  }
}
