/** How long the cluster was without a leader, from what its nodes log: the moments are those at which this process reads the lines. */
export interface Failovers {
  lost(nodeId: string): void;
  said(nodeId: string, line: string): void;
  readonly tookMs: readonly number[];
}

export function createFailovers(): Failovers {
  const tookMs: number[] = [];
  let lost: { readonly nodeId: string; readonly atMs: number } | null = null;
  return {
    tookMs,
    lost(nodeId) {
      lost = { nodeId, atMs: performance.now() };
    },
    said(nodeId, line) {
      if (lost === null || nodeId === lost.nodeId || !line.includes('"role":"leader"')) return;
      tookMs.push(performance.now() - lost.atMs);
      lost = null;
    },
  };
}
