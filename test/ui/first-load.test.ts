import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ensureUi, uiDirectory } from '../../ops/scripts/ui.mjs';
import { ROOT } from '../house/project-files.ts';

const FIRST_LOAD_BYTES_MAX = 150 * 1_024;

before(async () => assert.ok(await ensureUi(ROOT, console.error)));

/** A page with all that it names, as it goes over the wire. */
function firstLoadBytes(page: string): number {
  const html = readFileSync(join(uiDirectory(ROOT), page), 'utf8');
  const named = [...html.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, path = '']) => path);
  assert.ok(named.length > 2, html);
  return [page, ...new Set(named)]
    .map((path) => gzipSync(readFileSync(join(uiDirectory(ROOT), path))).length)
    .reduce((sum, bytes) => sum + bytes, 0);
}

for (const page of ['index.html', 'debug.html']) {
  test(`${page} stays small on its first load`, (t) => {
    const bytes = firstLoadBytes(page);
    t.diagnostic(`${page}: ${(bytes / 1_024).toFixed(1)} KiB gzipped`);
    assert.ok(bytes < FIRST_LOAD_BYTES_MAX, `${bytes} bytes`);
  });
}
