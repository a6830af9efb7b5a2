import type { TraceBook } from '../../trace/trace-book.ts';

/** A simulated world begins at nought; a cluster that runs has the time of the day. */
export function clockOf({ header }: TraceBook, atMs: number): string {
  if (header.source === 'sim') return `${(atMs / 1_000).toFixed(3)} s`;
  const at = new Date(atMs);
  return Number.isNaN(at.getTime()) ? '' : at.toISOString().slice(11, 23);
}

export function instant(atMs: number | null): string {
  return atMs === null ? '–' : new Date(atMs).toISOString().replace('T', ' ').slice(0, 23);
}
