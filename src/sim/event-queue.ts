/** What will happen, ordered by (time, sequence): two events of one instant happen in the order in which they were planned. */
export interface EventQueue {
  readonly nowMs: number;
  readonly size: number;
  after(delayMs: number, run: () => void): void;
  /** Runs the next event; false when there is none. */
  step(): boolean;
}

interface Planned {
  readonly atMs: number;
  readonly sequence: number;
  readonly run: () => void;
}

export function createEventQueue(): EventQueue {
  const heap: Planned[] = [];
  let nowMs = 0;
  let sequence = 0;

  return {
    get nowMs() {
      return nowMs;
    },
    get size() {
      return heap.length;
    },
    after(delayMs, run) {
      sequence += 1;
      push(heap, { atMs: nowMs + Math.max(0, delayMs), sequence, run });
    },
    step() {
      const next = pop(heap);
      if (next === undefined) return false;
      nowMs = next.atMs;
      next.run();
      return true;
    },
  };
}

const isBefore = (a: Planned, b: Planned): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);

function push(heap: Planned[], planned: Planned): void {
  let at = heap.length;
  heap.push(planned);
  while (at > 0) {
    const parentAt = (at - 1) >> 1;
    const parent = heap[parentAt];
    if (parent === undefined || !isBefore(planned, parent)) break;
    heap[at] = parent;
    at = parentAt;
  }
  heap[at] = planned;
}

function pop(heap: Planned[]): Planned | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    let childAt = 2 * at + 1;
    let child = heap[childAt];
    if (child === undefined) break;
    const right = heap[childAt + 1];
    if (right !== undefined && isBefore(right, child)) {
      child = right;
      childAt += 1;
    }
    if (!isBefore(child, last)) break;
    heap[at] = child;
    at = childAt;
  }
  heap[at] = last;
  return first;
}
