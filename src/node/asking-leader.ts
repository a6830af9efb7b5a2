import type { Clock, Timer } from '../clock.ts';
import type { MemberId } from '../raft/types.ts';
import type { CommandId } from '../tasks/command-id.ts';
import { type MeasuredNote, measured } from './batches.ts';
import type { Leadership } from './leadership.ts';
import { ASK_AGAIN_MS, ASKS_BYTES_MAX, ASKS_MAX } from './limits.ts';
import type { Answer, Ask } from './peer-notes.ts';

/** A node's questions to whoever leads: sent, sent again, sent to the next leader, until they are answered or given up. */
export type Asked =
  | { readonly kind: 'answered'; readonly answer: Answer }
  /** This node leads now: it is its own matter. `sent`: another may have done it before. */
  | { readonly kind: 'own'; readonly sent: boolean }
  /** Given up. `sent`: somebody may have done it. */
  | { readonly kind: 'late'; readonly sent: boolean }
  | { readonly kind: 'overloaded' };

interface Pending {
  readonly note: MeasuredNote;
  readonly settle: (asked: Asked) => void;
  readonly givenUp: Timer;
  sent: boolean;
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

  ask(askId: CommandId, ask: Ask, withinMs: number): Promise<Asked> {
    const note = measured({ kind: 'ask', askId, ask });
    if (this.#pending.size >= ASKS_MAX || this.#pendingBytes + note.bytes > ASKS_BYTES_MAX) {
      return Promise.resolve({ kind: 'overloaded' });
    }
    this.#pendingBytes += note.bytes;
    return new Promise((settle) => {
      const givenUp = this.#clock.setTimer(withinMs, () =>
        this.#settle(askId, (pending) => ({ kind: 'late', sent: pending.sent })),
      );
      const pending: Pending = { note, settle, givenUp, sent: false };
      this.#pending.set(askId, pending);
      this.#sendOne(pending);
      this.#arm();
    });
  }

  answered(askId: CommandId, answer: Answer): void {
    // Whoever does not lead leaves the question open: it goes to the next leader.
    if (answer.type !== 'not-leading') this.#settle(askId, () => ({ kind: 'answered', answer }));
  }

  /** Somebody else leads, or this node does. */
  leaderChanged(): void {
    if (this.#leadership.mayDecide) {
      for (const askId of [...this.#pending.keys()]) this.#settle(askId, ({ sent }) => ({ kind: 'own', sent }));
    } else for (const pending of this.#pending.values()) this.#sendOne(pending);
  }

  stop(): void {
    for (const askId of [...this.#pending.keys()]) this.#settle(askId, ({ sent }) => ({ kind: 'late', sent }));
  }

  #sendOne(pending: Pending): void {
    const leader = this.#leadership.elsewhere;
    if (leader === null) return;
    pending.sent = true;
    this.#send(leader, pending.note);
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
    this.#pendingBytes -= pending.note.bytes;
    pending.givenUp.cancel();
    if (this.#pending.size === 0) {
      this.#again?.cancel();
      this.#again = null;
    }
    pending.settle(asked(pending));
  }
}
