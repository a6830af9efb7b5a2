import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { ROOT } from './project-files.ts';

export const THIS_NODE_IS_FINE = '>=22.19';
/** What makes every Node there is an old one. */
export const THIS_NODE_IS_OLD = '>=9999.0';

const PINNED = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

/** A small project round the real launcher, in a folder of its own. */
export interface LauncherProject {
  readonly root: string;
  write(path: string, content: string): void;
  read(path: string): string;
  /** Makes node_modules what the lockfile says. */
  installed(): void;
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
  start(args: readonly string[], env?: Readonly<Record<string, string>>): Running;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly process: ChildProcess;
  stdout(): string;
  /** Resolves when what it printed matches. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<Ended>;
}

/** npm as the launcher meets it: writes down that it ran, and leaves behind what `npm ci` does. */
const NPM_STAND_IN = `
const fs = require('node:fs');
fs.appendFileSync('npm-ran', process.argv.slice(2).join(' ') + '\\n');
if (process.env.NPM_FAILS) process.exit(1);
setTimeout(() => {
  fs.mkdirSync('node_modules/${PINNED}/bin', { recursive: true });
  const node = 'node_modules/${PINNED}/bin/node';
  if (process.env.NPM_BRINGS_NODE && !fs.existsSync(node)) fs.symlinkSync(process.execPath, node);
  fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json');
}, 200);
`;

export function launcherProject(t: TestContext, engines: string, options: { pinned?: boolean } = {}): LauncherProject {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'xcron-launcher-')));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  cpSync(join(ROOT, 'ops/scripts'), join(root, 'ops/scripts'), { recursive: true });
  cpSync(join(ROOT, 'src/cli/xcron.mjs'), join(root, 'src/cli/xcron.mjs'));
  const scripts = { start: 'exec node src/cli/xcron.mjs serve' };
  const manifest = { name: 'xcron', private: true, type: 'module', engines: { node: engines }, scripts };
  write('package.json', JSON.stringify(manifest));
  const needed = { version: '1.0.0', integrity: 'sha512-a' };
  const pinned = options.pinned === false ? {} : { [`node_modules/${PINNED}`]: { ...needed, optional: true } };
  write('package-lock.json', JSON.stringify({ packages: { '': {}, 'node_modules/needed': needed, ...pinned } }));
  write('npm/package.json', '{ "type": "commonjs" }');
  write('npm/npm-cli.js', NPM_STAND_IN);

  const start = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Running => {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|XCRON_)/i.test(name));
    const child = spawn(process.execPath, args, {
      cwd: root,
      // A group of its own, as a terminal gives to what it starts.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...Object.fromEntries(inherited), npm_execpath: join(root, 'npm/npm-cli.js'), ...env },
    });
    t.after(() => child.kill('SIGKILL'));
    return watch(child);
  };
  return {
    root,
    write,
    read: (path) => readFileSync(join(root, path), 'utf8'),
    installed: () => {
      mkdirSync(join(root, 'node_modules', PINNED, 'bin'), { recursive: true });
      symlinkSync(process.execPath, join(root, 'node_modules', PINNED, 'bin', 'node'));
      cpSync(join(root, 'package-lock.json'), join(root, 'node_modules/.package-lock.json'));
    },
    start,
    run: (args, env) => start(args, env).ended,
  };
}

function watch(child: ChildProcess): Running {
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  const look = () => {
    for (const check of waiting) check();
  };
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('utf8');
    look();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
    look();
  });
  const ended = once(child, 'close').then(([code]): Ended => ({ code, stdout, stderr }));
  void ended.then(look);
  return {
    process: child,
    stdout: () => stdout,
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const match = pattern.exec(stdout + stderr);
          if (match === null && child.exitCode === null && child.signalCode === null) return;
          waiting.delete(check);
          if (match) resolve(match);
          else reject(new Error(`ended without printing ${pattern}: ${stdout}${stderr}`));
        };
        waiting.add(check);
        check();
      }),
    ended,
  };
}
