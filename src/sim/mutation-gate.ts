import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Mutant } from './mutant.ts';
import { runOf } from './seed-worker.ts';

/** What became of a known bug. */
export interface Verdict {
  readonly mutant: Mutant;
  /** Null: nothing noticed. */
  readonly caught: CaughtBySeed | { readonly script: string } | null;
}

/** The rule that it broke, and the seed, counted from 1. */
interface CaughtBySeed {
  readonly rule: string;
  readonly seed: number;
  readonly message: string;
}

export interface GateOptions {
  /** Bugs of the production nodes, in a world of such; else bugs of the consensus core, in its own. */
  readonly nodes: boolean;
  /** So many are tried, counted from 1. */
  readonly seeds: number;
  readonly steps: number;
}

const AT_ONCE = 2;
const SEEDS_PROGRAM = fileURLToPath(new URL('./mutant-process.ts', import.meta.url));
const SCRIPT_PROGRAM = fileURLToPath(new URL('./script-process.ts', import.meta.url));
const run = promisify(execFile);

/** Each in a process of its own, since a module is loaded once. */
export async function tryMutants(
  mutants: readonly Mutant[],
  options: GateOptions,
  report: (verdict: Verdict) => void,
): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  const waiting = [...mutants];
  const work = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const { name, script } = mutant;
      const caught = script === undefined ? await bySeeds(name, options) : await byScript(name, script);
      const verdict: Verdict = { mutant, caught };
      verdicts.push(verdict);
      report(verdict);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return verdicts;
}

// What breaks by itself proves nothing about a mutant: neither a seed nor a script.

async function bySeeds(name: string, { nodes, seeds, steps }: GateOptions): Promise<CaughtBySeed | null> {
  const world = nodes ? 'nodes' : 'core';
  const { stdout } = await run(process.execPath, [SEEDS_PROGRAM, world, name, String(seeds), String(steps)]);
  const caught = JSON.parse(stdout) as CaughtBySeed | null;
  const alone = caught === null ? null : (await runOf(nodes, { seed: caught.seed, steps })).failure;
  if (alone !== null) throw new Error(`seed ${caught?.seed} fails without any mutant: ${alone.message}`);
  return caught;
}

async function byScript(name: string, script: string): Promise<{ readonly script: string } | null> {
  const passes = (...args: readonly string[]): Promise<boolean> =>
    run(process.execPath, [SCRIPT_PROGRAM, script, ...args]).then(
      () => true,
      () => false,
    );
  if (!(await passes())) throw new Error(`${script} fails without any mutant`);
  return (await passes(name)) ? null : { script };
}
