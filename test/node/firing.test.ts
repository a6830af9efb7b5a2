import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { Firing } from '../../src/node/firing.ts';
import { SEND_LEASE_OVER_MS } from '../../src/node/limits.ts';
import type { Replica } from '../../src/node/replica.ts';
import { schedulePlanner } from '../../src/node/schedule-planner.ts';
import type { Senders } from '../../src/node/senders.ts';
import type { Projection } from '../../src/store/projection.ts';
import type { EntryContent } from '../../src/tasks/entry.ts';
import { answered, Scenario } from '../tasks/scenario.ts';

/** A leader's, over a scenario: another node sends its claims. */
function firingOver(t: TestContext, { state }: Scenario, passedMs = (): number => 0): Firing {
  const firing = new Firing({
    projection: {
      entities: state,
      missing: () => [],
      load: async () => {},
      dueAfter: async () => [],
    } as unknown as Projection,
    replica: { core: { transfer: null }, wake() {} } as unknown as Replica,
    planner: schedulePlanner,
    clock: { ...systemClock, monotonicMs: passedMs },
    self: { nodeId: 'n2', instance: 'i', incarnation: 1 },
    lookAheadMs: 0,
    senders: () => ({}) as unknown as Senders,
    failed: (error) => assert.fail(error),
  });
  // Its timer would keep the process.
  t.after(() => firing.end());
  return firing;
}

const claimed = (): Scenario => {
  const scenario = new Scenario().create();
  scenario.at(scenario.task.nextAtMs ?? 0);
  assert.ok(scenario.claim() !== null);
  return scenario;
};

function lastEntry(scenario: Scenario): EntryContent {
  const entry = scenario.entries.at(-1);
  assert.ok(entry !== undefined);
  return entry;
}

test('a claim that ends while a new leader still counts what is open leaves no place taken', (t) => {
  const scenario = claimed();
  const firing = firingOver(t, scenario);
  firing.count();
  firing.adopt(scenario.task, scenario.run(1));
  assert.equal(firing.claimsInHand, 1);
  const results = scenario.outcome(1, answered(200));
  firing.applied(lastEntry(scenario), results);
  firing.begin();
  assert.equal(firing.claimsInHand, 0);
});

test('of a term that is over nothing is counted in', (t) => {
  const scenario = claimed();
  const firing = firingOver(t, scenario);
  firing.count();
  firing.end();
  firing.adopt(scenario.task, scenario.run(1));
  firing.count();
  firing.begin();
  assert.equal(firing.claimsInHand, 0);
});

test('a leader that has only begun cannot tell who may still send (I6)', (t) => {
  const scenario = claimed();
  let nowMs = 0;
  const firing = firingOver(t, scenario, () => nowMs);
  firing.count();
  assert.equal(firing.holdersOf(scenario.taskId), null, 'nothing is counted yet');
  firing.begin();
  nowMs = SEND_LEASE_OVER_MS - 1;
  assert.equal(firing.holdersOf(scenario.taskId), null, 'what earlier leaders took for lost is not known');
  nowMs = SEND_LEASE_OVER_MS;
  assert.deepEqual(firing.holdersOf(scenario.taskId), []);
});

test('an attempt of this node that ends late frees no place of the next one, which another node holds (I6)', (t) => {
  const scenario = claimed();
  let nowMs = 0;
  const firing = firingOver(t, scenario, () => nowMs);
  firing.count();
  firing.adopt(scenario.task, scenario.run(1));
  firing.begin();
  nowMs = SEND_LEASE_OVER_MS;
  firing.ended(scenario.taskId, 1);
  assert.equal(firing.claimsInHand, 1);
  assert.equal(scenario.when({ type: 'CancelTask', version: null }), null);
  firing.applied(lastEntry(scenario), [{ applied: true }]);
  assert.deepEqual(firing.holdersOf(scenario.taskId), ['n1'], 'it is waited for');
});

test('who was taken for lost may still send what it held, for as long as its lease can run (I6)', (t) => {
  const scenario = claimed();
  let nowMs = 0;
  const firing = firingOver(t, scenario, () => nowMs);
  firing.count();
  firing.adopt(scenario.task, scenario.run(1));
  firing.begin();
  nowMs = 10_000;
  const results = scenario.outcome(1, { kind: 'lost' });
  firing.applied(lastEntry(scenario), results);
  assert.equal(firing.claimsInHand, 0);
  assert.deepEqual(firing.holdersOf(scenario.taskId), ['n1']);
  nowMs += SEND_LEASE_OVER_MS + 1;
  assert.deepEqual(firing.holdersOf(scenario.taskId), []);
});
