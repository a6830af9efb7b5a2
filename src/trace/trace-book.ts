import type { Precondition } from '../tasks/precondition.ts';
import type { EntrySeen, GapLine, RoleSeen, StepLine, TraceHeader, TraceLine } from './format.ts';

/**
 * A trace in memory, in order, with what a page asks of it at any place: how each node stood, and which entries were agreed on by
 * then. Places are numbers that stay what they are while old lines are dropped.
 */
export interface RoleSpan extends Pick<RoleSeen, 'role' | 'term'> {
  readonly from: number;
  readonly fromMs: number;
}

export interface CommittedEntry extends EntrySeen {
  /** The line that first said that it is committed. */
  readonly place: number;
}

interface NodeBook {
  steps: number[];
  spans: RoleSpan[];
}

/** At an index that nobody said is committed: who wrote what there, and by term what it says. */
interface Written {
  readonly byNode: Map<string, Pick<EntrySeen, 'term' | 'kind'>>;
  readonly said: Map<number, string>;
}

/** Far more than a leader appends before it knows that it leads no more. */
const UNCOMMITTED_MAX = 8_192;

export interface BookBounds {
  readonly linesMax: number;
  readonly entriesMax: number;
}

export class TraceBook {
  header: TraceHeader;
  readonly #bounds: BookBounds;
  #lines: TraceLine[] = [];
  /** Place of the first that is kept. */
  #first = 0;
  readonly #nodes = new Map<string, NodeBook>();
  readonly #written = new Map<number, Written>();
  readonly #refused = new Map<string, Precondition>();
  #committed: CommittedEntry[] = [];
  /** Up to here it is known what is committed. */
  #commit = 0;
  /** Lines that were passed over on the way here, as there were too many. */
  skipped = 0;
  /** Of these nodes it is not known what they did for a while, as nobody could ask; and the lines that came and went then. */
  readonly unseen: { readonly nodes: Set<string>; lines: number } = { nodes: new Set(), lines: 0 };
  /** Places of what the world did, or the page saw: starts, stops, faults. */
  notes: number[] = [];
  /** Dropped from the front of what is kept. */
  dropped = 0;
  lastMs = 0;

  constructor(header: TraceHeader, bounds: BookBounds) {
    this.header = header;
    this.#bounds = bounds;
    for (const node of header.nodes) this.#node(node);
  }

  get first(): number {
    return this.#first;
  }
  /** One more than the last place. */
  get end(): number {
    return this.#first + this.#lines.length;
  }
  get nodes(): readonly string[] {
    return [...this.#nodes.keys()].sort();
  }
  /** In log order. */
  get committed(): readonly CommittedEntry[] {
    return this.#committed;
  }
  get firstMs(): number {
    return this.#lines[0]?.atMs ?? 0;
  }

  line(place: number): TraceLine | undefined {
    return this.#lines[place - this.#first];
  }

  append(lines: readonly TraceLine[]): void {
    for (const line of lines) this.#add(line);
    if (this.#lines.length > this.#bounds.linesMax) this.#drop();
  }

  #add(line: TraceLine): void {
    const place = this.end;
    this.#lines.push(line);
    this.lastMs = Math.max(this.lastMs, line.atMs);
    if (line.what === 'gap') this.#gap(line);
    if (line.what === 'note') this.notes.push(place);
    if (line.what === 'step') this.#step(line, place);
  }

  #gap({ node, lines, why }: GapLine): void {
    if (why !== 'unseen') this.skipped += lines;
    else {
      this.unseen.nodes.add(node);
      this.unseen.lines += lines;
    }
  }

