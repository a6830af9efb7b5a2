/** By time, and each node's own in their order: its clock may be set back a little by the others'. */
export function merged<Line extends { readonly atMs: number }>(lists: readonly (readonly Line[])[]): readonly Line[] {
  const queues = lists.filter((list) => list.length > 0).map((list) => ({ list, next: 0 }));
  const all: Line[] = [];
  const total = lists.reduce((sum, { length }) => sum + length, 0);
  while (all.length < total) {
    let first: { readonly queue: { next: number }; readonly line: Line } | null = null;
    for (const queue of queues) {
      const line = queue.list[queue.next];
      if (line !== undefined && (first === null || line.atMs < first.line.atMs)) first = { queue, line };
    }
    if (first === null) break;
    first.queue.next += 1;
    all.push(first.line);
  }
  return all;
}
