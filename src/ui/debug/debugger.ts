import { type FoldedAt, FoldHistory } from '../../trace/fold-history.ts';
import type { TraceHeader, TraceLine } from '../../trace/format.ts';
import { merged } from '../../trace/merging.ts';
import { readTrace, writeTrace } from '../../trace/read-trace.ts';
import { TraceBook } from '../../trace/trace-book.ts';
import { ALL, type Filter } from '../../trace/what-happened.ts';
import type { Problem } from '../api/problem.ts';
import { isolated } from '../parts/isolated.ts';
import { FilteredPlaces } from './filtered-places.ts';
import type { Looked } from './watching.ts';

/** What is open, where one looks, and what is to be said of it. The page draws this, and asks it to change. */

const LIVE_BOUNDS = { linesMax: 60_000, entriesMax: 20_000 };
const FILE_BOUNDS = { linesMax: 1_000_000, entriesMax: 1_000_000 };
/** A look that brings more than this is thinned: what says nothing of roles and entries goes first. */
const LINES_PER_LOOK_MAX = 4_000;

export const SPEEDS = [1, 2, 5, 10, 50] as const;

/** A page that read more would hang for long, or end. A whole trace of a node is 32 MiB at most. */
export const FILE_BYTES_MAX = 256 * 1_024 * 1_024;
const TOO_LARGE = `It is larger than ${FILE_BYTES_MAX / 1_024 / 1_024} MiB, which is more than a page can hold.`;

export interface TraceFile {
  readonly name: string;
  /** Null: larger than FILE_BYTES_MAX, and not read. */
  readonly text: string | null;
}

export class Debugger {
  book: TraceBook | null = null;
  source: 'live' | 'file' | null = null;
  /** Of a file: its name. */
  name = '';
  /** What is wrong with the file that was opened, or the node that is watched. */
  problem: { readonly title: string; readonly detail: string } | null = null;
  trouble: Problem | null = null;
  place = 0;
  follows = false;
  isPlaying = false;
  speed: number = SPEEDS[1];
  filter: Filter = ALL;
  /** The node that somebody chose. Else the leader of the place is shown. */
  chosenNode: string | null = null;
  task: string | null = null;
  /** The cluster of the node that the page came from, once it was seen. */
  cluster: string | null = null;
  /** Lines that the page left out by itself. */
  thinned = 0;
  /** One more than the last place that was saved to a file. */
  #savedEnd = 0;
  /** The entry that was asked for: one line may say that several are committed. */
  #entry: number | null = null;
  /** Whose line was chosen among the lines: its machine is looked at until one goes elsewhere. */
  #lineNode: string | null = null;
  readonly #matches = new FilteredPlaces();
  #folds: FoldHistory | null = null;
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  looked({ header, lines }: Looked): void {
    this.cluster = header.clusterId;
    if (this.source !== 'live' || this.book === null) return;
    if (this.book.header.clusterId !== header.clusterId && this.book.header !== EMPTY_HEADER) {
      const { follows } = this;
      this.#open(new TraceBook(header, LIVE_BOUNDS), 'live');
      this.follows = follows;
      this.problem = {
        title: 'Another cluster',
        detail: 'The node belongs to it now: what is shown begins with that.',
      };
    } else this.book.header = header;
    this.book.append(this.#thin(lines));
    if (this.follows) this.place = Math.max(0, this.book.end - 1);
    this.place = Math.max(this.place, this.book.first);
    this.#changed();
  }

  /** Nothing is drawn for lines that nobody could read; that they came is said. */
  #thin(lines: readonly TraceLine[]): readonly TraceLine[] {
    if (lines.length <= LINES_PER_LOOK_MAX) return lines;
    const kept: TraceLine[] = [];
    const left = new Map<string, { atMs: number; lines: number }>();
    const share = LINES_PER_LOOK_MAX / lines.length;
    let credit = 0;
    for (const line of lines) {
      credit += share;
      const tells = line.what !== 'step' || line.wrote !== undefined || line.before?.role !== undefined;
      if (credit >= 1 || (tells && kept.length < LINES_PER_LOOK_MAX)) {
        kept.push(line);
        credit = Math.max(0, credit - 1);
      } else {
        const of = left.get(line.node ?? '') ?? { atMs: line.atMs, lines: 0 };
        left.set(line.node ?? '', { atMs: line.atMs, lines: of.lines + 1 });
      }
    }
    for (const [node, { atMs, lines: count }] of left) {
      this.thinned += count;
      kept.push({ what: 'gap', atMs, node, lines: count });
    }
    return kept;
  }

  troubled(problem: Problem | null): void {
    this.trouble = problem;
    this.#changed();
  }

  watch(): void {
    this.#open(new TraceBook(EMPTY_HEADER, LIVE_BOUNDS), 'live');
    this.follows = true;
    this.#changed();
  }

