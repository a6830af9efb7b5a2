import type { Clock, Timer } from '../clock.ts';
import { invariant } from '../invariant.ts';
import { Heap } from './heap.ts';
import { CLAIMS_HELD_MAX, DUE_LOOK_MS, HELD_PER_TURN_MAX } from './limits.ts';

/** What a node holds ahead of its time. Waits on cluster time, with one timer for the earliest. */
interface Held {
  readonly dueAtMs: number;
  readonly due: () => void;
  isHeld: boolean;
}

export class HeldClaims {
  readonly #clock: Clock;
  readonly #heap = new Heap<Held>((a, b) => a.dueAtMs - b.dueAtMs);
  #size = 0;
  #timer: Timer | null = null;
  #isHandingOver = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#size;
  }

  /** Some are due, and have not been called yet. */
  get isHandingOver(): boolean {
    return this.#isHandingOver;
  }

  /** `due` is called once, at that instant or after it. Returns what takes it back: false when it is held no more. */
  hold(dueAtMs: number, due: () => void): () => boolean {
    invariant(this.#size < CLAIMS_HELD_MAX, 'I10', `more than ${CLAIMS_HELD_MAX} claims are held ahead of their time`);
    const held: Held = { dueAtMs, due, isHeld: true };
    this.#size += 1;
    this.#heap.push(held);
    if (this.#heap.first === held) this.#arm();
    return () => this.#end(held);
  }

  /** Nothing comes due any more. */
  stop(): void {
    this.#isHandingOver = false;
    this.#timer?.cancel();
    this.#heap.clear();
  }

  #end(held: Held): boolean {
    if (!held.isHeld) return false;
    held.isHeld = false;
    this.#size -= 1;
    return true;
  }

  /** A few in each turn of the loop: of many that are due at one instant, the first are on the wire while the last are made ready. */
  #look(): void {
    const nowMs = this.#clock.nowMs();
    let came = 0;
    this.#isHandingOver = false;
    for (let first = this.#heap.first; first !== undefined && isOver(first, nowMs); first = this.#heap.first) {
      if (came === HELD_PER_TURN_MAX) {
        this.#isHandingOver = true;
        this.#clock.nextTurn(() => this.#look());
        return;
      }
      this.#heap.pop();
      if (!this.#end(first)) continue;
      came += 1;
      first.due();
    }
    this.#arm();
  }

  /** Never long: clocks jump. */
  #arm(): void {
    this.#timer?.cancel();
    const first = this.#heap.first;
    if (first === undefined) return;
    const delayMs = Math.min(Math.max(first.dueAtMs - this.#clock.nowMs(), 0), DUE_LOOK_MS);
    this.#timer = this.#clock.setTimer(delayMs, () => this.#look());
  }
}

const isOver = ({ isHeld, dueAtMs }: Held, nowMs: number): boolean => !isHeld || dueAtMs <= nowMs;
