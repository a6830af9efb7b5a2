import type { Clock, Timer } from '../clock.ts';
import { invariant } from '../invariant.ts';
import { Heap } from './heap.ts';
import { CLAIMS_HELD_MAX, DUE_LOOK_MS } from './limits.ts';

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

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#size;
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
    this.#timer?.cancel();
    this.#heap.clear();
  }

  #end(held: Held): boolean {
    if (!held.isHeld) return false;
    held.isHeld = false;
    this.#size -= 1;
    return true;
  }

  #look(): void {
    const nowMs = this.#clock.nowMs();
    for (let first = this.#heap.first; first !== undefined && isOver(first, nowMs); first = this.#heap.first) {
      this.#heap.pop();
      if (this.#end(first)) first.due();
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
