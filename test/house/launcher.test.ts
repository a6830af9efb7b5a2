import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { stampOf, uiSources } from '../../ops/scripts/ui.mjs';
import { type LauncherProject, launcherProject, THIS_NODE_IS_FINE, THIS_NODE_IS_OLD } from './launcher-project.ts';

const XCRON = 'src/cli/xcron.mjs';
const RUN = 'ops/scripts/run.mjs';
const AS_NPM_SCRIPT = { npm_lifecycle_event: 'start' };

/** Prints its pid, then each signal; ends a while after the first, so that a second would be seen, and at last by itself. */
const SERVER = `
const alive = setTimeout(() => process.exit(9), 10_000);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    console.log(\`got \${signal}\`);
    setTimeout(() => { clearTimeout(alive); process.exit(7); }, 300);
  });
}
console.log(\`pid=\${process.pid}\`);
`;

function project(t: TestContext, engines: string, main: string): LauncherProject {
  const made = launcherProject(t, engines);
  made.installed();
  made.write('src/cli/main.ts', main);
  return made;
}

/** As npm unpacks it elsewhere: not private, compiled, with a shrinkwrap in place of the lockfile. */
function published(t: TestContext, engines: string, main: string): LauncherProject {
  const made = launcherProject(t, engines);
  made.write('package.json', JSON.stringify({ name: 'xcron', type: 'module', engines: { node: engines } }));
  renameSync(join(made.root, 'package-lock.json'), join(made.root, 'npm-shrinkwrap.json'));
  made.write('dist/src/cli/main.js', main);
  return made;
}

async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await delay(20);
  }
}

describe('which Node', () => {
  test('a good one runs the sources itself', async (t) => {
    const { run } = project(t, THIS_NODE_IS_FINE, 'console.log(process.pid, process.ppid, ...process.argv.slice(2));');
    const { stdout, stderr, code } = await run([XCRON, 'task', '--flag']);
    assert.equal(stderr, '');
    assert.match(stdout, new RegExp(`^\\d+ ${process.pid} task --flag\n$`));
    assert.equal(code, 0);
  });

  test('an old one starts the pinned one, first on PATH for what that starts', async (t) => {
    const main = 'console.log(process.ppid, process.env.PATH?.split(":")[0], ...process.argv.slice(2));';
    const { start, root } = project(t, THIS_NODE_IS_OLD, main);
    const launcher = start([XCRON, 'task']);
    assert.equal((await launcher.ended).stdout, `${launcher.process.pid} ${join(root, 'node_modules/.bin')} task\n`);
  });

  test('an old one without a pinned one says so in one line and is a usage error', async (t) => {
    const { run, root } = launcherProject(t, THIS_NODE_IS_OLD, { pinned: false });
    const { code, stdout, stderr } = await run([XCRON], AS_NPM_SCRIPT);
    const [major] = process.versions.node.split('.');
    assert.match(stderr, new RegExp(`^xcron: needs Node 9999.0 or newer, and this is Node ${major}.*\n$`));
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.ok(!existsSync(join(root, 'npm-ran')), 'there is nothing that an install could bring');
  });

  test('says what to do where npm left the pinned one out', async (t) => {
    const { run, write } = launcherProject(t, THIS_NODE_IS_OLD);
    write('src/cli/main.ts', '');
    const { code, stderr } = await run([XCRON], AS_NPM_SCRIPT);
    assert.match(stderr, /npm ci --include=optional/);
    assert.equal(code, 2);
  });

  test('says what to do where the pinned one does not run', async (t) => {
    const made = launcherProject(t, THIS_NODE_IS_OLD);
    made.write('src/cli/main.ts', '');
    made.write(`node_modules/node-${process.platform}-${process.arch}/bin/node`, 'not a program');
    made.write('node_modules/.package-lock.json', made.read('package-lock.json'));
    const { code, stderr } = await made.run([XCRON]);
    assert.match(stderr, /^xcron: the Node at .* does not run on this machine .*: install Node 24 and try again\n$/);
    assert.equal(code, 2);
  });

  test('a Mac with Apple silicon is told what to install', () => {
    const code = `
      import { tooOldMessage } from './ops/scripts/runtime.mjs';
      console.log(tooOldMessage('.', 'darwin-arm64', '20.1.0'));`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], { encoding: 'utf8' });
    assert.match(stdout, /^needs Node 22.19 or newer, and this is Node 20.1.0 on darwin-arm64; .*brew install node@24/);
  });

  test('compares versions by number', () => {
    const code = `
      import { isNewEnough } from './ops/scripts/runtime.mjs';
      const minimum = { major: 22, minor: 19 };
      const versions = ['22.19.0', '22.100.0', '23.0.0', '100.0.0', '22.18.9', '22.2.0', '20.99.0', '9.30.0'];
      console.log(versions.filter((version) => isNewEnough(version, minimum)).join(' '));`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], { encoding: 'utf8' });
    assert.equal(stdout, '22.19.0 22.100.0 23.0.0 100.0.0\n');
  });

  test('a published package runs its compiled sources and installs nothing', async (t) => {
    const made = published(t, THIS_NODE_IS_FINE, 'console.log("compiled");');
    assert.deepEqual(await made.run([XCRON], AS_NPM_SCRIPT), { code: 0, stdout: 'compiled\n', stderr: '' });
  });

  test('a published package serves with the flags of V8 that a clone has', async (t) => {
    const made = published(t, THIS_NODE_IS_FINE, 'console.log(process.execArgv.join(" "));');
    assert.match((await made.run([XCRON, 'serve'])).stdout, / --max-semi-space-size=16 --heap-growing-percent=50\n$/);
  });

  test('a published package on an old one says so in one line, and installs nothing', async (t) => {
    const made = published(t, THIS_NODE_IS_OLD, '');
    const { code, stdout, stderr } = await made.run([XCRON, 'serve'], AS_NPM_SCRIPT);
    assert.match(stderr, /^xcron: needs Node 9999.0 or newer, and this is Node .*: install Node 24 and try again\n$/);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
    assert.ok(!existsSync(join(made.root, 'npm-ran')));
  });
});

