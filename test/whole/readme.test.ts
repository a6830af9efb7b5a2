import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { childWithOutput, serve, until } from './serving.ts';

/** The README's first task, run as it is printed: only the ports are this test's own. */
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

function block(name: string): string {
  const found = new RegExp(`<!-- readme:${name} -->\\n\`\`\`\\w*\\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1];
  assert.ok(found, `the README has no block ${name}`);
  return found.trim();
}

/** What changes from run to run, made the same: ids, times, lateness. */
const shapeOf = (text: string): string =>
  text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UUID')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/\d{15,}/g, 'ID')
    .replace(/ID-\d{13}/g, 'ID-MS')
    .replace(/[+-]\d+ ms/g, 'LATE');

test('the first task of the README, as printed: its answer and its callback', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'xcron-readme-'));
  const listener = childWithOutput(spawn(process.execPath, [main, 'listen', '--port', '0']));
  const node = await serve(directory);
  try {
    await until(() => /listening on http:\S+/.test(listener.output()), listener.output);
    const target = /listening on (http:\/\/\S+)/.exec(listener.output())?.[1] ?? '';
    const command = block('create').replace('http://127.0.0.1:8000', node.url).replace('http://127.0.0.1:9000', target);
    const shell = childWithOutput(spawn('bash', ['-c', `${command} --silent`]));
    assert.equal(await shell.ended, 0, shell.output());
    assert.equal(shapeOf(shell.output().trim()), shapeOf(block('answer')));
    await until(() => listener.output().includes('/hello'), listener.output, 20_000);
    const callback =
      listener
        .output()
        .split('\n')
        .find((line) => line.includes('/hello')) ?? '';
    assert.equal(shapeOf(callback), shapeOf(block('callback')));
  } finally {
    await node.kill('SIGTERM');
    listener.process.kill('SIGTERM');
    await listener.ended;
    rmSync(directory, { recursive: true, force: true });
  }
});

test('every path that the README names is there', () => {
  const named = [...readme.matchAll(/`((?:src|machines|ops|docs|test)\/[\w./-]+?)`|\]\(([\w./-]+)\)/g)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
  assert.ok(named.length > 20);
  for (const path of named) readFileSyncOrDirectory(new URL(`../../${path}`, import.meta.url), path);
});

function readFileSyncOrDirectory(url: URL, path: string): void {
  try {
    readFileSync(url);
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'EISDIR', `the README names ${path}`);
  }
}
