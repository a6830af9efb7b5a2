/**
 * npm run package: dist/xcron-VERSION.tgz, which is what is published. Sources are compiled, because Node strips no types under
 * node_modules; the launcher and the files of operations go along as they are, and the built pages for the browser.
 */
import type { SpawnOptions } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from '../scripts/child.mjs';
import { ensureUi, STAMP_FILE, uiDirectory } from '../scripts/ui.mjs';
import { type Lockfile, type ProjectManifest, publishedManifest, shrinkwrapOf } from './published.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DIST = join(ROOT, 'dist');
const STAGE = join(DIST, 'package');

/** The launcher is plain JavaScript in both; it finds `dist/` where there is no clone round it. */
const AS_THEY_ARE = [
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'docs',
  'ops/systemd',
  'ops/prometheus',
  'ops/grafana',
  'ops/runbook.md',
  'src/cli/xcron.mjs',
  'ops/scripts/launch.mjs',
  'ops/scripts/runtime.mjs',
  'ops/scripts/install.mjs',
  'ops/scripts/child.mjs',
  'ops/scripts/ui.mjs',
  'ops/scripts/follow-launcher.cjs',
];

const readJson = (path: string): unknown => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));

process.exitCode = await makePackage();

async function makePackage(): Promise<number> {
  rmSync(STAGE, { recursive: true, force: true });
  for (const old of globSync('*.tgz', { cwd: DIST })) rmSync(join(DIST, old));
  mkdirSync(STAGE, { recursive: true });
  // Progress belongs on stderr: stdout ends with the path of the tarball, for a script.
  const compiled = await runChild(join(ROOT, 'node_modules', '.bin', 'tsc'), ['-p', 'tsconfig.dist.json'], {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
  });
  if (compiled !== 0) return compiled;
  if (!(await ensureUi(ROOT, (line) => process.stderr.write(`xcron: ${line}\n`)))) return 1;
  cpSync(uiDirectory(ROOT), join(STAGE, 'dist', 'ui'), {
    recursive: true,
    // What it was built from are files of a clone.
    filter: (path) => basename(path) !== STAMP_FILE,
  });
  for (const path of AS_THEY_ARE) {
    mkdirSync(dirname(join(STAGE, path)), { recursive: true });
    cpSync(join(ROOT, path), join(STAGE, path), { recursive: true });
  }
  const manifest = readJson('package.json') as ProjectManifest;
  write('package.json', publishedManifest(manifest));
  write('npm-shrinkwrap.json', shrinkwrapOf(readJson('package-lock.json') as Lockfile, manifest));
  return npmPack();
}

function write(path: string, content: unknown): void {
  writeFileSync(join(STAGE, path), `${JSON.stringify(content, null, 2)}\n`);
}

async function npmPack(): Promise<number> {
  const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', DIST];
  const npmCli = process.env.npm_execpath;
  const isNpm = npmCli !== undefined && basename(npmCli) === 'npm-cli.js';
  const options: SpawnOptions = { cwd: STAGE, stdio: ['ignore', 2, 2] };
  const code = isNpm
    ? await runChild(process.execPath, [npmCli, ...args], options)
    : await runChild('npm', args, { ...options, shell: process.platform === 'win32' });
  if (code === 0) {
    const { name, version } = readJson('package.json') as ProjectManifest;
    console.log(join('dist', `${name}-${version}.tgz`));
  }
  return code;
}
