/** What `npm run faults` is asked for. */
export interface FaultsFlags {
  readonly seed: number;
  readonly lastsMs: number;
  readonly json: string | null;
  readonly scenarios: readonly string[];
  /** Of the scenario that needs very many. */
  readonly tasks: number;
  /** Keeps logs and data of a run that held, too. */
  readonly keep: boolean;
}

export const USAGE =
  'usage: npm run faults -- [--minutes M] [--seed S] [--json FILE] [--keep] [--scenario NAME … [--tasks N]]';

const MINUTES_DEFAULT = 3;
const TASKS_DEFAULT = 1_000_000;
const SEEDS = 2 ** 31;

/** A text says what is wrong with them. */
export function readFlags(args: readonly string[], scenarioNames: readonly string[]): FaultsFlags | string {
  let minutes = MINUTES_DEFAULT;
  let seed = Math.floor(Math.random() * SEEDS);
  let json: string | null = null;
  let keep = false;
  let tasks = TASKS_DEFAULT;
  const scenarios: string[] = [];
  const left = [...args];
  for (let flag = left.shift(); flag !== undefined; flag = left.shift()) {
    if (flag === '--keep') {
      keep = true;
      continue;
    }
    const value = left.shift();
    if (value === undefined) return `${flag} needs a value, or is none of the flags`;
    switch (flag) {
      case '--minutes':
        minutes = Number(value);
        if (!(minutes > 0 && minutes <= 24 * 60)) return `--minutes ${value} is no number of minutes up to a day`;
        break;
      case '--seed':
        seed = Number(value);
        if (!Number.isSafeInteger(seed) || seed < 0) return `--seed ${value} is no whole number`;
        break;
      case '--tasks':
        tasks = Number(value);
        if (!Number.isSafeInteger(tasks) || tasks < 0) return `--tasks ${value} is no number of tasks`;
        break;
      case '--json':
        json = value;
        break;
      case '--scenario':
        if (value !== 'all' && !scenarioNames.includes(value)) {
          return `no scenario is called ${value}; there are ${scenarioNames.join(', ')}, and all`;
        }
        scenarios.push(...(value === 'all' ? scenarioNames : [value]));
        break;
      default:
        return `${flag} is none of the flags`;
    }
  }
  return { seed, lastsMs: minutes * 60_000, json, keep, tasks, scenarios };
}