for (const [kind, engines] of [
  ['in the same process', THIS_NODE_IS_FINE],
  ['in the pinned Node', THIS_NODE_IS_OLD],
] as const) {
  describe(`run ${kind}`, () => {
    for (const wanted of [0, 3, 70]) {
      test(`exit code ${wanted} is handed on`, async (t) => {
        const { run } = project(t, engines, `process.exitCode = ${wanted};`);
        assert.equal((await run([XCRON])).code, wanted);
      });
    }

    test('one SIGTERM is one stop', async (t) => {
      const launcher = project(t, engines, SERVER).start([XCRON, 'serve']);
      await launcher.printed(/pid=/);
      launcher.process.kill('SIGTERM');
      const { stdout, code } = await launcher.ended;
      assert.deepEqual(stdout.match(/got SIG\w+/g), ['got SIGTERM']);
      assert.equal(code, 7);
    });
  });
}

describe('signals, with the pinned Node', () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    test(`${signal} to the group and again to the launcher is one stop`, async (t) => {
      const launcher = project(t, THIS_NODE_IS_OLD, SERVER).start([XCRON, 'serve']);
      await launcher.printed(/pid=/);
      process.kill(-(launcher.process.pid ?? assert.fail()), signal);
      await launcher.printed(/got/);
      launcher.process.kill(signal);
      const { stdout, code } = await launcher.ended;
      assert.deepEqual(stdout.match(/got SIG\w+/g), [`got ${signal}`]);
      assert.equal(code, 7);
    });
  }

  test('a death by signal is 128 + n', async (t) => {
    const { run } = project(t, THIS_NODE_IS_OLD, "process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1_000);");
    assert.equal((await run([XCRON])).code, 137);
  });

  test('a launcher that is killed leaves no orphan, and the server stops in order', async (t) => {
    const launcher = project(t, THIS_NODE_IS_OLD, SERVER).start([XCRON, 'serve']);
    const [, pid] = await launcher.printed(/pid=(\d+)/);
    launcher.process.kill('SIGKILL');
    const { stdout } = await launcher.ended; // Its output closes when the last process that holds it has ended.
    assert.match(stdout, /got SIGTERM/);
    await gone(Number(pid));
  });

  test('what ends by itself is not held by the launcher', async (t) => {
    const { run } = project(t, THIS_NODE_IS_OLD, 'await new Promise((resolve) => setImmediate(resolve));');
    assert.equal((await run([XCRON])).code, 0);
  });
});

