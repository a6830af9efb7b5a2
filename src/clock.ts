/** The one port through which time reaches the shell (I9: the pure parts get it as input). */
export interface Clock {
  /** Wall time, unix milliseconds. May jump either way. */
  nowMs(): number;
  /** Milliseconds from an arbitrary start; never goes back. For durations and leases. */
  monotonicMs(): number;
  /**
   * Calls `run` once, never inside this call. A delay is any number ≥ 0; Infinity never fires. The system's timers may come up
   * to a millisecond early: who must not act early looks at the clock again.
   */
  setTimer(delayMs: number, run: () => void): Timer;
  /** Calls `run` once, after what has arrived by now was taken in: the next turn of the event loop. */
  nextTurn(run: () => void): void;
}

export const nextTurnOf = (clock: Clock): Promise<void> => new Promise((turned) => clock.nextTurn(turned));

export interface Timer {
  cancel(): void;
}

/** Node fires a longer setTimeout at once: 30 days fired after 2 ms. */
export const NODE_TIMER_MS_MAX = 2 ** 31 - 1;

const NEVER: Timer = { cancel() {} };

function setTimer(delayMs: number, run: () => void): Timer {
  if (Number.isNaN(delayMs)) throw new RangeError('a timer needs a delay in milliseconds, not NaN');
  if (delayMs === Number.POSITIVE_INFINITY) return NEVER;
  if (delayMs <= NODE_TIMER_MS_MAX) {
    const handle = setTimeout(run, Math.max(0, delayMs));
    return { cancel: () => clearTimeout(handle) };
  }
  const firesAtMs = performance.now() + delayMs;
  let handle: NodeJS.Timeout;
  const arm = (): void => {
    const leftMs = firesAtMs - performance.now();
    if (leftMs > NODE_TIMER_MS_MAX) handle = setTimeout(arm, NODE_TIMER_MS_MAX);
    else handle = setTimeout(run, Math.max(0, leftMs));
  };
  arm();
  return { cancel: () => clearTimeout(handle) };
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer,
  nextTurn: (run) => {
    setImmediate(run);
  },
};
