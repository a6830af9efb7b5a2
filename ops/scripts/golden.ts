import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { runScript } from '../../test/raft/script/run-script.ts';
import { difference, parseScript, writeScript } from '../../test/raft/script/script-file.ts';

/** Runs the golden scripts of consensus; with --rewrite, what happens now becomes what is expected. Read the diff before you commit it. */
const folder = new URL('../../test/raft/scripts/', import.meta.url);
const rewrite = process.argv.includes('--rewrite');

for (const name of readdirSync(folder).sort()) {
  const path = `test/raft/scripts/${name}`;
  const file = new URL(name, folder);
  const lines = parseScript(readFileSync(file, 'utf8'));
  const now = runScript(path, lines);
  const found = difference(path, lines, now);
  if (found === null) continue;
  if (rewrite) {
    writeFileSync(file, writeScript(now));
    console.log(`rewritten: ${path}`);
  } else {
    console.error(found);
    process.exitCode = 1;
  }
}
