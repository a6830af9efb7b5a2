import type { Clock } from '../clock.ts';
import type { MemberId, Term } from '../raft/types.ts';
import type { CommandId } from '../tasks/command-id.ts';
import { bytesOfJson, type MeasuredNote, measured } from './batches.ts';
import type { LeaderDuties } from './leader-duties.ts';
import { ASKS_BYTES_MAX, ASKS_MAX, REFUSALS_KEPT_MS, REFUSALS_MAX } from './limits.ts';
import type { Answer, Ask, PeerNote } from './peer-notes.ts';
import type { Reporting } from './reporting.ts';
import type { Requests } from './requests.ts';

/**
 * The leader's side of `asking-leader.ts`. A repetition that comes while the first is at work shares its answer. What is carried out is
 * known by its id, in the state; what was refused is remembered here, so that no late copy of the question is carried out after all.
 * Another leader's copies are not: they name another term.
 */
export interface AnsweringOptions {
  /** Whether this node leads in this term. */
  readonly mayDecide: (term: Term) => boolean;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly answer: (askId: CommandId, ask: Ask) => Promise<Answer>;
  readonly send: (to: MemberId, note: MeasuredNote) => void;
  /** An ask that could not be understood: it is left unanswered, and counted. */
  readonly failed: (from: MemberId, error: unknown) => void;
}

export class AnsweringAsks {
  readonly #options: AnsweringOptions;
  readonly #atWork = new Set<CommandId>();
  /** The longest ago first; of one term. */
  readonly #refused = new Map<CommandId, { readonly answer: Answer; readonly atMs: number }>();
  #refusedTerm: Term = 0;
  #atWorkBytes = 0;

  constructor(options: AnsweringOptions) {
    this.#options = options;
  }

  take(from: MemberId, { askId, ask, term }: Extract<PeerNote, { kind: 'ask' }>): void {
    const { mayDecide, answer, send, failed } = this.#options;
    const reply = (answered: Answer): void => send(from, measured({ kind: 'answer', askId, answer: answered, term }));
    if (!mayDecide(term)) {
      reply({ type: 'not-leading' });
      return;
    }
    const refused = this.#refusedBefore(askId, term);
    if (refused !== undefined) {
      reply(refused);
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
        if (isRefusal(answered) && term === this.#refusedTerm) this.#remember(askId, answered);
        reply(answered);
      },
      (error: unknown) => {
        over();
        failed(from, error);
      },
    );
  }

  #refusedBefore(askId: CommandId, term: Term): Answer | undefined {
    if (term !== this.#refusedTerm) this.#refused.clear();
    this.#refusedTerm = term;
    return this.#refused.get(askId)?.answer;
  }

  #remember(askId: CommandId, answer: Answer): void {
    const atMs = this.#options.clock.monotonicMs();
    this.#refused.set(askId, { answer, atMs });
    for (const [oldest, kept] of this.#refused) {
      if (this.#refused.size <= REFUSALS_MAX && atMs - kept.atMs < REFUSALS_KEPT_MS) return;
      this.#refused.delete(oldest);
    }
  }
}

const isRefusal = (answer: Answer): boolean => 'outcome' in answer && answer.outcome.outcome === 'refused';

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
    case 'operation-ended':
      return { type: (await requests.operating.ends.decide(ask)) ? 'taken' : 'not-leading' };
    case 'start': {
      const { nodeId, instance, incarnation } = ask;
      return { type: (await duties.makeKnown(nodeId, instance, incarnation)) ? 'taken' : 'not-leading' };
    }
  }
}
