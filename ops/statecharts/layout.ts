import type { ELK, ElkEdgeSection, ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk.bundled.js';
import elkModule from 'elkjs/lib/elk.bundled.js';
import type { Chart, ChartMove, ChartState } from '../../machines/chart.ts';
import { printMove } from '../../machines/chart.ts';
import type { DrawnArrow, DrawnChart, DrawnLine, DrawnState } from '../../src/ui/debug/drawn-chart.ts';

/**
 * Gives everything in a chart its place. The drawing is ours; where boxes and arrows go, so that they cross little and labels lie on
 * nothing, is a problem that others have solved well (ops/decisions/0001-packages.md).
 */

/** Of the pages' monospaced font, at the size that charts use. Wider than any of the fonts that may stand in for it. */
export const CHAR_WIDTH = 6.7;
export const LINE_HEIGHT = 15;
const TITLE_CHAR_WIDTH = 8.2;
const TITLE_HEIGHT = 26;
const PAD = 10;
const START = 'start';
const ANY = '';
const ANY_TITLE = 'any state';

const OPTIONS = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.layered.spacing.nodeNodeBetweenLayers': '26',
  'elk.spacing.nodeNode': '28',
  'elk.spacing.edgeNode': '14',
  'elk.spacing.edgeEdge': '12',
  'elk.layered.spacing.edgeNodeBetweenLayers': '14',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '12',
  'elk.spacing.edgeLabel': '4',
  'elk.edgeLabels.inline': 'false',
  'elk.layered.edgeLabels.sideSelection': 'ALWAYS_DOWN',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.thoroughness': '60',
  // Machines are written in the order of a life: drawn in it, too.
  'elk.layered.cycleBreaking.strategy': 'MODEL_ORDER',
  'elk.layered.considerModelOrder.strategy': 'PREFER_EDGES',
  'elk.padding': '[top=12,left=12,bottom=12,right=12]',
};

// Its types speak of an ES module, which it is not: what is imported is the class itself.
const elk = new (elkModule as unknown as new () => ELK)();

export async function drawChart(chart: Chart): Promise<DrawnChart> {
  const boxes = chart.states.map(boxOf);
  const arrows = chart.arrows.map(({ from, to, moves }, at) => ({
    id: `arrow-${at}`,
    from: from ?? ANY,
    to,
    lines: moves.flatMap(linesOf),
  }));
  const nodes: ElkNode[] = boxes.map(({ id, width, height }) => ({ id: `state-${id}`, width, height }));
  if (arrows.some(({ from }) => from === ANY)) {
    nodes.push({ id: `state-${ANY}`, width: ANY_TITLE.length * CHAR_WIDTH + 2 * PAD, height: LINE_HEIGHT + PAD });
  }
  const graph: ElkNode = {
    id: chart.name,
    layoutOptions: OPTIONS,
    children: [{ id: START, width: 10, height: 10 }, ...nodes],
    edges: [
      { id: START, sources: [START], targets: [`state-${chart.initial}`] },
      ...arrows.map(({ id, from, to, lines }) => ({
        id,
        sources: [`state-${from}`],
        targets: [`state-${to}`],
        labels: [{ id: `${id}-label`, text: id, width: widthOf(lines), height: lines.length * LINE_HEIGHT }],
      })),
    ],
  };
  const placed: ElkNode = await elk.layout(graph);
  const start = nodeOf(placed, START);
  const box = new Map(boxes.map((one) => [one.id, one]));
  const states = (placed.children ?? [])
    .filter(({ id }) => id !== START)
    .map((node) => drawnState(node, box.get(node.id.slice('state-'.length))));
  const lines = new Map(arrows.map((arrow) => [arrow.id, arrow]));
  const drawn = (placed.edges ?? []).map((edge): DrawnArrow => {
    const arrow = lines.get(edge.id);
    if (arrow === undefined) return { from: null, to: chart.initial, path: pathOf(edge), lines: [] };
    const label = edge.labels?.[0];
    return {
      from: arrow.from,
      to: arrow.to,
      path: pathOf(edge),
      lines: arrow.lines.map((line, at) => ({
        ...line,
        x: whole(label?.x),
        y: whole(label?.y) + (at + 0.75) * LINE_HEIGHT,
      })),
    };
  });
  return {
    name: chart.name,
    width: Math.ceil(placed.width ?? 0),
    height: Math.ceil(placed.height ?? 0),
    states,
    arrows: drawn,
    start: { x: whole(start.x) + 5, y: whole(start.y) + 5 },
  };
}

