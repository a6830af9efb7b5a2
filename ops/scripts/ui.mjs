// Keeps the pages for the browser (dist/ui) built from their sources. Plain JavaScript, as everything the launcher stands on.
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runNode } from './child.mjs';
import { isClone, pinnedNode } from './runtime.mjs';

/** What the pages are made of: change any of it, and they are built anew. */
const SOURCES = [
  'src/ui',
  'machines',
  'src/raft',
  'src/tasks',
  'src/schedule',
  'src/trace',
  'src/result.ts',
  'src/brand.ts',
  'src/invariant.ts',
  'src/server-sent-events.ts',
];
const BUILT_WITH = ['package-lock.json', 'ops/scripts/build-ui.ts', 'ops/scripts/page-alone.ts', 'ops/statecharts'];
/** Beside the files, written last: what they were built from. */
export const STAMP_FILE = 'built-from.json';

export const uiDirectory = (root) => join(root, 'dist', 'ui');

/** Names, sizes and times: a look takes some milliseconds, which a start can spare. */
export function uiSources(root) {
  const seen = [];
  const look = (path) => {
    const found = lstatSync(join(root, path), { throwIfNoEntry: false });
    if (found === undefined) return;
    if (!found.isDirectory()) seen.push(`${path} ${found.size} ${found.mtimeMs}`);
    else for (const name of readdirSync(join(root, path)).sort()) look(`${path}/${name}`);
  };
  for (const path of [...SOURCES, ...BUILT_WITH]) look(path);
  return seen;
}

export const stampOf = (sources) => JSON.stringify(sources);

/** Whether the pages are to be built: not there, or of other sources. */
export function needsUi(root) {
  if (!isClone(root) || !existsSync(join(root, 'src/ui'))) return false;
  try {
    return readFileSync(join(uiDirectory(root), STAMP_FILE), 'utf8') !== stampOf(uiSources(root));
  } catch {
    return true;
  }
}

/** A node serves its API without pages too, so a build that fails is said, and is no more than that. */
export async function ensureUi(root, say) {
  if (!needsUi(root)) return true;
  say('building the pages for the browser …');
  const script = join(root, 'ops/scripts/build-ui.ts');
  // Nothing of the builder's belongs on our stdout, which may be somebody's data.
  const stdio = ['ignore', 2, 2, 'ipc'];
  const code = await runNode(pinnedNode(root) ?? process.execPath, [script], { cwd: root, stdio });
  if (code !== 0) say('the pages could not be built: see above; the API works without them');
  return code === 0;
}