  #step(line: StepLine, place: number): void {
    const node = this.#node(line.node);
    node.steps.push(place);
    const span = node.spans.at(-1);
    if (span?.role !== line.role || span.term !== line.term) {
      node.spans.push({ from: place, fromMs: line.atMs, role: line.role, term: line.term });
    }
    for (const { index, term, kind, data } of line.wrote ?? []) {
      if (index <= this.#commit) continue;
      const written = this.#writtenAt(index);
      written.byNode.set(line.node, { term, kind });
      if (data !== undefined) written.said.set(term, data);
    }
    for (const { index, pair, failed } of line.refused ?? []) this.#refused.set(`${index}/${pair}`, failed);
    if (line.commit > this.#commit) this.#commitThrough(line.commit, line.node, place);
  }

  #writtenAt(index: number): Written {
    let written = this.#written.get(index);
    if (written === undefined) {
      written = { byNode: new Map(), said: new Map() };
      this.#written.set(index, written);
      const [oldest = index] = this.#written.keys();
      if (this.#written.size > UNCOMMITTED_MAX) this.#written.delete(oldest);
    }
    return written;
  }

  #commitThrough(index: number, node: string, place: number): void {
    const through = this.#writtenThrough(index);
    this.#commit = index;
    for (const at of through) {
      const written = this.#written.get(at);
      this.#written.delete(at);
      // Written before the trace began, or in a line that was passed over.
      const entry = written?.byNode.get(node);
      if (entry === undefined) continue;
      const data = written?.said.get(entry.term);
      this.#committed.push({ index: at, ...entry, place, ...(data === undefined ? {} : { data }) });
    }
  }

  /** Whichever is less to look through: a file may say any commit index. */
  #writtenThrough(index: number): readonly number[] {
    const count = index - this.#commit;
    if (count <= this.#written.size) return Array.from({ length: count }, (_, at) => this.#commit + 1 + at);
    return [...this.#written.keys()].filter((at) => at <= index).sort((a, b) => a - b);
  }

  #node(name: string): NodeBook {
    let node = this.#nodes.get(name);
    if (node === undefined) {
      node = { steps: [], spans: [] };
      this.#nodes.set(name, node);
    }
    return node;
  }

  /** How a node stood at a place: its last step that is not behind it. */
  stepAt(node: string, place: number): StepLine | null {
    const steps = this.#nodes.get(node)?.steps ?? [];
    const at = lastUpTo(steps, place, (step) => step);
    const step = at < 0 ? undefined : this.line(steps[at] ?? -1);
    return step?.what === 'step' ? step : null;
  }

  spansOf(node: string): readonly RoleSpan[] {
    return this.#nodes.get(node)?.spans ?? [];
  }

  /** The last entry that is known to be committed at a place: its position among those. -1: none. */
  committedAt(place: number): number {
    return lastUpTo(this.#committed, place, (entry) => entry.place);
  }

  refusedOf(index: number, pair: number): Precondition | null {
    return this.#refused.get(`${index}/${pair}`) ?? null;
  }

  /** The place of a time: the last line that is not later. */
  placeOf(atMs: number): number {
    return (
      this.#first +
      Math.max(
        0,
        lastUpTo(this.#lines, atMs, (line) => line.atMs),
      )
    );
  }

  /** A quarter at once: it moves what stays. */
  #drop(): void {
    const count = this.#lines.length - Math.floor(this.#bounds.linesMax * 0.75);
    this.#lines = this.#lines.slice(count);
    this.#first += count;
    this.dropped += count;
    this.notes = this.notes.filter((place) => place >= this.#first);
    for (const node of this.#nodes.values()) {
      node.steps = node.steps.slice(Math.max(0, lastUpTo(node.steps, this.#first - 1, (step) => step) + 1));
      const kept = lastUpTo(node.spans, this.#first, ({ from }) => from);
      node.spans = node.spans.slice(Math.max(0, kept));
    }
    if (this.#committed.length > this.#bounds.entriesMax) {
      this.#committed = this.#committed.slice(-Math.floor(this.#bounds.entriesMax * 0.75));
    }
  }
}

/** Position of the last whose value is not above `most`, in a list that never goes down. */
function lastUpTo<T>(list: readonly T[], most: number, value: (one: T) => number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value(list[middle] as T) <= most) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
