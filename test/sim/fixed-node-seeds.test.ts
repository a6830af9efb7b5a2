import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulateNodes } from '../../src/sim/nodes/simulate-nodes.ts';

const SEEDS = 12;
const STEPS = 15_000;

/** Seeds that found something, as long as a run of theirs still comes by there. */
const PINNED: Readonly<Record<number, string>> = {
  13: 'a write that a failed leader may have done is said not to be done',
  25: 'a cancel meets a task that has just completed',
  27: 'a node whose disk failed shows old state while others go on',
  32: 'a new leader acknowledges a pause before it has counted what others hold',
  67: 'a wiped node sends what was claimed for the instance before it',
  93: 'an update that meets a fire repeats its due time',
  137: 'who led refuses what the next leader has carried out',
  284: 'a leader is started again with a wrong clock, and gives its time to those that still follow it',
  1001: 'a snapshot holds a claim for the node that installs it, and nobody sends it',
};

async function runTwice(seed: number): Promise<void> {
  const first = await simulateNodes({ seed, steps: STEPS });
  assert.equal(
    first.failure,
    null,
    `npm run sim -- --nodes --seed ${seed} --steps ${STEPS}: ${first.failure?.message}`,
  );
  const { traceHash } = await simulateNodes({ seed, steps: STEPS });
  assert.equal(traceHash, first.traceHash, `seed ${seed} does not repeat itself`);
}

test('fixed seeds of production nodes: every promise holds, and every run repeats itself', async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) await runTwice(seed);
});

for (const [seed, found] of Object.entries(PINNED)) test(`seed ${seed}: ${found}`, () => runTwice(Number(seed)));
