import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import type { ClaimHolder } from '../../src/tasks/event.ts';
import { Scenario, START_MS } from '../tasks/scenario.ts';
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

/** What a node sends of a claim that it hears of in the log, and of one that it finds in a snapshot. */
async function sentOf(holder: ClaimHolder): Promise<{ heard: number; found: number }> {
  const scenario = new Scenario().create();
  scenario.sender = holder;
  scenario.at(scenario.task.nextAtMs ?? 0);
  const before = scenario.entries.length;
  const heard = sendingOver(scenario);
  assert.ok(scenario.claim() !== null);
  for (const entry of scenario.entries.slice(before)) heard.sending.applied(entry, [{ applied: true }]);
  heard.sending.turned();
  const found = sendingOver(scenario);
  found.sending.replaced();
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  return { heard: heard.given.length, found: found.given.length };
}

test('a claim for another instance under this name is not sent, in whatever start that was (I6)', async () => {
  assert.deepEqual(await sentOf({ nodeId: 'n1', incarnation: 1, instance: 'i1' }), { heard: 1, found: 1 });
  assert.deepEqual(await sentOf({ nodeId: 'n1', incarnation: 1, instance: 'i0' }), { heard: 0, found: 0 });
  assert.deepEqual(await sentOf({ nodeId: 'n1', incarnation: 2, instance: 'i1' }), { heard: 0, found: 0 });
});

test('a claim that names no instance, as before entry version 3, is sent by the start that was known when it was made', async () => {
  assert.deepEqual(await sentOf({ nodeId: 'n1', incarnation: 1 }), { heard: 1, found: 1 });
  const scenario = claimed();
  const { sending, given } = sendingOver(scenario);
  const { state } = scenario;
  const started = (instance: string, startedAtMs: number): void =>
    state.putMeta({ ...state.meta(), nodes: { n1: { instance, incarnation: 1, startedAtMs } } });
  const [entry] = scenario.entries.slice(-1);
  assert.ok(entry !== undefined);
  // While another instance was known under this name.
  started('i0', START_MS);
  sending.applied(entry, [{ applied: true }]);
  sending.turned();
  // The state holds it still, and this one has started since.
  started('i1', scenario.nowMs + 1);
  sending.replaced();
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  assert.deepEqual(given, []);
});

test('what waits for a lease when its node ends is given back: nothing was sent, and that is known (I7)', async () => {
  for (const endsFirst of [false, true]) {
    const scenario = new Scenario().create({ delivery: 'at_most_once' });
    scenario.at(scenario.task.nextAtMs ?? 0);
    const before = scenario.entries.length;
    // Nobody leads who would grant it.
    const lease = Promise.withResolvers<boolean>();
    const { sending, given, reports } = sendingOver(scenario, systemClock, {
      isHeld: false,
      acquire: () => lease.promise,
    });
    assert.ok(scenario.claim() !== null);
    if (endsFirst) sending.giveBackAhead();
    for (const entry of scenario.entries.slice(before)) sending.applied(entry, [{ applied: true }]);
    sending.turned();
    if (!endsFirst) sending.giveBackAhead();
    await until(
      () => reports.length > 0,
      () => 'nobody hears of it',
    );
    sending.stop();
    await sending.idle();
    assert.deepEqual(reports[0]?.outcome, { kind: 'withheld', changed: true });
    lease.resolve(true);
    await new Promise(setImmediate);
    assert.deepEqual(given, [], 'it is not this node’s any more');
  }
});
