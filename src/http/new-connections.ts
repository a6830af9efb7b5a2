import type { Clock } from '../clock.ts';
import { GATHERED_MS_MAX } from './limits.ts';

/**
 * libuv accepts one connection a turn of the event loop, and a turn that writes costs an fsync: of 256 clients that connect at once the last
 * would wait for 255 of them, and clients that keep no connection could not have more requests a second than there are turns. So while
 * connections come in, what may write is gathered, and carried out together when no more of them come, or the bound is reached.
 */
export interface NewConnections {
  /** A connection was accepted. */
  note(): void;
  /** At once, where none has just been accepted. */
  whenGathered(carryOut: () => void): void;
}

export function createNewConnections(clock: Pick<Clock, 'monotonicMs' | 'nextTurn'>): NewConnections {
  let gathered: (() => void)[] = [];
  /** Null: nothing is gathered. */
  let untilMs: number | null = null;
  let cameThisTurn = false;

  function look(): void {
    if (cameThisTurn && untilMs !== null && clock.monotonicMs() < untilMs) {
      cameThisTurn = false;
      clock.nextTurn(look);
      return;
    }
    untilMs = null;
    cameThisTurn = false;
    const asked = gathered;
    gathered = [];
    for (const carryOut of asked) carryOut();
  }

  return {
    note() {
      cameThisTurn = true;
      if (untilMs !== null) return;
      untilMs = clock.monotonicMs() + GATHERED_MS_MAX;
      clock.nextTurn(look);
    },
    whenGathered(carryOut) {
      if (untilMs === null) carryOut();
      else gathered.push(carryOut);
    },
  };
}
