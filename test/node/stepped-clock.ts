import type { Clock } from '../../src/clock.ts';

/** Time that passes when it is told to: timers run in their order, each at its time. */
export interface SteppedClock extends Clock {
  pass(ms: number): void;
  /** The wall clock alone, as when somebody sets it. */
  jump(ms: number): void;
  readonly timers: number;
}

export function steppedClock(fromMs: number): SteppedClock {
  let monotonicMs = 0;
  let offsetMs = fromMs;
  const timers = new Set<{ readonly atMs: number; readonly run: () => void }>();
  const next = (byMs: number) =>
    [...timers].filter(({ atMs }) => atMs <= byMs).sort((a, b) => a.atMs - b.atMs)[0] ?? null;
  return {
    nowMs: () => offsetMs + monotonicMs,
    monotonicMs: () => monotonicMs,
    setTimer(delayMs, run) {
      const timer = { atMs: monotonicMs + delayMs, run };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    nextTurn: (run) => void setImmediate(run),
    pass(ms) {
      const untilMs = monotonicMs + ms;
      for (let timer = next(untilMs); timer !== null; timer = next(untilMs)) {
        timers.delete(timer);
        monotonicMs = Math.max(monotonicMs, timer.atMs);
        timer.run();
      }
      monotonicMs = untilMs;
    },
    jump(ms) {
      offsetMs += ms;
    },
    get timers() {
      return timers.size;
    },
  };
}
