import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from '../../src/sim/simulate.ts';

const SEEDS = 60;
const STEPS = 20_000;

/** Seeds that catch what a random run or a pinned seed once found, were it to come back (src/sim/mutants/). */
const PINNED: Readonly<Record<number, string>> = {
  16: 'a transfer is refused because the quorum was checked a moment ago',
  27: 'what a turn appended before a truncation is written behind it',
  122: 'a learner that does not know of its promotion refuses its vote',
};

function runTwice(seed: number): void {
  const first = simulate({ seed, steps: STEPS });
  assert.equal(first.failure, null, `npm run sim -- --seed ${seed} --steps ${STEPS}: ${first.failure?.message}`);
  assert.equal(simulate({ seed, steps: STEPS }).traceHash, first.traceHash, `seed ${seed} does not repeat itself`);
}

test('fixed seeds: every invariant holds in every step, and every run repeats itself', () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) runTwice(seed);
});

for (const [seed, found] of Object.entries(PINNED)) test(`seed ${seed}: ${found}`, () => runTwice(Number(seed)));
