import type { AnyStateMachine } from 'xstate';

/** A flat machine as what is to be drawn of it. Read from the machine itself, so that a picture cannot lie. */
export interface Chart {
  readonly name: string;
  readonly initial: string;
  readonly states: readonly ChartState[];
  readonly arrows: readonly ChartArrow[];
}

export interface ChartState {
  readonly id: string;
  readonly description: string;
  readonly isFinal: boolean;
  readonly entry: readonly string[];
  readonly exit: readonly string[];
  /** Taken without leaving it for another. */
  readonly inside: readonly ChartMove[];
}

export interface ChartMove {
  readonly event: string;
  readonly guard: string | null;
  readonly actions: readonly string[];
}

/** All moves from one state to another share an arrow. `from` null: from any state that says nothing else of the event. */
export interface ChartArrow {
  readonly from: string | null;
  readonly to: string;
  readonly moves: readonly ChartMove[];
}

interface Transition {
  readonly target?: readonly { readonly key: string }[] | undefined;
  readonly guard?: unknown;
  readonly actions: readonly unknown[];
}
type Transitions = ReadonlyMap<string, readonly Transition[]>;

export function chartOf(name: string, machine: AnyStateMachine): Chart {
  const { root } = machine;
  const arrows = new Map<string, { from: string | null; to: string; moves: ChartMove[] }>();
  const point = (from: string | null, to: string, move: ChartMove): void => {
    const arrow = arrows.get(`${from}→${to}`) ?? { from, to, moves: [] };
    arrow.moves.push(move);
    arrows.set(`${from}→${to}`, arrow);
  };
  const states = Object.values(root.states).map((state): ChartState => {
    const inside: ChartMove[] = [];
    for (const { event, transition } of each(state.transitions as unknown as Transitions)) {
      const to = transition.target?.[0]?.key ?? state.key;
      const move = moveOf(event, transition);
      if (to === state.key) inside.push(move);
      else point(state.key, to, move);
    }
    return {
      id: state.key,
      description: state.description ?? '',
      isFinal: state.type === 'final',
      entry: state.entry.map(nameOf),
      exit: state.exit.map(nameOf),
      inside,
    };
  });
  for (const { event, transition } of each(root.transitions as unknown as Transitions)) {
    for (const { key } of transition.target ?? []) point(null, key, moveOf(event, transition));
  }
  return { name, initial: root.initial.target[0]?.key ?? '', states, arrows: [...arrows.values()] };
}

function* each(transitions: Transitions): Generator<{ readonly event: string; readonly transition: Transition }> {
  for (const [event, all] of transitions) for (const transition of all) yield { event, transition };
}

const moveOf = (event: string, { guard, actions }: Transition): ChartMove => ({
  event,
  guard: guard === undefined ? null : nameOf(guard),
  actions: actions.map(nameOf),
});

function nameOf(one: unknown): string {
  if (typeof one === 'string') return one;
  if (typeof one === 'object' && one !== null && 'type' in one) return String(one.type);
  return 'unnamed';
}

/** As a statechart writes it: what happens, whether it counts, and below that what is done then. */
export function printMove({ event, guard, actions }: ChartMove): readonly string[] {
  const head = guard === null ? event : `${event} [${guard}]`;
  if (actions.length === 0) return [head];
  const tail = `/ ${actions.join(', ')}`;
  return head.length + tail.length < LINE_CHARS_MAX ? [`${head} ${tail}`] : [head, `  ${tail}`];
}

const LINE_CHARS_MAX = 36;
