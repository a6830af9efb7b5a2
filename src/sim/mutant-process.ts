import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { patched } from './mutant.ts';
import { MUTANTS } from './mutants.ts';
import { NODE_MUTANTS } from './nodes/node-mutants.ts';

/** A process of its own for one known bug: loads the patched sources, and runs seeds until an invariant breaks. */

const [world, name, seeds, steps] = process.argv.slice(2);
const nodes = world === 'nodes';
const found = (nodes ? NODE_MUTANTS : MUTANTS).find((one) => one.name === name);
if (found === undefined) throw new Error(`no mutant is called ${name}`);

const root = new URL('../../', import.meta.url);
const sources = new Map<string, string>();
for (const patch of found.patches) {
  const url = new URL(patch.file, root).href;
  sources.set(url, patched(sources.get(url) ?? readFileSync(fileURLToPath(url), 'utf8'), patch));
}
registerHooks({
  load(url, context, nextLoad) {
    const source = sources.get(url);
    return source === undefined ? nextLoad(url, context) : { format: 'module-typescript', source, shortCircuit: true };
  },
});

const { runOf } = await import('./seed-worker.ts');
let caught: { readonly rule: string; readonly seed: number; readonly message: string } | null = null;
for (let seed = 1; seed <= Number(seeds) && caught === null; seed += 1) {
  const { failure } = await runOf(nodes, { seed, steps: Number(steps) });
  if (failure !== null) caught = { rule: failure.rule, seed, message: failure.message };
}
process.stdout.write(JSON.stringify(caught));
