import { MUTANTS } from './mutants.ts';
import { putIn } from './patched-sources.ts';

/** A process of its own for a scenario by hand: a file of tests, with a known bug in the sources or with none. Exit code 0: all passed. */

const [script = '', name] = process.argv.slice(2);
const found = MUTANTS.find((one) => one.name === name);
if (name !== undefined && found === undefined) throw new Error(`no mutant is called ${name}`);
if (found !== undefined) putIn(found);
await import(new URL(`../../${script}`, import.meta.url).href);
