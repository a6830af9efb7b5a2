import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock, Timer } from '../clock.ts';
import type { LogIndex } from '../raft/types.ts';
import { type LogEnds, lastIncludedAt } from './last-included.ts';
import { type LastIncluded, StorageFailed } from './log-store.ts';
import type { Overlay } from './overlay.ts';
import type { ProjectionCounts } from './projection.ts';
import { FLUSH_AT_BYTES, OVERLAY_PRESSED_FACTOR, SLICES_IN_FLIGHT_MAX } from './projection-bounds.ts';
import type { ProjectionLink } from './projection-link.ts';
import type { OpenedState } from './projection-protocol.ts';
import { slicesOf, turnBudget } from './projection-slices.ts';
import { encodeMeta } from './rows.ts';

/**
 * Writes behind: overlay → flushing → file. One flush at a time; whoever asks while one runs shares the next. What is durable is
 * the state at exactly one index, because the index is in the same transaction (I4).
 */
export interface Flusher {
  readonly durableIndex: LogIndex;
  readonly hash: string;
  readonly counts: ProjectionCounts;
  readonly lastIncluded: LastIncluded | null;
  /** Asked at each flush where in the log it ends. */
  standOn(log: LogEnds): void;
  readonly failure: Error | undefined;
  /** Resolves when all that was applied before the call is durable. */
  flush(): Promise<void>;
  /** Call after each applied entry: starts a flush by size, and arms the one by age. */
  changed(): void;
  /** Resolves at once while the overlay is within bounds, else when a flush has taken it. Rejects after a failure. */
  untilRoom(): Promise<void>;
  fail(error: Error): void;
  onFailure(tell: (error: Error) => void): void;
  /** Lets the flush that runs come to its end, then holds all others until `replace` has put another file in place. */
  startAnew(replace: () => Promise<OpenedState>): Promise<void>;
  /** No flush begins by itself any more; waits for the one that runs. */
  stop(): Promise<void>;
}

export interface FlushOptions {
  readonly clock: Clock;
  readonly flushAtEntities: number;
  readonly flushAfterMs: number;
  /** What is kept of refused pairs beside a state that stands at `through`, which is where it stands now. */
  readonly refusedText: (through: LogIndex) => string;
}

export function createFlusher(overlay: Overlay, link: ProjectionLink, options: FlushOptions): Flusher {
  const { clock, flushAtEntities, flushAfterMs } = options;
  let durableIndex = link.opened.index;
  let { hash, counts, lastIncluded } = link.opened;
  let log: LogEnds | undefined;
  let failure: Error | undefined;
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let timer: Timer | undefined;
  let stopped = false;
  const listeners: ((error: Error) => void)[] = [];

  function fail(error: Error): void {
    if (failure !== undefined) return;
    failure = error;
    timer?.cancel();
    for (const tell of listeners) tell(error);
  }

  async function writeOverlay(): Promise<void> {
    if (failure !== undefined) throw failure;
    timer?.cancel();
    timer = undefined;
    const frozen = overlay.freeze();
    if (frozen.index === durableIndex) return;
    const refused = options.refusedText(frozen.index);
    const end = log === undefined ? null : lastIncludedAt(log, frozen.index);
    try {
      let acknowledged: Promise<unknown>[] = [];
      for (const slice of slicesOf(frozen)) {
        const written = link.ask('slice', slice, () => undefined);
        // Awaited below; a refusal that comes earlier is not an unhandled one.
        written.catch(() => undefined);
        acknowledged.push(written);
        await nextTurn();
        if (acknowledged.length < SLICES_IN_FLIGHT_MAX) continue;
        await acknowledged[0];
        acknowledged = acknowledged.slice(1);
      }
      await Promise.all(acknowledged);
      const meta = encodeMeta(frozen.meta);
      await link.ask('commit', { index: frozen.index, meta, lastIncluded: end, refused }, (answer) => {
        durableIndex = frozen.index;
        lastIncluded = end;
        ({ hash, counts } = answer);
      });
    } catch (error) {
      const cause = error instanceof Error ? error : new StorageFailed('flush the projection', error);
      fail(cause);
      throw cause;
    }
    while (!overlay.settle(turnBudget())) await nextTurn();
  }

  function start(): Promise<void> {
    const flushed = writeOverlay().finally(() => {
      running = undefined;
      if (failure === undefined && next === undefined) changed();
    });
    running = flushed;
    return flushed;
  }

  /** The next flush that has not begun yet. */
  function flushOnce(): Promise<void> {
    if (next !== undefined) return next;
    if (running === undefined) return start();
    next = running
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return start();
      });
    return next;
  }

  async function rest(): Promise<void> {
    stopped = true;
    timer?.cancel();
    timer = undefined;
    while (running !== undefined || next !== undefined) await (running ?? next)?.catch(() => undefined);
  }

  const reached = (factor: number): boolean =>
    overlay.size >= flushAtEntities * factor || overlay.weight >= FLUSH_AT_BYTES * factor;

  /** Whoever needs the outcome is told through `onFailure`. */
  const flushByItself = (): void => {
    flushOnce().catch(() => undefined);
  };

  function changed(): void {
    if (stopped || failure !== undefined || running !== undefined || overlay.appliedIndex === durableIndex) return;
    if (reached(1)) flushByItself();
    else timer ??= clock.setTimer(flushAfterMs, flushByItself);
  }

  return {
    get durableIndex() {
      return durableIndex;
    },
    get hash() {
      return hash;
    },
    get counts() {
      return counts;
    },
    get lastIncluded() {
      return lastIncluded;
    },
    standOn(ends) {
      log = ends;
    },
    get failure() {
      return failure;
    },
    flush: flushOnce,
    changed,
    async untilRoom() {
      while (reached(OVERLAY_PRESSED_FACTOR)) await flushOnce();
      if (failure !== undefined) throw failure;
    },
    fail,
    async startAnew(replace) {
      await rest();
      if (failure !== undefined) throw failure;
      try {
        const opened = await replace();
        durableIndex = opened.index;
        ({ hash, counts, lastIncluded } = opened);
      } finally {
        stopped = false;
        changed();
      }
    },
    onFailure(tell) {
      if (failure === undefined) listeners.push(tell);
      else tell(failure);
    },
    stop: rest,
  };
}
