import type { Clock } from '../../clock.ts';
import type { FailingDisk } from '../disk.ts';
import type { Host } from '../host.ts';
import type { HostedProcess } from '../process.ts';
import type { Random } from '../random.ts';

/** 2027-01-01T00:00:00Z: when every run begins. */
export const WORLD_BEGINS_MS = Date.UTC(2027, 0, 1);

const TURN_MS_MAX = 0.3;

/** The port that real nodes know time by, on the world's queue: the timers of a process end with it, and wait while it is paused. */
export function createNodeClock(
  host: Host<FailingDisk, HostedProcess>,
  wallOffsetMs: () => number,
  random: Random,
): Clock {
  const { clock } = host;
  return {
    nowMs: () => Math.floor(WORLD_BEGINS_MS + wallOffsetMs() + clock.monotonicMs()),
    monotonicMs: () => clock.monotonicMs(),
    setTimer(delayMs, run) {
      let cancelled = false;
      if (delayMs !== Number.POSITIVE_INFINITY) {
        host.later(clock.worldMs(delayMs), () => {
          if (!cancelled) run();
        });
      }
      return {
        cancel() {
          cancelled = true;
        },
      };
    },
    nextTurn(run) {
      host.later(random.next() * TURN_MS_MAX, run);
    },
  };
}