  /** Several at once are the traces of the nodes of one cluster, put together by time. */
  openFiles(files: readonly TraceFile[]): void {
    const problems: string[] = [];
    let header: TraceHeader | null = null;
    let lines: readonly TraceLine[] = [];
    const together = (one: TraceHeader | null, more: TraceHeader): TraceHeader =>
      one === null ? more : { ...one, nodes: [...new Set([...one.nodes, ...more.nodes])] };
    for (const { name, text } of files) {
      const read = text === null ? { header: null, problem: TOO_LARGE } : readTrace(text);
      const said = (problem: string): string => (files.length === 1 ? problem : `${isolated(name)}: ${problem}`);
      if (read.problem !== null) problems.push(said(read.problem));
      if (read.header === null) continue;
      if (header !== null && header.clusterId !== read.header.clusterId) {
        problems.push(
          said(`it is of cluster ${read.header.clusterId}, and the first of ${header.clusterId}: left out.`),
        );
        continue;
      }
      header = together(header, read.header);
      lines = merged([lines, read.lines]);
    }
    if (header !== null) {
      if (header.source === 'live' && this.cluster !== null && header.clusterId !== this.cluster) {
        problems.push(
          `This trace is of another cluster, ${header.clusterId}. This page comes from ${this.cluster}; what is shown is the file alone.`,
        );
      }
      const book = new TraceBook(header, FILE_BOUNDS);
      book.append(lines);
      this.#open(book, 'file');
      // What went wrong is at the end, as a rule.
      this.place = Math.max(book.first, book.end - 1);
      this.name = named(files);
    } else problems.push(this.#stillShown());
    const title = header === null ? `Not opened: ${named(files)}` : 'This trace is not whole, or not of here';
    this.problem = files.length === 0 || problems.length === 0 ? null : { title, detail: problems.join(' ').trim() };
    this.#changed();
  }

  #stillShown(): string {
    if (this.book === null) return '';
    return this.source === 'live' ? 'What is shown is the cluster, as before.' : `What is shown is still ${this.name}.`;
  }

  #open(book: TraceBook, source: 'live' | 'file'): void {
    this.book = book;
    this.source = source;
    this.#folds = new FoldHistory(book);
    this.problem = null;
    this.trouble = null;
    this.thinned = 0;
    this.#savedEnd = 0;
    this.place = book.first;
    this.#entry = null;
    this.follows = false;
    this.isPlaying = false;
    this.filter = ALL;
    this.chosenNode = null;
    this.#lineNode = null;
    this.task = null;
  }

  /** The trace as a file has it. */
  saved(): { readonly name: string; readonly text: string } | null {
    const { book } = this;
    if (book === null) return null;
    const lines: TraceLine[] = [];
    for (let place = book.first; place < book.end; place += 1) {
      const line = book.line(place);
      if (line !== undefined) lines.push(line);
    }
    this.#savedEnd = book.end;
    const cluster = book.header.clusterId.replace(/[^a-z0-9-]+/gi, '-');
    return { name: `xcron-trace-${cluster}.jsonl`, text: writeTrace(book.header, lines) };
  }

  /** What is lost where another trace takes the place of this one: lines that are nowhere else. */
  get unsavedLines(): number {
    const { book, source } = this;
    return book === null || source !== 'live' ? 0 : book.end - Math.max(book.first, this.#savedEnd);
  }

  get matches(): readonly number[] {
    return this.book === null ? [] : this.#matches.of(this.book, this.filter);
  }

  set(change: Partial<Pick<Debugger, 'filter' | 'chosenNode' | 'task' | 'speed'>>): void {
    Object.assign(this, change);
    if (change.chosenNode !== undefined) this.#lineNode = null;
    this.#changed();
  }

  /** Stays at a line: whoever looks at one does not want it to move away. */
  goTo(place: number): void {
    if (this.book === null) return;
    this.#lineNode = null;
    this.follows = false;
    this.isPlaying = false;
    this.#entry = null;
    this.place = Math.min(Math.max(place, this.book.first), Math.max(this.book.first, this.book.end - 1));
    this.#changed();
  }

  /** The machines are then those of the node that the line is of. */
  goToLine(place: number): void {
    this.goTo(place);
    const node = this.book?.line(this.place)?.node ?? null;
    this.#lineNode = node !== null && this.book?.nodes.includes(node) ? node : null;
  }

  follow(): void {
    if (this.book === null) return;
    this.#lineNode = null;
    this.follows = true;
    this.isPlaying = false;
    this.#entry = null;
    this.place = Math.max(this.book.first, this.book.end - 1);
    this.#changed();
  }

  pause(): void {
    this.follows = false;
    this.isPlaying = false;
    this.#changed();
  }

  get node(): string | null {
    return this.#lineNode ?? this.chosenNode ?? (this.book === null ? null : leaderAt(this.book, this.place));
  }

  /** Position among the committed entries; -1 before the first. */
  get position(): number {
    return this.#entry ?? this.book?.committedAt(this.place) ?? -1;
  }

  goToEntry(position: number): void {
    const entry = this.book?.committed[position];
    if (entry === undefined) return;
    this.follows = false;
    this.isPlaying = false;
    this.#stand(position, entry.place);
    this.#changed();
  }

  #stand(position: number, place: number): void {
    this.place = place;
    this.#entry = position;
    this.#lineNode = null;
  }

  play(): void {
    if (this.book === null) return;
    this.follows = false;
    if (this.position >= this.book.committed.length - 1) this.#stand(0, this.book.committed[0]?.place ?? this.place);
    this.isPlaying = true;
    this.#changed();
  }

  /** One entry on; called as often as the speed says. */
  tick(): void {
    if (!this.isPlaying || this.book === null) return;
    const next = this.position + 1;
    const entry = this.book.committed[next];
    if (entry === undefined) this.isPlaying = false;
    else this.#stand(next, entry.place);
    this.#changed();
  }

  get folded(): FoldedAt | null {
    return this.#folds?.at(this.position) ?? null;
  }
}

const named = (files: readonly TraceFile[]): string => files.map(({ name }) => isolated(name)).join(', ');

const EMPTY_HEADER: TraceHeader = {
  format: 'xcron-trace',
  version: 1,
  source: 'live',
  clusterId: '',
  nodes: [],
  made: '',
};

/** Of those that lead, or think so, the one of the latest term; without any, the first node. */
function leaderAt(book: TraceBook, place: number): string | null {
  const steps = book.nodes.map((node) => book.stepAt(node, place)).filter((step) => step !== null);
  const [leader] = steps.filter(({ role }) => role === 'leader').sort((one, other) => other.term - one.term);
  return leader?.node ?? book.nodes[0] ?? null;
}
