import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Scenario, START_MS } from './scenario.ts';

/** A claim is decided on what a leader has applied, and another change may come before it in the log (I5). */

for (const change of ['PauseTask', 'CancelTask'] as const) {
  test(`a claim that meets a ${change} before it in the log changes nothing (I5)`, () => {
    const given = new Scenario().create({ schedule: '* * * * * *' }).at(START_MS + 1_000);
    const claim = given.decideClaim();
    assert.ok(claim !== null);
    assert.equal(given.when({ type: change, version: null }), null);
    assert.equal(given.apply(claim)[0]?.applied, false);
    assert.deepEqual(given.openRuns, []);
  });
}
