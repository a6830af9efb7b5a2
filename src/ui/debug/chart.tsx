import { useRef } from 'preact/hooks';
import type { DrawnArrow, DrawnChart, DrawnLine, DrawnState } from './drawn-chart.ts';
import type { Lit } from './lit.ts';

export function Chart({ chart, lit }: { readonly chart: DrawnChart; readonly lit: Lit }) {
  const { move } = lit;
  const isTaken = (arrow: DrawnArrow): boolean =>
    move !== null &&
    !lit.refused &&
    arrow.to === move.to &&
    (arrow.from === move.from || (arrow.from === '' && !hasOwnArrow(chart, move.from, move.to))) &&
    move.from !== move.to;
  const said = lit.state === null ? 'not known yet' : lit.state;
  return (
    <figure class="chart">
      <svg
        viewBox={`0 0 ${chart.width} ${chart.height}`}
        width={chart.width}
        height={chart.height}
        role="img"
        aria-label={`Statechart of ${chart.name}: ${chart.states.map(({ title }) => title).join(', ')}. Now: ${said}.`}
      >
        <defs>
          <marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">
            <path d="M0 0 10 5 0 10z" class="chart-head" />
          </marker>
          <marker id="head-lit" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="6" markerHeight="6" orient="auto">
            <path d="M0 0 10 5 0 10z" class="chart-head-lit" />
          </marker>
        </defs>
        <circle cx={chart.start.x} cy={chart.start.y} r={5} class="chart-start" />
        {chart.arrows.map((arrow) => (
          <Arrow key={`${arrow.from}→${arrow.to}`} arrow={arrow} taken={isTaken(arrow)} lit={lit} />
        ))}
        {chart.states.map((state) => (
          <State key={state.id} state={state} lit={lit} />
        ))}
      </svg>
    </figure>
  );
}

const hasOwnArrow = (chart: DrawnChart, from: string, to: string): boolean =>
  chart.arrows.some((arrow) => arrow.from === from && arrow.to === to);

function Arrow({ arrow, taken, lit }: { readonly arrow: DrawnArrow; readonly taken: boolean; readonly lit: Lit }) {
  return (
    <g class={taken ? 'chart-arrow chart-arrow-lit' : 'chart-arrow'}>
      <path d={arrow.path} marker-end="url(#head)" />
      {taken ? (
        <path key={lit.key} d={arrow.path} class="chart-run" pathLength={1} marker-end="url(#head-lit)" />
      ) : null}
      <Lines lines={arrow.lines} event={taken ? (lit.move?.event ?? null) : null} />
    </g>
  );
}

function State({ state, lit }: { readonly state: DrawnState; readonly lit: Lit }) {
  const isLit = state.id !== '' && state.id === lit.state;
  const stays = lit.move !== null && lit.move.from === lit.move.to && lit.move.to === state.id;
  const kind = state.id === '' ? ' chart-any' : state.isFinal ? ' chart-final' : '';
  return (
    <g class={`chart-state${kind}${isLit ? ' chart-state-lit' : ''}`} data-state={state.id} data-lit={isLit}>
      <title>{state.description}</title>
      <rect x={state.x} y={state.y} width={state.width} height={state.height} rx={state.isFinal ? 14 : 7} />
      <text x={state.x + 10} y={state.y + (state.id === '' ? 17 : 18)} class="chart-title">
        {state.title}
      </text>
      <Lines lines={state.lines} event={stays ? (lit.move?.event ?? null) : null} refused={lit.refused} />
    </g>
  );
}

interface LinesProps {
  readonly lines: readonly DrawnLine[];
  /** The one that is lit. */
  readonly event: string | null;
  readonly refused?: boolean;
}

function Lines({ lines, event, refused = false }: LinesProps) {
  return (
    <>
      {lines.map((line) => (
        <text
          key={`${line.event} ${line.text}`}
          x={line.x}
          y={line.y}
          class={
            line.event !== null && line.event === event ? (refused ? 'chart-line-no' : 'chart-line-lit') : undefined
          }
        >
          {line.text}
        </text>
      ))}
    </>
  );
}

/** A drawing that is larger than its place is moved by dragging, as a map is. */
export function useDragging() {
  const held = useRef<{ x: number; y: number; left: number; top: number } | null>(null);
  return {
    onPointerDown(event: PointerEvent & { readonly currentTarget: HTMLElement }) {
      if (event.pointerType !== 'mouse') return;
      const { scrollLeft, scrollTop } = event.currentTarget;
      held.current = { x: event.clientX, y: event.clientY, left: scrollLeft, top: scrollTop };
    },
    onPointerMove(event: PointerEvent & { readonly currentTarget: HTMLElement }) {
      if (held.current === null) return;
      event.currentTarget.scrollLeft = held.current.left - event.clientX + held.current.x;
      event.currentTarget.scrollTop = held.current.top - event.clientY + held.current.y;
    },
    onPointerUp() {
      held.current = null;
    },
    onPointerLeave() {
      held.current = null;
    },
  };
}
