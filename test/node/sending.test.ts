import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Scenario } from '../tasks/scenario.ts';
import { until } from '../whole/serving.ts';
import { sendingOver } from './sending-over.ts';

const claimed = (): Scenario => {
  const scenario = new Scenario().create();
  scenario.at(scenario.task.nextAtMs ?? 0);
  assert.ok(scenario.claim() !== null);
  return scenario;
};

test('a claim that came by snapshot is sent by the node that it names, once (I7)', async () => {
  const { sending, given } = sendingOver(claimed());
  sending.replaced();
  await until(
    () => given.length > 0,
    () => 'nobody sends it',
  );
  sending.replaced();
  await new Promise(setImmediate);
  assert.deepEqual(
    given.map(({ request }) => request.attempt),
    [1],
  );
});

test('what was in hand when a snapshot came is not sent any more: its task may have been cancelled in between (I6)', async () => {
  const scenario = claimed();
  const { sending, given, reports } = sendingOver(scenario);
  const [entry] = scenario.entries.slice(-1);
  assert.ok(entry !== undefined);
  sending.applied(entry, [{ applied: true }]);
  sending.turned();
  const [one] = given;
  assert.equal(one?.mayStillSend(), true);
  sending.replaced();
  assert.equal(one.mayStillSend(), false);
  one.settled({ kind: 'withheld', reason: 'may_not_send' });
  await until(
    () => sending.inHand === 0,
    () => 'it is in hand for ever',
  );
  assert.deepEqual(
    reports.map(({ outcome }) => outcome),
    [{ kind: 'withheld', changed: true }],
  );
});

test('what its task’s change or its own end supersedes is taken back from the line at once (I10)', async () => {
  const ends = [
    (scenario: Scenario) => scenario.when({ type: 'PauseTask', version: null }),
    (scenario: Scenario) => scenario.when({ type: 'CancelTask', version: null }),
    // Another leader took this node for lost.
    (scenario: Scenario) => scenario.outcome(1, { kind: 'lost' }),
  ];
  for (const end of ends) {
    const scenario = claimed();
    const { sending, given, withheld } = sendingOver(scenario);
    sending.replaced();
    await until(
      () => given.length > 0,
      () => 'nobody sends it',
    );
    assert.deepEqual(withheld, []);
    const before = scenario.entries.length;
    end(scenario);
    for (const entry of scenario.entries.slice(before)) {
      sending.applied(
        entry,
        entry.pairs.map(() => ({ applied: true })),
      );
    }
    assert.deepEqual(withheld, [given[0]?.request.key]);
  }
});
