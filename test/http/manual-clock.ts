import type { Clock } from '../../src/clock.ts';
import { systemClock } from '../../src/clock.ts';

export interface ManualClock extends Clock {
  advance(ms: number): void;
}

/** Wall time stands still until told; timers and durations are real, since sockets are. */
export function manualClock(from = '2027-01-01T00:00:00.000Z'): ManualClock {
  let nowMs = Date.parse(from);
  return {
    ...systemClock,
    nowMs: () => nowMs,
    advance(ms) {
      nowMs += ms;
    },
  };
}
