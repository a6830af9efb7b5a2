import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { ROOT } from './project-files.ts';

const IMPORT_TEST = "import { test } from 'node:test';\n";

/** `npm test` in a folder with these files under test/. */
function start(t: TestContext, files: Readonly<Record<string, string>>, args: readonly string[] = []): ChildProcess {
  const root = mkdtempSync(join(tmpdir(), 'xcron-test-command-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'test'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(root, 'test', name), content);
  // Or the runner in there would take itself for a file of the one out here, and run nothing.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, [join(ROOT, 'ops/scripts/test.ts'), ...args], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

async function ended(child: ChildProcess): Promise<{ code: number; output: string }> {
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8');
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8');
  });
  const [code] = await once(child, 'close');
  return { code, output };
}

describe('npm test', () => {
  test('tests that pass: exit 0, and the closing lines of the runner come last', async (t) => {
    const { code, output } = await ended(start(t, { 'a.test.ts': `${IMPORT_TEST}test('one', (): void => {});` }));
    assert.equal(code, 0, output);
    assert.match(output, /ℹ tests 1\n.*\nℹ pass 1\nℹ fail 0\n(?:ℹ .*\n)*ℹ duration_ms [\d.]+\n$/);
  });

  test('one that fails: exit 1', async (t) => {
    const files = {
      'a.test.ts': `${IMPORT_TEST}test('one', () => {});`,
      'b.test.ts': `${IMPORT_TEST}test('two', () => { throw new Error('red'); });`,
    };
    const { code, output } = await ended(start(t, files));
    assert.equal(code, 1);
    assert.match(output, /ℹ pass 1\nℹ fail 1\n/);
  });

  test('flags and patterns choose', async (t) => {
    const files = {
      'a.test.ts': `${IMPORT_TEST}test('red', () => { throw new Error('red'); });`,
      'b.test.ts': `${IMPORT_TEST}test('red', () => { throw new Error('red'); });\ntest('green', () => {});`,
    };
    const { code, output } = await ended(start(t, files, ['test/b*', '--test-name-pattern=green']));
    assert.equal(code, 0, output);
    assert.match(output, /ℹ pass 1\n/);
  });

  test('no test at all is no success', async (t) => {
    const { code, output } = await ended(start(t, { 'a.test.ts': '' }, ['test/other/**']));
    assert.equal(code, 2);
    assert.match(output, /no \*\.test\.ts under test\/other\/\*\*/);
  });

  test('a stop ends the test files too', async (t) => {
    const hangs = `${IMPORT_TEST}test('hangs', async () => {
      process.stderr.write('hanging\\n');
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    });`;
    const child = start(t, { 'a.test.ts': hangs });
    const end = ended(child); // Its output closes only when the last process that holds it has ended.
    await new Promise<void>((resolve) => {
      child.stdout?.on('data', (chunk: Buffer) => chunk.includes('hanging') && resolve());
    });
    child.kill('SIGTERM');
    assert.notEqual((await end).code, 0);
  });
});
