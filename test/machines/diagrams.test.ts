import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { machines } from '../../machines/all.ts';
import { machinesPage, toMermaid, withDiagrams } from '../../machines/mermaid.ts';

test('docs/machines.md is what the machines say', () => {
  const page = readFileSync(new URL('../../docs/machines.md', import.meta.url), 'utf8');
  assert.equal(page, machinesPage(machines), 'run npm run diagrams');
});

for (const path of ['README.md', 'ops/runbook.md']) {
  test(`the diagrams of ${path} are what the machines say`, () => {
    const page = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
    assert.match(page, /<!-- diagram:[a-z-]+ -->\n```mermaid\n/);
    for (const [, name = ''] of page.matchAll(/<!-- diagram:([a-z-]+) -->/g)) assert.ok(name in machines, name);
    assert.equal(page, withDiagrams(page, machines), 'run npm run diagrams');
  });
}

test('every state is in its diagram, reachable, and described', () => {
  for (const [name, machine] of Object.entries(machines)) {
    const drawn = toMermaid(machine);
    for (const state of Object.values(machine.root.states)) {
      assert.match(drawn, new RegExp(`\\b${state.key}\\b`), `${name}: ${state.key}`);
      if (name !== 'node' || state.key !== 'stopped')
        assert.ok(state.description, `${name}: ${state.key} has no description`);
    }
  }
});