interface Box {
  readonly id: string;
  readonly state: ChartState;
  readonly width: number;
  readonly height: number;
  readonly lines: readonly Line[];
}

type Line = Omit<DrawnLine, 'x' | 'y'>;

function boxOf(state: ChartState): Box {
  const lines = [
    ...state.entry.map((action) => ({ text: `entry / ${action}`, event: null })),
    ...state.inside.flatMap(linesOf),
    ...state.exit.map((action) => ({ text: `exit / ${action}`, event: null })),
  ];
  const width = Math.max(widthOf(lines), state.id.length * TITLE_CHAR_WIDTH, 70) + 2 * PAD;
  const height = TITLE_HEIGHT + (lines.length === 0 ? 4 : lines.length * LINE_HEIGHT + PAD);
  return { id: state.id, state, width: Math.ceil(width), height, lines };
}

const linesOf = (move: ChartMove): readonly Line[] => printMove(move).map((text) => ({ text, event: move.event }));

const widthOf = (lines: readonly { readonly text: string }[]): number =>
  Math.max(0, ...lines.map(({ text }) => text.length * CHAR_WIDTH));

function drawnState({ x, y, width = 0, height = 0 }: ElkNode, box: Box | undefined): DrawnState {
  const at = { x: whole(x), y: whole(y), width, height };
  if (box === undefined)
    return { ...at, id: ANY, title: ANY_TITLE, description: 'Wherever it stands.', isFinal: false, lines: [] };
  const { state, lines } = box;
  return {
    ...at,
    id: state.id,
    title: state.id,
    description: state.description,
    isFinal: state.isFinal,
    lines: lines.map((line, row) => ({
      ...line,
      x: at.x + PAD,
      y: at.y + TITLE_HEIGHT + (row + 0.95) * LINE_HEIGHT,
    })),
  };
}

function nodeOf({ children = [] }: ElkNode, id: string): ElkNode {
  const found = children.find((child) => child.id === id);
  if (found === undefined) throw new Error(`${id} was given no place`);
  return found;
}

const ROUND = 7;

/** Corners are rounded: an arrow that turns is followed more easily than one that breaks. */
function pathOf({ sections = [] }: ElkExtendedEdge): string {
  return sections.map(sectionPath).join(' ');
}

function sectionPath({ startPoint, bendPoints = [], endPoint }: ElkEdgeSection): string {
  const points = [startPoint, ...bendPoints, endPoint];
  const parts = [`M${whole(startPoint.x)} ${whole(startPoint.y)}`];
  for (let at = 1; at < points.length - 1; at += 1) {
    const [before, corner, after] = [points[at - 1], points[at], points[at + 1]];
    if (before === undefined || corner === undefined || after === undefined) break;
    const enter = toward(corner, before);
    const leave = toward(corner, after);
    parts.push(
      `L${whole(enter.x)} ${whole(enter.y)}Q${whole(corner.x)} ${whole(corner.y)} ${whole(leave.x)} ${whole(leave.y)}`,
    );
  }
  parts.push(`L${whole(endPoint.x)} ${whole(endPoint.y)}`);
  return parts.join('');
}

function toward(from: Point, to: Point): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const step = length === 0 ? 0 : Math.min(ROUND, length / 2) / length;
  return { x: from.x + (to.x - from.x) * step, y: from.y + (to.y - from.y) * step };
}

interface Point {
  readonly x: number;
  readonly y: number;
}

const whole = (value: number | undefined): number => Math.round((value ?? 0) * 10) / 10;
