import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lease } from '../../src/node/sending.ts';
import { Scenario, START_MS } from '../tasks/scenario.ts';
import { until } from '../whole/serving.ts';
import { type SendingOver, sendingOver } from './sending-over.ts';
import { type SteppedClock, steppedClock } from './stepped-clock.ts';

const AHEAD_MS = 2_000;
const withheld = { kind: 'withheld', changed: true } as const;

interface Holding extends SendingOver {
  readonly scenario: Scenario;
  readonly clock: SteppedClock;
  /** What was decided since, told to the node as the log does. */
  tell(): void;
}

/** Holds the next two seconds of a task that fires every second. */
function holdingTwo(lease?: Lease): Holding {
  const scenario = new Scenario().create({ schedule: '* * * * * *' });
  const clock = steppedClock(START_MS);
  const over = sendingOver(scenario, clock, lease);
  let told = 0;
  const tell = (): void => {
    for (const entry of scenario.entries.slice(told)) over.sending.applied(entry, [{ applied: true }]);
    told = scenario.entries.length;
    over.sending.turned();
  };
  while (scenario.claim(AHEAD_MS) !== null);
  tell();
  assert.equal(over.sending.heldAhead, 2);
  return { ...over, scenario, clock, tell };
}

const timesOf = ({ given }: Holding): number[] => given.map(({ request }) => request.scheduledAtMs - START_MS);

test('a claim ahead of its time is given to the sender at its time, and not before', () => {
  const holding = holdingTwo();
  holding.clock.pass(999);
  assert.deepEqual(timesOf(holding), []);
  holding.clock.pass(1);
  assert.deepEqual(timesOf(holding), [1_000]);
  assert.equal(holding.given[0]?.mayStillSend(), true);
  holding.clock.pass(1_000);
  assert.deepEqual(timesOf(holding), [1_000, 2_000]);
});

test('its lease is asked for while it waits, and tested when it leaves (I6)', async () => {
  let asked = 0;
  let isHeld = false;
  const acquire = async (): Promise<boolean> => {
    asked += 1;
    return isHeld;
  };
  const holding = holdingTwo({
    get isHeld() {
      return isHeld;
    },
    acquire,
  });
  assert.equal(asked, 2);
  isHeld = true;
  holding.clock.pass(1_000);
  isHeld = false;
  assert.equal(holding.given[0]?.mayStillSend(), false, 'a leader that this node does not hear may have cancelled it');
});

test('a change of its task, a pause of all scheduling, or a snapshot: it is given back before its time', async () => {
  const ends: readonly ((holding: Holding) => void)[] = [
    ({ scenario }) => scenario.when({ type: 'PauseTask', version: null }),
    ({ scenario }) => scenario.when({ type: 'UpdateTask', version: null, changes: { name: 'x' } }),
    ({ scenario }) => scenario.apply({ requires: [], events: [{ type: 'SchedulingPaused' }], by: 'test' }),
    ({ sending }) => sending.replaced(),
    ({ sending }) => sending.giveBackAhead(),
  ];
  for (const end of ends) {
    const holding = holdingTwo();
    end(holding);
    holding.tell();
    assert.equal(holding.sending.heldAhead, 0);
    await until(
      () => holding.reports.length === 2,
      () => `${holding.reports.length} are reported`,
    );
    assert.deepEqual(
      holding.reports.map(({ outcome }) => outcome),
      [withheld, withheld],
    );
    assert.equal(holding.scenario.run(2).nextAttemptAtMs, START_MS + 2_000);
    holding.clock.pass(10_000);
    assert.deepEqual(timesOf(holding), []);
  }
});

test('what is cancelled, withdrawn or settled by others waits no more, and nothing is reported of it', async () => {
  const ends: readonly ((scenario: Scenario) => void)[] = [
    (scenario) => scenario.when({ type: 'CancelTask', version: null }),
    (scenario) => scenario.when({ type: 'UpdateTask', version: null, changes: { schedule: '0 0 1 1 *' } }),
    (scenario) => {
      scenario.outcome(1, { kind: 'lost' });
      scenario.outcome(2, { kind: 'lost' });
    },
  ];
  for (const end of ends) {
    const holding = holdingTwo();
    end(holding.scenario);
    holding.tell();
    await until(
      () => holding.sending.inHand === 0,
      () => 'it is in hand for ever',
    );
    assert.deepEqual(holding.reports, []);
    holding.clock.pass(10_000);
    assert.deepEqual(timesOf(holding), []);
  }
});

test('a node that is to end holds nothing that comes later either', async () => {
  const holding = holdingTwo();
  holding.sending.giveBackAhead();
  holding.scenario.at(START_MS + 1_000);
  holding.scenario.claim(AHEAD_MS);
  holding.tell();
  assert.equal(holding.sending.heldAhead, 0);
  await until(
    () => holding.reports.length === 3,
    () => `${holding.reports.length} are reported`,
  );
});
