import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNothingIsLit } from '../../src/ui/debug/what-is-lit.ts';

test('a chart of which nothing is lit says why', () => {
  const core = { source: 'sim', made: 'npm run sim -- --seed 16 --steps 1000' } as const;
  const nodes = { source: 'sim', made: 'npm run sim -- --nodes --seed 3 --steps 1000' } as const;
  const live = { source: 'live', made: 'xcron 0.1.0' } as const;
  for (const machine of ['task', 'execution', 'attempt', 'node'])
    assert.match(whyNothingIsLit(machine, core) ?? '', /npm run sim -- --nodes --trace FILE$/);
  for (const made of [nodes, live]) assert.match(whyNothingIsLit('task', made) ?? '', /made before the trace began/);
  assert.deepEqual([whyNothingIsLit('raft-role', core), whyNothingIsLit('node', live)], [null, null]);
});
