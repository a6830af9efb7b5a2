import type { Clock, Timer } from '../clock.ts';
import type { MemberId, Term } from '../raft/types.ts';
import type { CommandId } from '../tasks/command-id.ts';
import { type MeasuredNote, measured } from './batches.ts';
import type { Leadership } from './leadership.ts';
import { ASK_AGAIN_MS, ASKS_BYTES_MAX, ASKS_MAX } from './limits.ts';
import type { Answer, Ask, PeerNote } from './peer-notes.ts';

/** A node's questions to whoever leads: sent, sent again, sent to the next leader, until they are answered or given up. */
export type Asked =
  /** `before`: an earlier leader was asked as well, and may have done it. */
  | { readonly kind: 'answered'; readonly answer: Answer; readonly before: boolean }
  /** This node leads now: it is its own matter. `sent`: another may have done it before. */
  | { readonly kind: 'own'; readonly sent: boolean }
  /** Given up. `sent`: somebody may have done it. */
  | { readonly kind: 'late'; readonly sent: boolean }
  | { readonly kind: 'overloaded' };

interface Pending {
  readonly ask: Extract<PeerNote, { kind: 'ask' }>;
  readonly bytes: number;
  readonly asked: Promise<Asked>;
  readonly settle: (asked: Asked) => void;
  readonly givenUp: Timer;
  /** A second copy could be done a second time. */
  readonly once: boolean;
  /** The term of the leader that was asked last. */
  sentTerm: Term | null;
  /** One of an earlier term was asked before that. */
  sentBefore: boolean;
}

export class AskingLeader {
  readonly #clock: Clock;
  readonly #leadership: Leadership;
  readonly #send: (to: MemberId, note: MeasuredNote) => void;
  readonly #pending = new Map<CommandId, Pending>();
  #pendingBytes = 0;
  #again: Timer | null = null;

  constructor(clock: Clock, leadership: Leadership, send: (to: MemberId, note: MeasuredNote) => void) {
    this.#clock = clock;
    this.#leadership = leadership;
    this.#send = send;
  }

  /** `once`: nobody would know a repetition for what it is, so there is none. */
  ask(askId: CommandId, ask: Ask, withinMs: number, once = false): Promise<Asked> {
    // An operator may repeat an operation under its id while the first is under way here: both hear what comes of it.
    const underWay = this.#pending.get(askId);
    if (underWay !== undefined) return underWay.asked;
    // Weighed with the longest term that there can be.
    const longest = { kind: 'ask', askId, ask, term: Number.MAX_SAFE_INTEGER } as const;
    const { bytes } = measured(longest);
    if (this.#pending.size >= ASKS_MAX || this.#pendingBytes + bytes > ASKS_BYTES_MAX) {
      return Promise.resolve({ kind: 'overloaded' });
    }
    this.#pendingBytes += bytes;
    const { promise: asked, resolve: settle } = Promise.withResolvers<Asked>();
    const givenUp = this.#clock.setTimer(withinMs, () =>
      this.#settle(askId, (pending) => ({ kind: 'late', sent: pending.sentTerm !== null })),
    );
    const pending: Pending = { ask: longest, bytes, asked, settle, givenUp, once, sentTerm: null, sentBefore: false };
    this.#pending.set(askId, pending);
    this.#sendOne(pending);
    this.#arm();
    return asked;
  }

  answered({ askId, answer, term }: Extract<PeerNote, { kind: 'answer' }>): void {
    // Whoever does not lead leaves the question open: it goes to the next leader. What an earlier leader says of it holds no more once
    // a later one was asked, which may carry it out.
    if (answer.type === 'not-leading' || this.#pending.get(askId)?.sentTerm !== term) return;
    this.#settle(askId, ({ sentBefore }) => ({ kind: 'answered', answer, before: sentBefore }));
  }

  /** Somebody else leads, or this node does. */
  leaderChanged(): void {
    if (this.#leadership.mayDecide) {
      for (const askId of [...this.#pending.keys()])
        this.#settle(askId, ({ sentTerm }) => ({ kind: 'own', sent: sentTerm !== null }));
    } else for (const pending of this.#pending.values()) this.#sendOne(pending);
  }

  stop(): void {
    for (const askId of [...this.#pending.keys()])
      this.#settle(askId, ({ sentTerm }) => ({ kind: 'late', sent: sentTerm !== null }));
  }

  #sendOne(pending: Pending): void {
    const leader = this.#leadership.elsewhere;
    if (leader === null || (pending.once && pending.sentTerm !== null)) return;
    const { term } = this.#leadership;
    pending.sentBefore ||= pending.sentTerm !== null && pending.sentTerm !== term;
    pending.sentTerm = term;
    this.#send(leader, { note: { ...pending.ask, term }, bytes: pending.bytes });
  }

  #arm(): void {
    if (this.#again !== null) return;
    this.#again = this.#clock.setTimer(ASK_AGAIN_MS, () => {
      this.#again = null;
      for (const pending of this.#pending.values()) this.#sendOne(pending);
      if (this.#pending.size > 0) this.#arm();
    });
  }

  #settle(askId: CommandId, asked: (pending: Pending) => Asked): void {
    const pending = this.#pending.get(askId);
    if (pending === undefined) return;
    this.#pending.delete(askId);
    this.#pendingBytes -= pending.bytes;
    pending.givenUp.cancel();
    if (this.#pending.size === 0) {
      this.#again?.cancel();
      this.#again = null;
    }
    pending.settle(asked(pending));
  }
}
