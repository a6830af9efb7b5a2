import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { SHAPES } from '../../src/trace/line-shape.ts';

test('docs/trace.md names every kind of line, and every field that is read', () => {
  const page = readFileSync(new URL('../../docs/trace.md', import.meta.url), 'utf8');
  for (const [what, fields] of Object.entries(SHAPES)) {
    assert.ok(page.includes(`| \`${what}\` |`), what);
    for (const field of Object.keys(fields)) assert.ok(page.includes(`\`${field}\``), `${what}.${field}`);
  }
});