describe('under npm', () => {
  for (const [kind, engines] of [
    ['a good Node', THIS_NODE_IS_FINE],
    ['an old one', THIS_NODE_IS_OLD],
  ] as const) {
    test(`a SIGTERM to npm alone stops the server, with ${kind}`, async (t) => {
      const made = project(t, engines, SERVER);
      // The real npm, through the shell that it puts in between.
      const cli = process.env.npm_execpath ?? spawnSync('which', ['npm'], { encoding: 'utf8' }).stdout.trim();
      const npm = made.start([cli, 'start', '--ignore-scripts']);
      const [, pid] = await npm.printed(/pid=(\d+)/);
      npm.process.kill('SIGTERM');
      assert.deepEqual((await npm.ended).stdout.match(/got SIG\w+/g), ['got SIGTERM']);
      await gone(Number(pid));
    });
  }
});

describe('installing', () => {
  const main = 'console.log("ran");';
  const runsOfNpm = (made: LauncherProject) =>
    existsSync(join(made.root, 'npm-ran')) ? made.read('npm-ran').trim().split('\n').length : 0;
  const fresh = (t: TestContext, engines = THIS_NODE_IS_FINE) => {
    const made = launcherProject(t, engines);
    made.write('src/cli/main.ts', main);
    return made;
  };
  const change = (made: LauncherProject, entry: object) => {
    const lockfile = JSON.parse(made.read('package-lock.json'));
    made.write('package-lock.json', JSON.stringify({ packages: { ...lockfile.packages, ...entry } }));
  };

  test('a fresh clone gets its packages and the pinned Node, once, with a line on stderr', async (t) => {
    const made = fresh(t, THIS_NODE_IS_OLD);
    const first = await made.run([XCRON], { ...AS_NPM_SCRIPT, NPM_BRINGS_NODE: '1' });
    assert.equal(first.stderr, 'xcron: installing the packages of package-lock.json (npm ci) …\n');
    assert.equal(first.stdout, 'ran\n');
    assert.match(made.read('npm-ran'), /^ci .*--ignore-scripts/);
    assert.deepEqual(await made.run([XCRON], AS_NPM_SCRIPT), { code: 0, stdout: 'ran\n', stderr: '' });
    assert.equal(runsOfNpm(made), 1);
    assert.ok(!existsSync(join(made.root, '.installing')));
  });

  test('three starts at once install once', async (t) => {
    const made = fresh(t);
    const all = await Promise.all([1, 2, 3].map(() => made.run([XCRON], AS_NPM_SCRIPT)));
    assert.deepEqual(
      all.map(({ code, stdout }) => [code, stdout]),
      [1, 2, 3].map(() => [0, 'ran\n']),
    );
    assert.equal(runsOfNpm(made), 1);
  });

  test('npm that fails fails the start, and leaves no lock', async (t) => {
    const made = fresh(t);
    const { code, stdout, stderr } = await made.run([XCRON], { ...AS_NPM_SCRIPT, NPM_FAILS: '1' });
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /npm ci failed: see above/);
    assert.equal((await made.run([XCRON], AS_NPM_SCRIPT)).stdout, 'ran\n');
  });

  test('a stop while npm installs is a stop, and leaves no lock', async (t) => {
    const made = fresh(t);
    made.write('npm/npm-cli.js', "console.log('npm runs'); setInterval(() => {}, 1_000);");
    const launcher = made.start([XCRON], AS_NPM_SCRIPT);
    await launcher.printed(/npm runs/);
    launcher.process.kill('SIGTERM');
    const { code, stdout } = await launcher.ended;
    assert.equal(code, 143);
    assert.equal(stdout, '');
    assert.ok(!existsSync(join(made.root, '.installing')));
  });

  for (const [whose, sign] of [
    ['dead', true],
    ['never signed', false],
  ] as const) {
    test(`a lock whose owner is ${whose} is broken`, async (t) => {
      const made = fresh(t);
      const dead = spawnSync(process.execPath, ['--version']).pid;
      mkdirSync(join(made.root, '.installing'));
      if (sign) made.write('.installing/pid', String(dead));
      utimesSync(join(made.root, '.installing'), 0, 0);
      assert.equal((await made.run([XCRON], AS_NPM_SCRIPT)).stdout, 'ran\n');
      assert.equal(runsOfNpm(made), 1);
    });
  }

  test('a lock whose owner lives is waited for', async (t) => {
    const made = fresh(t);
    made.write('.installing/pid', String(process.pid));
    const launcher = made.start([XCRON], AS_NPM_SCRIPT);
    await launcher.printed(/another process is installing packages; waiting for it/);
    assert.equal(runsOfNpm(made), 0);
    made.installed();
    made.write('.installing/pid', String(spawnSync(process.execPath, ['--version']).pid));
    assert.equal((await launcher.ended).stdout, 'ran\n');
    assert.equal(runsOfNpm(made), 0);
  });

  test('packages that the lockfile has in another version: npm start installs, npx says so and runs', async (t) => {
    const made = fresh(t);
    made.installed();
    change(made, { 'node_modules/needed': { version: '1.0.1', integrity: 'sha512-b' } });
    const npx = await made.run([XCRON], { npm_lifecycle_event: 'npx' });
    assert.deepEqual([npx.code, npx.stdout, runsOfNpm(made)], [0, 'ran\n', 0]);
    assert.match(npx.stderr, /node_modules is not what package-lock.json says: run "npm ci"/);
    assert.equal((await made.run([XCRON], AS_NPM_SCRIPT)).stdout, 'ran\n');
    assert.equal(runsOfNpm(made), 1);
  });

  test('development packages are missed by the scripts, not by the command line', async (t) => {
    const made = fresh(t);
    made.installed();
    change(made, { 'node_modules/linter': { version: '1.0.0', integrity: 'sha512-c', dev: true } });
    change(made, { 'node_modules/other-platform': { version: '1.0.0', integrity: 'sha512-d', optional: true } });
    assert.deepEqual(await made.run([XCRON], AS_NPM_SCRIPT), { code: 0, stdout: 'ran\n', stderr: '' });
    assert.equal(runsOfNpm(made), 0);
    assert.equal((await made.run([RUN, 'src/cli/main.ts'], AS_NPM_SCRIPT)).stdout, 'ran\n');
    assert.equal(runsOfNpm(made), 1);
  });

  test('packages that left the lockfile do no harm', async (t) => {
    const made = fresh(t);
    change(made, { 'node_modules/former': { version: '1.0.0', integrity: 'sha512-e' } });
    made.installed();
    const lockfile = JSON.parse(made.read('package-lock.json'));
    delete lockfile.packages['node_modules/former'];
    made.write('package-lock.json', JSON.stringify(lockfile));
    assert.deepEqual(await made.run([XCRON], AS_NPM_SCRIPT), { code: 0, stdout: 'ran\n', stderr: '' });
  });
});

