import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { patched } from '../../src/sim/mutant.ts';
import { MUTANTS } from '../../src/sim/mutants.ts';
import { NODE_MUTANTS } from '../../src/sim/nodes/node-mutants.ts';

test('known bugs fit the sources as they are', () => {
  for (const { name, patches } of [...MUTANTS, ...NODE_MUTANTS]) {
    const sources = new Map<string, string>();
    for (const patch of patches) {
      const url = new URL(`../../${patch.file}`, import.meta.url);
      const source = sources.get(patch.file) ?? readFileSync(url, 'utf8');
      const changed = patched(source, patch);
      assert.notEqual(changed, source, name);
      sources.set(patch.file, changed);
    }
  }
  assert.equal(new Set(MUTANTS.map(({ name }) => name)).size, MUTANTS.length);
  assert.equal(new Set(NODE_MUTANTS.map(({ name }) => name)).size, NODE_MUTANTS.length);
});
