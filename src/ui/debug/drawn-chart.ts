/** A machine with a place for everything that is drawn of it. Made when the pages are built (ops/statecharts), from the machine itself. */
export interface DrawnChart {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly states: readonly DrawnState[];
  readonly arrows: readonly DrawnArrow[];
  /** Where the arrow to the initial state begins. */
  readonly start: { readonly x: number; readonly y: number };
}

interface DrawnBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface DrawnState extends DrawnBox {
  /** Empty for the sign that stands for any state. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly isFinal: boolean;
  /** Entry and exit actions, and what is taken inside. */
  readonly lines: readonly DrawnLine[];
}

export interface DrawnLine {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  /** Null for entry and exit actions. */
  readonly event: string | null;
}

export interface DrawnArrow {
  /** Empty: from any state. Null: the arrow to the initial state. */
  readonly from: string | null;
  readonly to: string;
  /** Of an SVG path. */
  readonly path: string;
  readonly lines: readonly DrawnLine[];
}

/** Where one looks for a state: at its box, or where the machine begins. */
export function placeOf({ states, start }: DrawnChart, state: string | null): DrawnBox {
  return states.find(({ id }) => id === state && id !== '') ?? { ...start, width: 0, height: 0 };
}
