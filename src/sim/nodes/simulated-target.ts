import type { CallbackOutcome, CallbackRequest } from '../../dispatch/callback.ts';
import type { Sender } from '../../dispatch/sender.ts';
import type { Random } from '../random.ts';

type Arrived = (nodeId: string, incarnation: number, request: CallbackRequest, status: number | null) => void;

/** Where callbacks go. It answers well, badly, late, or not at all, as the seed has it. */
export class SimulatedTarget {
  readonly #random: Random;
  readonly #arrived: Arrived;
  readonly #lineChance: number;
  /** Set when the world is to heal: from then on it answers at once, and well. */
  isWell = false;

  constructor(random: Random, arrived: Arrived) {
    this.#random = random;
    this.#lineChance = random.pick(LINE_CHANCES);
    this.#arrived = arrived;
  }

  /** The port of one process. `later` forgets what a process planned that is gone; `nowMs` is that process's own. */
  sender(
    of: { readonly nodeId: string; readonly incarnation: number },
    later: (delayMs: number, run: () => void) => void,
    nowMs: () => number,
  ): Sender {
    const counts = { sending: 0, waiting: 0, targets: 0, connections: 0, idleConnections: 0 };
    let inFlight = 0;
    let isClosed = false;
    let drained: (() => void) | null = null;
    /** Not on the wire yet: what gives them back. */
    const waiting = new Map<string, () => void>();
    return {
      get inFlight() {
        return inFlight;
      },
      get waiting() {
        return waiting.size;
      },
      counts,
      send: (request, mayStillSend, settled) => {
        inFlight += 1;
        const end = (outcome: CallbackOutcome): void => {
          inFlight -= 1;
          waiting.delete(request.key);
          settled(outcome);
          if (inFlight === 0) drained?.();
        };
        if (isClosed) {
          later(0, () => end({ kind: 'withheld', reason: 'closed' }));
          return;
        }
        waiting.set(request.key, () => end({ kind: 'withheld', reason: 'may_not_send' }));
        const waitMs =
          !this.isWell && this.#random.chance(this.#lineChance) ? this.#random.next() * LINE_MS_MAX : CONNECT_MS_MAX;
        later(this.#random.next() * waitMs, () => {
          if (!waiting.delete(request.key)) return;
          if (!mayStillSend()) {
            end({ kind: 'withheld', reason: 'may_not_send' });
            return;
          }
          const startedAtMs = nowMs();
          const { outcome, afterMs, reached } = this.#answer();
          if (reached !== null) this.#arrived(of.nodeId, of.incarnation, request, reached.status);
          later(afterMs, () => end(outcome({ startedAtMs, endedAtMs: nowMs() })));
        });
      },
      withhold(key) {
        const withheld = waiting.get(key);
        if (withheld === undefined) return;
        waiting.delete(key);
        later(0, withheld);
      },
      cancel() {},
      close(graceMs) {
        isClosed = true;
        return new Promise((resolve) => {
          drained = resolve;
          if (inFlight === 0) resolve();
          // Those that wait in line never come to their turn. What is on the wire is over before a real grace is.
          else later(graceMs, () => waiting.forEach((withheld) => void withheld()));
        });
      },
    };
  }

  #answer(): Answer {
    const soonMs = this.#random.next() * ANSWER_MS_MAX;
    const kind = this.isWell ? 'good' : this.#random.pick(ANSWERS);
    switch (kind) {
      case 'good':
        return answers(200, soonMs);
      case 'bad':
        return answers(500, soonMs);
      case 'late':
        return answers(200, this.#random.between(500, LATE_MS_MAX));
      case 'refused':
        return { outcome: error('connect_refused', false), afterMs: soonMs, reached: null };
      case 'never':
        return { outcome: error('total_timeout', true), afterMs: TOTAL_MS, reached: { status: null } };
    }
  }
}

interface Answer {
  readonly outcome: (times: { readonly startedAtMs: number; readonly endedAtMs: number }) => CallbackOutcome;
  readonly afterMs: number;
  /** The request is with the target, which answers with this status, or never. */
  readonly reached: { readonly status: number | null } | null;
}

const CONNECT_MS_MAX = 6;
/** Some wait in line for a slow target, longer than a lease lasts: in some runs many. */
const LINE_CHANCES = [0.02, 0.02, 0.5];
const LINE_MS_MAX = 9_000;
const ANSWER_MS_MAX = 40;
const LATE_MS_MAX = 4_000;
/** Shorter than the real deadline, so that a run sees what follows from it. */
const TOTAL_MS = 8_000;
const ANSWERS = ['good', 'good', 'good', 'good', 'good', 'good', 'bad', 'late', 'refused', 'never'] as const;

const answers = (status: number, afterMs: number): Answer => ({
  outcome: (times) => ({ kind: 'response', status, retryAfterMs: null, excerpt: null, ...times }),
  afterMs,
  reached: { status },
});

const error =
  (code: 'connect_refused' | 'total_timeout', sent: boolean): Answer['outcome'] =>
  (times) => ({ kind: 'error', error: code, detail: '', sent, ...times });
