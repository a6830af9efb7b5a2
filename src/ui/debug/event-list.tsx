import { useEffect, useRef, useState } from 'preact/hooks';
import type { TraceLine } from '../../trace/format.ts';
import type { TraceBook } from '../../trace/trace-book.ts';
import { ALL, type Filter, inWords } from '../../trace/what-happened.ts';
import { Button } from '../parts/button.tsx';
import { Field } from '../parts/field.tsx';
import type { Debugger } from './debugger.ts';
import { clockOf } from './instants.ts';

/** The trace, line by line. Only the rows that are seen are there: a trace has up to a million. */

const ROW_PX = 26;
const ROWS_AROUND = 6;
/** No browser scrolls further: of more rows the last are shown, and a filter brings the others. */
const ROWS_MAX = 600_000;

const KINDS: readonly (readonly [value: string, title: string])[] = [
  ['role', 'change of role'],
  ['refused', 'refused by a guard'],
  ['entry', 'entries written'],
  ['attempt', 'step of an attempt'],
  ['node', 'life of a node'],
  ['note', 'what the world did'],
  ['append', 'append'],
  ['appended', 'appended'],
  ['append-refused', 'append-refused'],
  ['heartbeat', 'heartbeat'],
  ['heartbeat-answer', 'heartbeat-answer'],
  ['pre-vote', 'pre-vote'],
  ['pre-vote-answer', 'pre-vote-answer'],
  ['vote', 'vote'],
  ['vote-answer', 'vote-answer'],
  ['timeout-now', 'timeout-now'],
  ['read-index', 'read-index'],
  ['read-index-answer', 'read-index-answer'],
  ['snapshot-chunk', 'snapshot-chunk'],
  ['snapshot-received', 'snapshot-received'],
];

export function EventList({ debug, book }: { readonly debug: Debugger; readonly book: TraceBook }) {
  const matches = debug.matches;
  const shown = matches.slice(-ROWS_MAX);
  return (
    <section class="card trace" aria-label="Trace">
      <div class="trace-head">
        <h2>Trace</h2>
        <span class="quiet small">
          {matches.length === book.end - book.first
            ? `${count(matches.length)} lines`
            : `${count(matches.length)} of ${count(book.end - book.first)} lines`}
          {matches.length > shown.length ? `, the last ${count(ROWS_MAX)} are listed` : ''}
        </span>
      </div>
      <Filters debug={debug} book={book} />
      <Rows debug={debug} book={book} places={shown} />
    </section>
  );
}

const count = (number: number): string => number.toLocaleString('en');

