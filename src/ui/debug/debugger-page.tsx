import { useEffect, useErrorBoundary, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { isAlone } from '../alone.ts';
import type { Page } from '../page.ts';
import { Button } from '../parts/button.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Notice } from '../parts/notice.tsx';
import { Shell } from '../parts/shell.tsx';
import { Chart, useDragging } from './chart.tsx';
import { charts } from './charts.ts';
import { Debugger, FILE_BYTES_MAX } from './debugger.ts';
import { Detail } from './detail.tsx';
import { placeOf } from './drawn-chart.ts';
import { EventList } from './event-list.tsx';
import { Lanes } from './lanes.tsx';
import { LeaveDialog } from './leave-dialog.tsx';
import { type Leaving, whatIsLeft } from './leaving.ts';
import { Projection } from './projection.tsx';
import { Scrubber } from './scrubber.tsx';
import { useGuardedWaysOut } from './use-guarded-ways-out.ts';
import { watchTraces } from './watching.ts';
import { litBy } from './what-is-lit.ts';
import { whyNothingIsLit } from './why-not-lit.ts';

/** Drawn again at most this often, however much happens: more than a person sees. */
const DRAW_EVERY_MS = 100;

/** What is open changes far more often than anybody can see it. */
function useDebugger(): Debugger {
  const [, redraw] = useState(0);
  const kept = useRef<Debugger | null>(null);
  if (kept.current === null) {
    let planned = false;
    let drawnMs = 0;
    kept.current = new Debugger(() => {
      if (planned) return;
      planned = true;
      const waitMs = Math.max(0, drawnMs + DRAW_EVERY_MS - performance.now());
      setTimeout(() => {
        planned = false;
        drawnMs = performance.now();
        redraw((times) => times + 1);
      }, waitMs);
    });
  }
  return kept.current;
}

export function DebuggerPage({ page }: { readonly page: Page }) {
  const debug = useDebugger();
  const [leaving, setLeaving] = useState<Leaving | null>(null);
  const isLive = debug.source === 'live';
  useDropping(debug, setLeaving);
  useGuardedWaysOut(debug, setLeaving);
  useEffect(() => {
    if (!isLive) return;
    const events = { looked: debug.looked.bind(debug), trouble: debug.troubled.bind(debug) };
    return watchTraces(page.client, events, () => document.hidden).stop;
  }, [isLive, debug, page]);
  useEffect(() => {
    if (!debug.isPlaying) return;
    const timer = setInterval(() => debug.tick(), 1_000 / debug.speed);
    return () => clearInterval(timer);
  }, [debug.isPlaying, debug.speed, debug]);
  return (
    <Shell session={page.session} section="debugger" wide>
      <div class="debugger">
        <Top debug={debug} leave={setLeaving} />
        <Said debug={debug} />
        {debug.book === null ? <Nothing debug={debug} /> : <Open debug={debug} book={debug.book} />}
        {leaving === null ? null : (
          <LeaveDialog debug={debug} leaving={leaving} onClose={() => setLeaving(null)} save={() => save(debug)} />
        )}
      </div>
    </Shell>
  );
}

/** A file may hold what no node says: then that is said, and the page stays. */
function Open({ debug, book }: { readonly debug: Debugger; readonly book: NonNullable<Debugger['book']> }) {
  const [undrawn, drawAgain] = useErrorBoundary();
  const undrawnOf = useRef<typeof book | null>(null);
  undrawnOf.current = undrawn === undefined ? null : (undrawnOf.current ?? book);
  const isAnother = undrawnOf.current !== null && undrawnOf.current !== book;
  useEffect(() => {
    if (isAnother) drawAgain();
  }, [isAnother, drawAgain]);
  if (undrawn !== undefined && !isAnother) {
    const toTheBeginning = (): void => {
      debug.goTo(book.first);
      drawAgain();
    };
    return (
      <Notice kind="bad" title="This place of the trace cannot be drawn">
        It holds what no node says: the file is damaged. <Button onClick={toTheBeginning}>Go to its beginning</Button>
      </Notice>
    );
  }
  return (
    <>
      <Lanes debug={debug} book={book} />
      <Scrubber debug={debug} book={book} />
      <div class="panes">
        <Machines debug={debug} />
        <EventList debug={debug} book={book} />
        <div class="details">
          <Detail debug={debug} book={book} />
          <Projection debug={debug} />
        </div>
      </div>
    </>
  );
}

function Machines({ debug }: { readonly debug: Debugger }) {
  const [name, setName] = useState('raft-role');
  // On a phone the whole would be too small to read.
  const [whole, setWhole] = useState(innerWidth > 700);
  const dragging = useDragging();
  const box = useRef<HTMLElement>(null);
  const lit = litBy(name, debug);
  const chart = charts.find((one) => one.name === name);
  // Of a drawing that is larger than its place, the part that is lit is in view; while nothing is, where the machine begins.
  useLayoutEffect(() => {
    if (whole || chart === undefined || box.current === null) return;
    const { clientWidth, clientHeight } = box.current;
    const { x, y, width, height } = placeOf(chart, lit.state);
    box.current.scrollLeft = x + (width - clientWidth) / 2;
    box.current.scrollTop = y + (height - clientHeight) / 2;
  }, [chart, lit.state, whole]);
  if (chart === undefined) return null;
  const why = lit.state === null && debug.book !== null ? whyNothingIsLit(name, debug.book.header, debug) : null;
  const whose = name === 'raft-role' || name === 'node' ? debug.node : debug.task;
  return (
    <section class="card machines" aria-label="Machines">
      <div class="tabs" role="tablist" aria-label="Machines">
        {charts.map((one) => (
          <button
            key={one.name}
            type="button"
            role="tab"
            id={`tab-${one.name}`}
            aria-selected={one.name === name}
            aria-controls="machine"
            tabIndex={one.name === name ? 0 : -1}
            onClick={() => setName(one.name)}
            onKeyDown={(event) => {
              const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
              const to = charts[(charts.indexOf(one) + by + charts.length) % charts.length];
              if (by === 0 || to === undefined) return;
              setName(to.name);
              document.getElementById(`tab-${to.name}`)?.focus();
            }}
          >
            {one.name}
          </button>
        ))}
      </div>
      <div class="machine" id="machine" role="tabpanel" aria-labelledby={`tab-${name}`}>
        <div class="machine-said">
          <span>
            {whose === null ? '' : `${whose}: `}
            <strong>{lit.state ?? 'not known yet'}</strong>
            {lit.move === null ? '' : ` after ${lit.move.event}${lit.refused ? ', which was refused' : ''}`}
          </span>
          <Button kind="plain" pressed={whole} onClick={() => setWhole(!whole)}>
            Fit
          </Button>
        </div>
        {why === null ? null : <p class="quiet small">{why}</p>}
        <section
          ref={box}
          class={whole ? 'chart-fit' : 'chart-free'}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is to be scrolled by keys as well
          tabIndex={0}
          aria-label="Drawing"
          {...dragging}
        >
          <Chart chart={chart} lit={lit} />
        </section>
      </div>
    </section>
  );
}

interface TopProps {
  readonly debug: Debugger;
  readonly leave: (leaving: Leaving) => void;
}

function Top({ debug, leave }: TopProps) {
  const { book } = debug;
  return (
    <div class="title-row">
      <div>
        <h1>Debugger</h1>
        <p class="quiet small">
          {book === null
            ? 'What consensus is thinking, step by step'
            : debug.source === 'live'
              ? `Live: cluster ${book.header.clusterId || '…'}`
              : `${debug.name}: ${book.header.clusterId}, ${book.header.made}`}
        </p>
      </div>
      <div class="buttons">
        {debug.source === 'live' || isAlone ? null : (
          <Button kind="main" onClick={() => watch(debug, leave)}>
            Watch the cluster
          </Button>
        )}
        <OpenFile debug={debug} leave={leave} />
        {book === null ? null : <Button onClick={() => save(debug)}>Save</Button>}
      </div>
    </div>
  );
}

function watch(debug: Debugger, leave: TopProps['leave']): void {
  const go = (): void => debug.watch();
  if (whatIsLeft(debug) === null) go();
  else leave({ word: 'Watch the cluster', go });
}

function OpenFile({ debug, leave }: TopProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        class="unseen"
        type="file"
        multiple
        tabIndex={-1}
        aria-label="Trace file"
        onChange={(event) => {
          void openFiles(debug, leave, event.currentTarget.files);
          event.currentTarget.value = '';
        }}
      />
      <Button onClick={() => input.current?.click()}>Open a file</Button>
    </>
  );
}

