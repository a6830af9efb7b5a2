import { MUTANTS } from './mutants.ts';
import { NODE_MUTANTS } from './nodes/node-mutants.ts';
import { putIn } from './patched-sources.ts';

/** A process of its own for one known bug: loads the patched sources, and runs seeds until an invariant breaks. */

const [world, name, seeds, steps] = process.argv.slice(2);
const nodes = world === 'nodes';
const found = (nodes ? NODE_MUTANTS : MUTANTS).find((one) => one.name === name);
if (found === undefined) throw new Error(`no mutant is called ${name}`);

putIn(found);
const { runOf } = await import('./seed-worker.ts');
let caught: { readonly rule: string; readonly seed: number; readonly message: string } | null = null;
for (let seed = 1; seed <= Number(seeds) && caught === null; seed += 1) {
  const { failure } = await runOf(nodes, { seed, steps: Number(steps) });
  if (failure !== null) caught = { rule: failure.rule, seed, message: failure.message };
}
process.stdout.write(JSON.stringify(caught));