function Filters({ debug, book }: { readonly debug: Debugger; readonly book: TraceBook }) {
  const { filter } = debug;
  const change = (part: Partial<Filter>): void => {
    const next = { ...filter, ...part };
    debug.set({ filter: JSON.stringify(next) === JSON.stringify(ALL) ? ALL : next });
  };
  return (
    <form class="trace-filters" aria-label="Filter" onSubmit={(event) => event.preventDefault()}>
      <Field label="Node">
        {(control) => (
          <select
            {...control}
            value={filter.node ?? ''}
            onChange={(event) => change({ node: event.currentTarget.value || null })}
          >
            <option value="">all</option>
            {book.nodes.map((node) => (
              <option key={node}>{node}</option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Kind">
        {(control) => (
          <select
            {...control}
            value={filter.kind ?? ''}
            onChange={(event) => change({ kind: event.currentTarget.value || null })}
          >
            <option value="">all</option>
            {KINDS.map(([value, title]) => (
              <option key={value} value={value}>
                {title}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Term">
        {(control) => (
          <input
            {...control}
            inputMode="numeric"
            value={filter.term ?? ''}
            onInput={(event) =>
              change({ term: /^\d+$/.test(event.currentTarget.value) ? Number(event.currentTarget.value) : null })
            }
          />
        )}
      </Field>
      <Field label="Task">
        {(control) => (
          <input
            {...control}
            placeholder="its id"
            value={filter.task}
            onInput={(event) => change({ task: event.currentTarget.value.trim() })}
          />
        )}
      </Field>
      {filter === ALL ? null : (
        <Button kind="plain" onClick={() => debug.set({ filter: ALL })}>
          Show all
        </Button>
      )}
    </form>
  );
}

interface RowsProps {
  readonly debug: Debugger;
  readonly book: TraceBook;
  readonly places: readonly number[];
}

function Rows({ debug, book, places }: RowsProps) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(400);
  const chosen = positionOf(places, debug.place);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  // Wherever one goes by slider, lane or key, the line is in view.
  useEffect(() => {
    const element = box.current;
    if (element === null || chosen < 0) return;
    const at = chosen * ROW_PX;
    if (debug.follows) element.scrollTop = places.length * ROW_PX;
    else if (at < element.scrollTop || at + ROW_PX > element.scrollTop + element.clientHeight)
      element.scrollTop = Math.max(0, at - element.clientHeight / 2);
  }, [debug.place, debug.follows, places.length, chosen]);
  // A filter may leave fewer rows than one had scrolled over.
  const above = Math.min(Math.floor(top / ROW_PX), places.length - Math.floor(height / ROW_PX));
  const first = Math.max(0, above - ROWS_AROUND);
  const last = Math.min(places.length, Math.max(0, above) + Math.ceil(height / ROW_PX) + 1 + ROWS_AROUND);
  const goBy = (rows: number): void => {
    const to = places[Math.min(places.length - 1, Math.max(0, chosen + rows))];
    if (to !== undefined) debug.goToLine(to);
  };
  const active = places[chosen];
  return (
    <div
      class="rows"
      ref={box}
      role="listbox"
      aria-label="Lines of the trace"
      aria-activedescendant={active === debug.place ? `line-${active}` : undefined}
      tabIndex={0}
      onClick={(event) => {
        const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-place]') : null;
        if (row !== null) debug.goToLine(Number(row.dataset.place));
      }}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      onKeyDown={(event) => {
        const by = KEYS[event.key];
        if (by === undefined) return;
        event.preventDefault();
        goBy(by);
      }}
    >
      <div style={{ height: `${first * ROW_PX}px` }} />
      {places.slice(first, last).map((place) => {
        const line = book.line(place);
        return line === undefined ? null : (
          <Row key={place} {...{ book, line, place }} chosen={place === debug.place} />
        );
      })}
      <div style={{ height: `${(places.length - last) * ROW_PX}px` }} />
    </div>
  );
}

const KEYS: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: 15,
  PageUp: -15,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

interface RowProps {
  readonly book: TraceBook;
  readonly line: TraceLine;
  readonly place: number;
  readonly chosen: boolean;
}

function Row({ book, line, place, chosen }: RowProps) {
  const isStep = line.what === 'step';
  return (
    <div
      id={`line-${place}`}
      class={`row row-${line.what}`}
      role="option"
      aria-selected={chosen}
      tabIndex={-1}
      data-place={place}
    >
      <span class="row-time">{clockOf(book, line.atMs)}</span>
      <span class="row-node">{line.node ?? 'world'}</span>
      <span class={`row-role${isStep ? ` role-${line.role}` : ''}`}>
        {isStep ? `${SHORT[line.role]} ${line.term}` : ''}
      </span>
      <span class="row-words">{inWords(line)}</span>
    </div>
  );
}

const SHORT: Readonly<Record<string, string>> = {
  recovering: 'recov',
  learner: 'learn',
  follower: 'follow',
  preCandidate: 'precand',
  candidate: 'cand',
  leader: 'leader',
  removed: 'removed',
};

/** Of the place, or of the last line before it that is shown. */
function positionOf(places: readonly number[], place: number): number {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((places[middle] ?? 0) <= place) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
