import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Mutant } from './mutant.ts';
import { runOf } from './seed-worker.ts';

/** What became of a known bug. */
export interface Verdict {
  readonly mutant: Mutant;
  /** The rule that it broke, and the seed, counted from 1. Null: nothing noticed. */
  readonly caught: { readonly rule: string; readonly seed: number; readonly message: string } | null;
}

export interface GateOptions {
  /** Bugs of the production nodes, in a world of such; else bugs of the consensus core, in its own. */
  readonly nodes: boolean;
  /** So many are tried, counted from 1. */
  readonly seeds: number;
  readonly steps: number;
}

const AT_ONCE = 2;
const PROGRAM = fileURLToPath(new URL('./mutant-process.ts', import.meta.url));
const run = promisify(execFile);

/** Each in a process of its own, since a module is loaded once. */
export async function tryMutants(
  mutants: readonly Mutant[],
  { nodes, seeds, steps }: GateOptions,
  report: (verdict: Verdict) => void,
): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  const waiting = [...mutants];
  const work = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const world = nodes ? 'nodes' : 'core';
      const { stdout } = await run(process.execPath, [PROGRAM, world, mutant.name, String(seeds), String(steps)]);
      const verdict: Verdict = { mutant, caught: JSON.parse(stdout) as Verdict['caught'] };
      // What breaks by itself proves nothing about a mutant.
      const alone = verdict.caught === null ? null : (await runOf(nodes, { seed: verdict.caught.seed, steps })).failure;
      if (alone !== null) throw new Error(`seed ${verdict.caught?.seed} fails without any mutant: ${alone.message}`);
      verdicts.push(verdict);
      report(verdict);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return verdicts;
}
