// Brings node_modules to what package-lock.json says, once, however many processes ask at the same time.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runChild, runNode } from './child.mjs';
import { readJson } from './runtime.mjs';

const LOCK_POLL_MS = 100;
/** A cold install takes 10 to 30 s; one that takes this long has failed. */
const LOCK_WAIT_MS = 10 * 60_000;
/** Between making the lock and writing its owner's pid lie microseconds. */
const LOCK_WITHOUT_OWNER_MS = 10_000;

/**
 * Whether what npm installed (its own record in node_modules) differs from the lockfile. Optional packages that are absent
 * are no difference: most of them are for other machines.
 */
export function isInstalled(root, { dev }) {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = readJson(record).packages;
  return Object.entries(readJson(join(root, 'package-lock.json')).packages).every(([path, wanted]) => {
    if (path === '') return true;
    const found = installed[path];
    if (found === undefined) {
      const mayBeAbsent = wanted.optional || wanted.devOptional || (wanted.dev && !dev);
      return mayBeAbsent === true;
    }
    return found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

/** Resolves to 0 when installed; else to npm's exit code. */
export async function install(root, isDone, say) {
  const lock = join(root, '.installing');
  const giveUpAtMs = Date.now() + LOCK_WAIT_MS;
  for (let told = false; !takeLock(lock); told = true) {
    if (Date.now() > giveUpAtMs) {
      say(
        `another process has been installing packages for ${LOCK_WAIT_MS / 60_000} minutes; if none is, delete ${lock}`,
      );
      return 1;
    }
    if (!told) say('another process is installing packages; waiting for it');
    await delay(LOCK_POLL_MS);
  }
  try {
    if (isDone()) return 0;
    say('installing the packages of package-lock.json (npm ci) …');
    const code = await npmCi(root);
    if (code !== 0 && code < 128) say('npm ci failed: see above');
    return code;
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function npmCi(root) {
  // Said in full, because a person's own npm settings (omit, engine-strict, scripts) must not decide whether this works.
  const args = ['ci', '--include=dev', '--include=optional', '--engine-strict=false', '--ignore-scripts'];
  args.push('--no-audit', '--no-fund', '--loglevel=error');
  // Nothing of npm's belongs on our stdout, which may be somebody's data.
  const stdio = ['ignore', 2, 2];
  const npmCli = process.env.npm_execpath;
  if (npmCli !== undefined && basename(npmCli) === 'npm-cli.js') {
    return runNode(process.execPath, [npmCli, ...args], { cwd: root, stdio: [...stdio, 'ipc'] });
  }
  const windows = process.platform === 'win32';
  return runChild(windows ? 'npm.cmd' : 'npm', args, { cwd: root, stdio, shell: windows });
}

function takeLock(lock) {
  try {
    mkdirSync(lock);
    writeFileSync(join(lock, 'pid'), String(process.pid));
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    breakLockOfTheDead(lock);
    return false;
  }
}

function breakLockOfTheDead(lock) {
  const dead = readOwner(lock);
  if (dead === undefined || isAlive(dead)) return;
  const aside = `${lock}-${process.pid}`;
  try {
    renameSync(lock, aside);
  } catch {
    return; // Somebody else was quicker.
  }
  if (readOwner(aside) === dead) rmSync(aside, { recursive: true, force: true });
  else renameSync(aside, lock); // It was broken and taken again in between: give it back.
}

/** The owner's pid; 0 for a lock whose owner died before it could sign; undefined for one just made or just gone. */
function readOwner(lock) {
  try {
    const pid = Number(readFileSync(join(lock, 'pid'), 'utf8'));
    if (pid > 0) return pid;
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  const madeAtMs = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
  return madeAtMs !== undefined && Date.now() - madeAtMs > LOCK_WITHOUT_OWNER_MS ? 0 : undefined;
}

function isAlive(pid) {
  if (pid === 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
