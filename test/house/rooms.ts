/** Who may import whom, as the design says it. `layering.test.ts` holds the sources to this table. */

export interface RoomRule {
  /** Rooms whose values, and so types, may be imported; its own is always allowed. */
  readonly values: readonly string[];
  /** Rooms of which types alone may be imported. */
  readonly types: readonly string[];
  /** Packages; `any` where the room is an edge to the world. Node's own modules are allowed with `any` only. */
  readonly packages: readonly string[] | 'any';
}

const PURE = ['raft', 'tasks', 'schedule', 'machines', 'trace'];

/** Every folder of production code. */
export const RULES: Readonly<Record<string, RoomRule>> = {
  machines: { values: [], types: [], packages: ['xstate'] },
  raft: { values: ['machines'], types: ['schedule'], packages: ['xstate'] },
  tasks: { values: ['machines'], types: ['schedule'], packages: ['immer'] },
  schedule: { values: ['machines'], types: ['raft', 'tasks'], packages: ['cron-parser'] },
  trace: { values: ['machines', 'raft', 'tasks'], types: ['schedule'], packages: ['xstate'] },
  store: { values: [], types: PURE, packages: 'any' },
  transport: { values: [], types: PURE, packages: 'any' },
  dispatch: { values: [], types: PURE, packages: 'any' },
  node: { values: [...PURE, 'store', 'transport', 'dispatch'], types: [], packages: 'any' },
  http: { values: [...PURE, 'node', 'control'], types: [], packages: 'any' },
  control: { values: [...PURE, 'node'], types: [], packages: 'any' },
  // The composition root: it starts the node, and the doors to it.
  cli: { values: [...PURE, 'node', 'http', 'control'], types: [], packages: 'any' },
  // In the browser: of the node it knows HTTP alone.
  ui: { values: PURE, types: [], packages: ['preact', 'xstate', 'virtual:statecharts'] },
  sim: { values: [...PURE, 'store', 'transport', 'dispatch', 'node'], types: [], packages: 'any' },
};

/** Rooms that see no clock, no randomness and no I/O (I9). */
export const PURE_ROOMS: readonly string[] = PURE;

/** Files directly under src/: words and types that every room shares. */
export const SHARED_FILES = [
  'src/brand.ts',
  'src/result.ts',
  'src/invariant.ts',
  'src/clock.ts',
  'src/server-sent-events.ts',
];
/** The clock's port may be named anywhere; its value is the real clock, which pure rooms do not see. */
export const CLOCK_FILE = 'src/clock.ts';

/** Single imports that the table forbids and that are right all the same: `importer → imported`, and why. `folder/*` is any file of it. */
export const EXCEPTIONS: Readonly<Record<string, string>> = {
  'src/dispatch/* → machines/attempt.ts': 'an attempt on its way runs as an actor of its machine',
  'src/store/* → src/tasks/creations.ts': 'the state’s worker makes rows of the entry’s own text, as the loop would',
  'src/cli/xcron.mjs → ops/scripts/launch.mjs': 'the bin and the npm scripts share one launcher',
  'src/cli/xcron.mjs → ops/scripts/runtime.mjs': 'the bin and the npm scripts share one launcher',
};

export function roomOf(path: string): string | undefined {
  const [first, second, third] = path.split('/');
  if (first === 'machines') return 'machines';
  return first === 'src' && third !== undefined ? second : undefined;
}
