/**
 * Who is next when a place in flight is free. Each target has a line, first come first served, and targets take turns: a
 * thousand callbacks to one host delay the next host's by one place, not by a thousand.
 */
export interface WaitingLines<T> {
  add(origin: string, key: string, item: T): void;
  /** Null when it does not wait (any more). */
  remove(origin: string, key: string): T | null;
  /** The next whose target has a free place; it holds the place from now on. Null when there is none. */
  take(): T | null;
  /** A place of the target is free again. */
  release(origin: string): void;
  /** In flight and waiting, for one target. */
  countOf(origin: string): number;
  /** Targets with anything in flight or waiting. */
  readonly targets: number;
  readonly inFlight: number;
}

interface Target<T> {
  readonly line: Map<string, T>;
  inFlight: number;
}

export function createWaitingLines<T>(limits: {
  readonly inFlightMax: number;
  readonly perTargetMax: number;
}): WaitingLines<T> {
  const targets = new Map<string, Target<T>>();
  /** Targets with a line and a free place, in the order of their turns. */
  const ready = new Set<string>();
  let inFlight = 0;

  function settle(origin: string, target: Target<T>): void {
    if (target.line.size > 0 && target.inFlight < limits.perTargetMax) ready.add(origin);
    else ready.delete(origin);
    if (target.line.size === 0 && target.inFlight === 0) targets.delete(origin);
  }

  return {
    add(origin, key, item) {
      let target = targets.get(origin);
      if (target === undefined) {
        target = { line: new Map(), inFlight: 0 };
        targets.set(origin, target);
      }
      target.line.set(key, item);
      settle(origin, target);
    },
    remove(origin, key) {
      const target = targets.get(origin);
      const item = target?.line.get(key);
      if (target === undefined || item === undefined) return null;
      target.line.delete(key);
      settle(origin, target);
      return item;
    },
    take() {
      if (inFlight >= limits.inFlightMax) return null;
      for (const origin of ready) {
        const target = targets.get(origin);
        const first = target?.line.entries().next().value;
        if (target === undefined || first === undefined) continue;
        const [key, item] = first;
        target.line.delete(key);
        target.inFlight += 1;
        inFlight += 1;
        // To the end of the turns.
        ready.delete(origin);
        settle(origin, target);
        return item;
      }
      return null;
    },
    release(origin) {
      const target = targets.get(origin);
      if (target === undefined) return;
      target.inFlight -= 1;
      inFlight -= 1;
      settle(origin, target);
    },
    countOf(origin) {
      const target = targets.get(origin);
      return target === undefined ? 0 : target.inFlight + target.line.size;
    },
    get targets() {
      return targets.size;
    },
    get inFlight() {
      return inFlight;
    },
  };
}
