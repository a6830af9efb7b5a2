// Starts a module of this project under a Node that can run it, with its packages installed. The command line, the tests and
// every script come through here, so that one command is enough in a fresh clone with an older Node.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runNode } from './child.mjs';
import { install, isInstalled } from './install.mjs';
import { isClone, isNewEnough, isPinned, minimumNode, nodeFlags, pinnedNode, tooOldMessage } from './runtime.mjs';
import { ensureUi, needsUi } from './ui.mjs';

const EXIT_USAGE = 2;

/**
 * `entry` is a path from `root`, of a module that runs when imported and reads process.argv from 2 on; `dev` says that it
 * needs the development packages too. No package is imported before the Node was checked: better-sqlite3 ends an older one
 * with SIGSEGV.
 */
export async function launch({ root, entry, args, dev }) {
  const newEnough = isNewEnough(process.versions.node, minimumNode(root));
  const clone = isClone(root);
  if (!newEnough && !(clone && isPinned(root))) return refuse(tooOldMessage(root));
  if (clone) {
    const buildsUi = args[0] === 'serve' && isNpmScript() && needsUi(root);
    // The builder is a package for developing.
    const code = await ensureInstalled(root, { dev: dev || buildsUi, pinned: !newEnough });
    if (code !== 0) {
      process.exitCode = code;
      return;
    }
    if (buildsUi) await ensureUi(root, say);
  }
  // Stripping types and compiling some two hundred modules is most of a start (2.0 s of processor time without this, 0.9 s with it).
  // By the variable too: worker threads and the pinned Node read it.
  if (clone) process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules', '.cache', 'compiled');
  const flags = nodeFlags(args);
  if (newEnough && flags.every((flag) => process.execArgv.includes(flag))) {
    if (process.env.NODE_COMPILE_CACHE !== undefined) module.enableCompileCache(process.env.NODE_COMPILE_CACHE);
    process.argv = [process.execPath, join(root, entry), ...args];
    await import(pathToFileURL(join(root, entry)).href);
    return;
  }
  const node = newEnough ? process.execPath : pinnedNode(root);
  if (node === undefined) return refuse(tooOldMessage(root));
  // A script that starts `node` or `npx` by name gets the pinned one too.
  const path = newEnough ? process.env.PATH : [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  try {
    process.exitCode = await runNode(node, [...flags, join(root, entry), ...args], { env: { PATH: path } });
  } catch (error) {
    refuse(`the Node at ${node} does not run on this machine (${error.message}): install Node 24 and try again`);
  }
}

async function ensureInstalled(root, { dev, pinned }) {
  const isDone = () => isInstalled(root, { dev }) && (!pinned || pinnedNode(root) !== undefined);
  if (isDone()) return 0;
  const missing = !existsSync(join(root, 'node_modules'));
  if (missing || isNpmScript()) return install(root, isDone, say);
  // A missing Node is refused with what to do; packages in other versions may still do.
  if (!isInstalled(root, { dev })) say('node_modules is not what package-lock.json says: run "npm ci"');
  return 0;
}

/** `npx xcron` in a clone only runs what is there; `npm start` and the other scripts promise to bring what they need. */
function isNpmScript() {
  return process.env.npm_lifecycle_event !== undefined && process.env.npm_lifecycle_event !== 'npx';
}

function refuse(message) {
  say(message);
  process.exitCode = EXIT_USAGE;
}

function say(message) {
  process.stderr.write(`xcron: ${message}\n`);
}
