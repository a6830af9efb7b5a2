import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Mutant } from './mutant.ts';
import { simulate } from './simulate.ts';

/** What became of a known bug. */
export interface Verdict {
  readonly mutant: Mutant;
  /** The rule that it broke, and the seed, counted from 1. Null: nothing noticed. */
  readonly caught: { readonly rule: string; readonly seed: number; readonly message: string } | null;
}

const AT_ONCE = 2;
const PROGRAM = fileURLToPath(new URL('./mutant-process.ts', import.meta.url));
const run = promisify(execFile);

/** Each in a process of its own, since a module is loaded once. */
export async function tryMutants(
  mutants: readonly Mutant[],
  seeds: number,
  steps: number,
  report: (verdict: Verdict) => void,
): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  const waiting = [...mutants];
  const work = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const { stdout } = await run(process.execPath, [PROGRAM, mutant.name, String(seeds), String(steps)]);
      const verdict: Verdict = { mutant, caught: JSON.parse(stdout) as Verdict['caught'] };
      // What breaks by itself proves nothing about a mutant.
      const alone = verdict.caught === null ? null : simulate({ seed: verdict.caught.seed, steps }).failure;
      if (alone !== null) throw new Error(`seed ${verdict.caught?.seed} fails without any mutant: ${alone.message}`);
      verdicts.push(verdict);
      report(verdict);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return verdicts;
}