describe('the pages for the browser', () => {
  const BUILD = "import { appendFileSync } from 'node:fs'; appendFileSync('builds', 'x');";
  const withPages = (t: TestContext) => {
    const made = project(t, THIS_NODE_IS_FINE, 'console.log("ran");');
    made.write('src/ui/index.html', '<title>page</title>');
    made.write('ops/scripts/build-ui.ts', BUILD);
    return made;
  };
  const builds = (made: LauncherProject): number =>
    existsSync(join(made.root, 'builds')) ? made.read('builds').length : 0;

  test('are built by npm start, with a line saying so, and again only when a source has changed', async (t) => {
    const made = withPages(t);
    const first = await made.run([XCRON, 'serve'], AS_NPM_SCRIPT);
    assert.deepEqual([first.code, first.stdout, builds(made)], [0, 'ran\n', 1]);
    assert.match(first.stderr, /^xcron: building the pages for the browser …\n$/);
    made.write('dist/ui/built-from.json', stampOf(uiSources(made.root)));
    assert.equal((await made.run([XCRON, 'serve'], AS_NPM_SCRIPT)).stderr, '');
    made.write('src/ui/index.html', '<title>another page</title>');
    await made.run([XCRON, 'serve'], AS_NPM_SCRIPT);
    assert.equal(builds(made), 2);
  });

  test('are left as they are by any other command, and by npx', async (t) => {
    const made = withPages(t);
    await made.run([XCRON, 'task', 'list'], AS_NPM_SCRIPT);
    await made.run([XCRON, 'serve'], { npm_lifecycle_event: 'npx' });
    assert.equal(builds(made), 0);
  });

  test('that cannot be built are said, and the node starts without them', async (t) => {
    const made = withPages(t);
    made.write('ops/scripts/build-ui.ts', 'process.exit(1);');
    const { code, stdout, stderr } = await made.run([XCRON, 'serve'], AS_NPM_SCRIPT);
    assert.deepEqual([code, stdout], [0, 'ran\n']);
    assert.match(stderr, /could not be built: see above; the API works without them/);
  });
});
