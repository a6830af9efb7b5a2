/** The flags of `npm run sim`, read strictly: what is not understood is refused with what is allowed. */
export interface SimFlags {
  readonly seeds: number;
  /** One seed, to look at it. */
  readonly seed: number | null;
  readonly steps: number;
  /** Numbers of the planned faults that happen. */
  readonly faults: readonly number[] | null;
  readonly trace: string | null;
  /** Fresh seeds for so long. */
  readonly minutes: number | null;
  readonly mutants: boolean;
  /** Production nodes with tasks, not the bare core. */
  readonly nodes: boolean;
}

export const USAGE = `npm run sim -- [flags]
  --seeds N        run seeds 1 to N (20)
  --seed S         run one seed, and say more; --faults 3,17 keeps only these of its faults
  --steps N        events of the safety phase of a run (30000)
  --trace FILE     with --seed: one JSON line an event
  --minutes M      fresh seeds for M minutes
  --nodes          run whole production nodes: tasks, claims and callbacks; without it, the consensus core alone
  --mutants        put known bugs in, one by one: each must be caught; with --nodes, bugs of the nodes`;

const SEEDS = 20;
const STEPS = 30_000;

/** A string says what is wrong. */
export function readFlags(args: readonly string[]): SimFlags | string {
  const given = new Map<string, string>();
  for (let at = 0; at < args.length; at += 1) {
    const [name = '', inline] = (args[at] ?? '').split('=', 2);
    if (!FLAGS.includes(name)) return `unknown flag ${args[at]}`;
    if (SWITCHES.includes(name)) given.set(name, 'yes');
    else {
      const value = inline ?? args[at + 1];
      if (value === undefined || !isRight(name, value)) return `${name} ${value ?? ''}: not a value for it`;
      given.set(name, value);
      if (inline === undefined) at += 1;
    }
  }
  if (given.has('--trace') && !given.has('--seed')) return '--trace needs --seed';
  if (given.has('--faults') && !given.has('--seed')) return '--faults needs --seed';
  const number = (name: string): number | null => (given.has(name) ? Number(given.get(name)) : null);
  const faults = given.get('--faults');
  return {
    seeds: number('--seeds') ?? SEEDS,
    seed: number('--seed'),
    steps: number('--steps') ?? STEPS,
    faults: faults === undefined ? null : faults === 'none' ? [] : faults.split(',').map(Number),
    trace: given.get('--trace') ?? null,
    minutes: number('--minutes'),
    mutants: given.has('--mutants'),
    nodes: given.has('--nodes'),
  };
}

const SWITCHES = ['--mutants', '--nodes'];
const FLAGS = ['--seeds', '--seed', '--steps', '--faults', '--trace', '--minutes', ...SWITCHES];

function isRight(name: string, value: string): boolean {
  if (name === '--trace') return value !== '';
  if (name === '--faults') return /^(?:\d+(?:,\d+)*|none)$/.test(value);
  return name === '--minutes' ? Number(value) > 0 : /^\d+$/.test(value);
}
