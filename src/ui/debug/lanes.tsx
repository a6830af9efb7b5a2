import type { NoteLine, StepLine, TraceLine } from '../../trace/format.ts';
import { isAwayAt, type Outage, outagesOf } from '../../trace/outages.ts';
import type { TraceBook } from '../../trace/trace-book.ts';
import type { Debugger } from './debugger.ts';
import { clockOf } from './instants.ts';
import { timeByKey } from './track-keys.ts';

/** A lane a node: how it stands, and below that its roles along the time that is shown. */

const LIVE_WINDOW_MS = 60_000;
const NOTES_SHOWN = 60;

export function Lanes({ debug, book }: { readonly debug: Debugger; readonly book: TraceBook }) {
  const nowMs = book.line(debug.place)?.atMs ?? book.lastMs;
  const [fromMs, toMs] = windowOf(debug, book, nowMs);
  return (
    <section class="card lanes" aria-label="Nodes">
      {book.nodes.length === 0 ? <p class="quiet lanes-none">Waiting for the first lines …</p> : null}
      {book.nodes.map((node) => (
        <Lane key={node} {...{ debug, book, node, fromMs, toMs, nowMs }} />
      ))}
      <div class="lane-axis small quiet" aria-hidden="true">
        <span>{clockOf(book, fromMs)}</span>
        <span>{clockOf(book, toMs)}</span>
      </div>
    </section>
  );
}

/** A request that left is no event of the node's own life. */
const isMarked = (line: TraceLine | undefined): line is NoteLine => line?.what === 'note' && line.kind !== 'sent';

function windowOf(debug: Debugger, book: TraceBook, nowMs: number): readonly [number, number] {
  if (debug.source === 'file') return [book.firstMs, Math.max(book.lastMs, book.firstMs + 1)];
  const toMs = debug.follows
    ? book.lastMs
    : Math.max(nowMs + LIVE_WINDOW_MS / 4, Math.min(book.lastMs, nowMs + LIVE_WINDOW_MS));
  return [toMs - LIVE_WINDOW_MS, toMs];
}

interface LaneProps {
  readonly debug: Debugger;
  readonly book: TraceBook;
  readonly node: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly nowMs: number;
}

function Lane({ debug, book, node, fromMs, toMs, nowMs }: LaneProps) {
  const step = book.stepAt(node, debug.place);
  const outages = outagesOf(book, node);
  const gone = outages.find((outage) => isAwayAt(outage, debug.place)) ?? null;
  const share = (atMs: number): number => (100 * (atMs - fromMs)) / (toMs - fromMs);
  const spans = book.spansOf(node).map((span, at, all) => {
    const left = Math.max(0, share(span.fromMs));
    const right = Math.min(100, share(all[at + 1]?.fromMs ?? toMs));
    return { ...span, left, width: right - left };
  });
  const notes = book.notes
    .filter((place) => {
      const line = book.line(place);
      return isMarked(line) && line.node === node && line.atMs >= fromMs && line.atMs <= toMs;
    })
    .slice(-NOTES_SHOWN);
  return (
    <div class={`lane${node === debug.node ? ' lane-chosen' : ''}`} data-node={node}>
      <button
        type="button"
        class="lane-name"
        aria-pressed={node === debug.chosenNode}
        onClick={() => debug.set({ chosenNode: node === debug.chosenNode ? null : node })}
      >
        {node}
      </button>
      <div class="lane-state">
        <RoleBadge role={step?.role ?? null} gone={gone} />
        {step === null ? <span class="quiet small">nothing heard yet</span> : <Numbers step={step} />}
      </div>
      <div
        class="lane-track"
        role="slider"
        tabIndex={0}
        aria-label={`Along the time of ${node}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(Math.min(100, Math.max(0, share(nowMs))))}
        aria-valuetext={said(step, gone, clockOf(book, nowMs))}
        onClick={(event) => debug.goTo(book.placeOf(atMs(event, fromMs, toMs)))}
        onKeyDown={(event) => {
          const to = timeByKey(event.key, nowMs, fromMs, toMs);
          if (to === null) return;
          event.preventDefault();
          debug.goTo(book.placeOf(to));
        }}
      >
        {spans
          .filter(({ width, left }) => width > 0 && left < 100)
          .map(({ from, role, term, left, width }) => (
            <span
              key={from}
              class={`span span-${role}`}
              style={{ left: `${left}%`, width: `${width}%` }}
              title={`${role}, term ${term}`}
            >
              {width > 7 ? `${role} · ${term}` : ''}
            </span>
          ))}
        {outages
          .map((outage) => ({
            ...outage,
            left: Math.max(0, share(outage.fromMs)),
            right: Math.min(100, share(outage.toMs ?? toMs)),
          }))
          .filter(({ left, right }) => left < 100 && right > left)
          .map(({ from, kind, left, right }) => (
            <span
              key={from}
              class="span span-gone"
              style={{ left: `${left}%`, width: `${right - left}%` }}
              title={`${node} ${kind}: what it did is not known`}
            >
              {right - left > 7 ? kind : ''}
            </span>
          ))}
        {notes.map((place) => {
          const line = book.line(place);
          if (!isMarked(line)) return null;
          return <span key={place} class="lane-note" style={{ left: `${share(line.atMs)}%` }} title={line.kind} />;
        })}
        {nowMs >= fromMs ? <span class="lane-now" style={{ left: `${Math.min(100, share(nowMs))}%` }} /> : null}
      </div>
      {step?.peers === undefined || gone !== null ? null : <Peers peers={step.peers} />}
    </div>
  );
}

/** For whoever does not see the lane. */
function said(step: StepLine | null, gone: Outage | null, time: string): string {
  if (gone !== null) return `${time}, ${gone.kind}`;
  return step === null ? time : `${time}, ${step.role}, term ${step.term}`;
}

function atMs(event: MouseEvent & { readonly currentTarget: HTMLElement }, fromMs: number, toMs: number): number {
  const { left, width } = event.currentTarget.getBoundingClientRect();
  return fromMs + ((event.clientX - left) / width) * (toMs - fromMs);
}

function RoleBadge({ role, gone }: { readonly role: string | null; readonly gone: Outage | null }) {
  if (gone !== null) return <span class="badge badge-bad">{gone.kind}</span>;
  if (role === null) return null;
  const kind = role === 'leader' ? 'accent' : role === 'follower' ? '' : 'warn';
  return <span class={`badge badge-${kind}`}>{role}</span>;
}

function Numbers({ step }: { readonly step: StepLine }) {
  return (
    <dl class="numbers">
      {(
        [
          ['term', step.term],
          ['commit', step.commit],
          ['applied', step.applied],
          ['last', step.last],
        ] as const
      ).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Peers({ peers }: { readonly peers: NonNullable<StepLine['peers']> }) {
  return (
    <ul class="peers small">
      {Object.entries(peers).map(([name, { state, match, next, inFlight }]) => (
        <li key={name}>
          <strong>{name}</strong> {state} · match {match} · next {next} · {inFlight} in flight
        </li>
      ))}
    </ul>
  );
}