async function openFiles(debug: Debugger, leave: TopProps['leave'], files: FileList | null | undefined): Promise<void> {
  if (files === null || files === undefined || files.length === 0) return;
  const textOf = async (file: File): Promise<string | null> => (file.size > FILE_BYTES_MAX ? null : file.text());
  const read = await Promise.all([...files].map(async (file) => ({ name: file.name, text: await textOf(file) })));
  const go = (): void => debug.openFiles(read);
  // One file in the place of another is what was asked for.
  if (debug.unsavedLines === 0) go();
  else leave({ word: 'Open the file', go });
}

/** On all of the window: what is dropped beside the page, the browser would show in its place. */
function useDropping(debug: Debugger, leave: TopProps['leave']): void {
  useEffect(() => {
    const over = (event: DragEvent): void => event.preventDefault();
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      void openFiles(debug, leave, event.dataTransfer?.files);
    };
    document.addEventListener('dragover', over);
    document.addEventListener('drop', drop);
    return () => {
      document.removeEventListener('dragover', over);
      document.removeEventListener('drop', drop);
    };
  }, [debug, leave]);
}

function save(debug: Debugger): void {
  const saved = debug.saved();
  if (saved === null) return;
  const url = URL.createObjectURL(new Blob([saved.text], { type: 'application/jsonl' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = saved.name;
  link.click();
  URL.revokeObjectURL(url);
}

/** What is not as it should be, and what is not shown. */
function Said({ debug }: { readonly debug: Debugger }) {
  const { book, trouble, problem } = debug;
  const away = book?.skipped ?? 0;
  const lines = book?.unseen.lines ?? 0;
  const nodes = [...(book?.unseen.nodes ?? [])].sort();
  return (
    <>
      {problem === null ? null : (
        <Notice kind="warn" title={problem.title}>
          {problem.detail}
        </Notice>
      )}
      {trouble === null ? null : (
        <Notice kind="bad" title={trouble.title}>
          {trouble.detail}
        </Notice>
      )}
      {nodes.length === 0 ? null : (
        <Notice kind="quiet" title={`Not known: what ${nodes.join(', ')} did for a while`}>
          {nodes.length === 1 ? 'It was' : 'They were'} not seen, as somebody did not answer.
          {lines === 0 ? '' : ` At least ${lines.toLocaleString('en')} lines came and went meanwhile.`} The lanes say
          when that was.
        </Notice>
      )}
      {away === 0 ? null : (
        <Notice kind="quiet" title={`A sample: ${away.toLocaleString('en')} lines were passed over`}>
          {debug.source === 'live'
            ? 'The nodes did more than a page can show. '
            : 'There were more than could be carried. '}
          Roles, terms and indices are those of the lines that are here; “passed over” stands in the trace where some
          are missing.
        </Notice>
      )}
      {book === null || book.dropped === 0 ? null : (
        <p class="quiet small">The oldest {book.dropped.toLocaleString('en')} lines are not kept any more.</p>
      )}
    </>
  );
}

function Nothing({ debug }: { readonly debug: Debugger }) {
  return (
    <div class="card">
      <EmptyState title={debug.problem === null ? 'No trace is open' : 'That file could not be opened'}>
        <p>
          {isAlone
            ? 'Open a trace that was saved in the debugger of a node, '
            : 'Watch this cluster live: its nodes write down what consensus is told and answers for as long as somebody looks, and no longer. Or open a trace that was saved here, '}
          printed by <code>xcron cluster read-trace</code>, or written by the simulator:
        </p>
        <pre>npm run sim -- --seed 42 --trace seed-42.jsonl</pre>
        <p>You can drop a file anywhere on this page. It stays in this browser.</p>
      </EmptyState>
    </div>
  );
}
