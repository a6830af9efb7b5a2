import type { TraceBook } from './trace-book.ts';

/** When a node was away, as far as somebody saw it: what it did then, nobody saw. */
export interface Outage {
  /** How it was said. */
  readonly kind: string;
  /** Its first place, and the one at which the node is there again. Null: it is not. */
  readonly from: number;
  readonly fromMs: number;
  readonly to: number | null;
  readonly toMs: number | null;
}

const GONE: ReadonlySet<string> = new Set(['does not answer', 'is not seen', 'stopped']);
const BACK: ReadonlySet<string> = new Set(['answers again', 'is seen again', 'started', 'was started again']);

export function outagesOf(book: Pick<TraceBook, 'notes' | 'line'>, node: string): readonly Outage[] {
  const outages: Outage[] = [];
  let open: Outage | null = null;
  for (const place of book.notes) {
    const line = book.line(place);
    if (line?.what !== 'note' || line.node !== node) continue;
    const { kind, atMs } = line;
    if (open === null && GONE.has(kind)) open = { kind, from: place, fromMs: atMs, to: null, toMs: null };
    else if (open !== null && BACK.has(kind)) {
      outages.push({ ...open, to: place, toMs: atMs });
      open = null;
    }
  }
  return open === null ? outages : [...outages, open];
}

export const isAwayAt = ({ from, to }: Outage, place: number): boolean => from <= place && (to === null || place < to);
