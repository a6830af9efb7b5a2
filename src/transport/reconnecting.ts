import { type Clock, systemClock } from '../clock.ts';
import { RECONNECT_JITTER_MS, RECONNECT_WAIT_MS } from './limits.ts';

/**
 * How long the client of NATS waits before it dials a server again. It counts from when it dialed that server last, by the wall clock:
 * a clock that was set back by eight minutes in an outage of four seconds kept a node from its cluster for the eight minutes. So a clock that
 * went back is made up for, once for each server; whatever was dialed before it lies no further ahead than that.
 */
export function reconnectDelay(
  servers: number,
  clock: Pick<Clock, 'nowMs' | 'monotonicMs'> = systemClock,
  random: () => number = Math.random,
): () => number {
  let aheadMs = clock.nowMs() - clock.monotonicMs();
  let setBackMs = 0;
  let left = 0;
  return () => {
    const nowAheadMs = clock.nowMs() - clock.monotonicMs();
    const wentBackMs = aheadMs - nowAheadMs;
    aheadMs = nowAheadMs;
    if (wentBackMs > RECONNECT_WAIT_MS) {
      // Of a server not dialed since, both count.
      setBackMs = wentBackMs + (left > 0 ? setBackMs : 0);
      left = servers;
    }
    if (left > 0) {
      left -= 1;
      return -setBackMs;
    }
    return RECONNECT_WAIT_MS + random() * RECONNECT_JITTER_MS;
  };
}
