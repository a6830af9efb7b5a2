/**
 * npm test [-- FLAGS AND PATTERNS]: node's own runner over test/. It prints last, so that its closing lines close the output.
 *
 *   npm test -- 'test/raft/**' --test-name-pattern=vote
 */
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runNode } from './child.mjs';
import { ensureSystemTools, SYSTEM_TOOLS, thisMachine } from './system-tools.ts';
import { ensureUi } from './ui.mjs';

/** Most of a test is waiting: two at once left a third of two cores idle, and took 5 min 13 s where three take 4 min 4 s. */
const TEST_FILES_AT_ONCE = 3;
/** The whole run is to stay under five minutes; a file that takes this long hangs. */
const TEST_FILE_MS_MAX = 240_000;
const EXIT_USAGE = 2;
const EXIT_FAILED = 1;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const given = process.argv.slice(2);
const flags = given.filter((argument) => argument.startsWith('-'));
const patterns = given.filter((argument) => !argument.startsWith('-'));
const files = globSync(patterns.length > 0 ? patterns : 'test/**/*.test.ts')
  .filter((path) => path.endsWith('.test.ts'))
  .sort();

if (files.length === 0) {
  // The runner would call no test at all a success.
  process.stderr.write(`xcron: no *.test.ts under ${patterns.join(' ') || 'test/'}\n`);
  process.exitCode = EXIT_USAGE;
} else if (!(await ensureSystemTools(SYSTEM_TOOLS, thisMachine))) {
  process.exitCode = EXIT_USAGE;
} else if (!(await ensureUi(ROOT, thisMachine.say))) {
  process.exitCode = EXIT_FAILED;
} else {
  process.exitCode = await runNode(process.execPath, [
    '--test',
    '--test-reporter=spec',
    `--test-concurrency=${TEST_FILES_AT_ONCE}`,
    `--test-timeout=${TEST_FILE_MS_MAX}`,
    ...flags,
    ...files,
  ]);
}
