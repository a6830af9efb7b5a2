// node ops/scripts/run.mjs PATH [ARGS]: what the npm scripts call to run a TypeScript file of this project.
import { fileURLToPath } from 'node:url';
import { launch } from './launch.mjs';

const [entry, ...args] = process.argv.slice(2);
if (entry === undefined) {
  process.stderr.write('usage: node ops/scripts/run.mjs PATH [ARGS]   (a path from the root of the project)\n');
  process.exitCode = 2;
} else {
  await launch({ root: fileURLToPath(new URL('../..', import.meta.url)), entry, args, dev: true });
}
