import type { EventQueue } from './event-queue.ts';

/** A node's own monotonic time: it runs a little fast or slow, and never back. */
export interface SimulatedClock {
  monotonicMs(): number;
  /** How long the world waits while this clock counts so many milliseconds. */
  worldMs(delayMs: number): number;
  setRate(rate: number): void;
}

export function createSimulatedClock(queue: EventQueue): SimulatedClock {
  let rate = 1;
  let sinceMs = queue.nowMs;
  let countedMs = queue.nowMs;
  const monotonicMs = (): number => countedMs + (queue.nowMs - sinceMs) * rate;
  return {
    monotonicMs,
    worldMs: (delayMs) => delayMs / rate,
    setRate(next) {
      countedMs = monotonicMs();
      sinceMs = queue.nowMs;
      rate = next;
    },
  };
}
