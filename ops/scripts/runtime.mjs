// Which Node runs this project. Plain JavaScript: this must be readable by the very Node that it finds too old.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A clone runs its sources; a published package is compiled, and carries neither `private` nor a lockfile. */
export function isClone(root) {
  if (root.split(/[\\/]/).includes('node_modules')) return false;
  return readJson(join(root, 'package.json')).private === true && existsSync(join(root, 'package-lock.json'));
}

/** `engines` of package.json, which npm reads as well, is the one place that says what is needed. */
export function minimumNode(root) {
  const engines = readJson(join(root, 'package.json')).engines.node;
  const match = /^>=(\d+)\.(\d+)$/.exec(engines);
  if (!match) throw new Error(`package.json: engines.node is "${engines}", and must read ">=MAJOR.MINOR"`);
  return { major: Number(match[1]), minor: Number(match[2]) };
}

export function isNewEnough(version, minimum) {
  const [major, minor] = version.split('.').map(Number);
  return major > minimum.major || (major === minimum.major && minor >= minimum.minor);
}

/** The npm package that holds a Node binary for this machine: locked by integrity, unpacked without an install script. */
function pinnedPackage(platform = process.platform, arch = process.arch) {
  return `node-${platform === 'win32' ? 'win' : platform}-${arch}`;
}

export function pinnedNode(root) {
  const path = join(root, 'node_modules', pinnedPackage(), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  return existsSync(path) ? path : undefined;
}

export function isPinned(root) {
  return readJson(join(root, 'package-lock.json')).packages[`node_modules/${pinnedPackage()}`] !== undefined;
}

/**
 * Of a node that serves. V8's young generation grows to 128 MB, and its old one to several times what lives, before it collects: with these,
 * a node under 64 connections of createTask stays near 300 MB resident instead of 430, at the same rate.
 */
const SERVE_FLAGS = ['--max-semi-space-size=16', '--heap-growing-percent=50'];

/** What Node itself is to be told for a command. */
export function nodeFlags([command]) {
  return command === 'serve' ? SERVE_FLAGS : [];
}

/** One line: what is wrong, and what to do about it on this machine. */
export function tooOldMessage(root, machine = `${process.platform}-${process.arch}`, version = process.versions.node) {
  const { major, minor } = minimumNode(root);
  const found = `needs Node ${major}.${minor} or newer, and this is Node ${version} on ${machine}`;
  if (machine === 'darwin-arm64') {
    return `${found}; the npm packages with a Node for Macs with Apple silicon end at 18, so none can be pinned: run "brew install node@24", put it on PATH, and try again`;
  }
  if (isClone(root) && isPinned(root)) {
    return `${found}; npm left out the one pinned for it: run "npm ci --include=optional" and try again`;
  }
  return `${found}: install Node 24 and try again`;
}

export function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}
