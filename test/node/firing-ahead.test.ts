import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Firing } from '../../src/node/firing.ts';
import {
  BEAT_MS,
  CLAIM_BATCH,
  CLAIMS_AHEAD_MAX,
  DUE_AHEAD_MS,
  LOOK_AHEAD_MAX_MS,
  SEND_LEASE_MS,
  TARGET_CLAIMS_MAX,
} from '../../src/node/limits.ts';
import type { ProposeOutcome } from '../../src/node/proposal-queue.ts';
import type { Replica } from '../../src/node/replica.ts';
import { schedulePlanner } from '../../src/node/schedule-planner.ts';
import { Senders } from '../../src/node/senders.ts';
import type { RaftCore } from '../../src/raft/core.ts';
import { memberId } from '../../src/raft/types.ts';
import type { Projection } from '../../src/store/projection.ts';
import type { TaskDraft } from '../../src/tasks/command.ts';
import type { Pair } from '../../src/tasks/entry.ts';
import { LOOK_AHEAD_LEVEL } from '../../src/tasks/entry-version.ts';
import type { ExecutionClaimed } from '../../src/tasks/event.ts';
import { answered, Scenario, START_MS } from '../tasks/scenario.ts';
import { steppedClock } from './stepped-clock.ts';

interface Leading {
  readonly scenario: Scenario;
  readonly clock: ReturnType<typeof steppedClock>;
  readonly firing: Firing;
  create(changes: Partial<TaskDraft>): void;
  /** One turn: what it claims is committed, and told. */
  turn(): ExecutionClaimed[];
}

/** `n1` leads `n2` and `n3`, and looks ahead. */
function leading(t: TestContext, featureLevel = LOOK_AHEAD_LEVEL): Leading {
  const scenario = new Scenario();
  const clock = steppedClock(START_MS + BEAT_MS);
  const members = ['n1', 'n2', 'n3'].map((nodeId) => ({ nodeId, instance: 'i', kind: 'voter' }));
  for (const { nodeId, instance } of members) {
    const started = { type: 'NodeStarted', nodeId, instance, incarnation: 1 } as const;
    scenario.apply({ requires: [], events: [started], by: 'test' });
  }
  const idOf = (nodeId: string) => memberId(nodeId as never, 'i' as never);
  const core = {
    self: idOf('n1'),
    monotonicMs: 0,
    listensSinceMs: 0,
    transfer: null,
    configuration: { members, featureLevel },
    leading: {
      peers: new Map(['n2', 'n3'].map((nodeId) => [idOf(nodeId), { heardAtMs: 0, hasAnswered: true, matchIndex: 0 }])),
    },
    log: { lastIndex: 0 },
    commitIndex: 0,
  } as unknown as RaftCore;
  let proposed: { readonly pair: Pair; readonly settle: (outcome: ProposeOutcome) => void }[] = [];
  const firing = new Firing({
    projection: {
      entities: scenario.state,
      missing: () => [],
      load: async () => {},
      dueAfter: async () => [],
    } as unknown as Projection,
    replica: {
      core,
      wake() {},
      propose: (pair: Pair, settle: (outcome: ProposeOutcome) => void) => proposed.push({ pair, settle }),
    } as unknown as Replica,
    planner: schedulePlanner,
    clock,
    self: { nodeId: 'n1', instance: 'i', incarnation: 1 },
    lookAheadMs: LOOK_AHEAD_MAX_MS,
    senders: (openOf) => new Senders({ core, meta: () => scenario.state.meta(), openOf, isRetired: () => false }),
    failed: (error) => assert.fail(error),
  });
  t.after(() => firing.end());
  firing.count();
  firing.begin();
  const tell = (pairs: readonly Pair[]) => {
    scenario.at(clock.nowMs());
    const results = scenario.apply(...pairs);
    firing.applied(scenario.entries.at(-1) as never, results);
    return results;
  };
  return {
    scenario,
    clock,
    firing,
    create(changes) {
      scenario.create(changes);
      firing.applied(scenario.entries.at(-1) as never, [{ applied: true }]);
    },
    turn() {
      firing.gather();
      const taken = proposed;
      proposed = [];
      const results = tell(taken.map(({ pair }) => pair));
      for (const [at, { settle }] of taken.entries()) {
        assert.equal(results[at]?.applied, true);
        settle({ kind: 'applied', index: at });
      }
      return taken.flatMap(({ pair }) => pair.events).filter((event) => event.type === 'ExecutionClaimed');
    },
  };
}

const once = (atMs: number): string => new Date(atMs).toISOString();

test('the look-ahead is no longer than a lease, and what it looks at is in memory by then', () => {
  assert.ok(LOOK_AHEAD_MAX_MS <= SEND_LEASE_MS);
  assert.ok(LOOK_AHEAD_MAX_MS <= DUE_AHEAD_MS / 2);
});

test('what falls due within the look-ahead is claimed, in order, for others than the leader', async (t) => {
  const { create, turn } = leading(t);
  await new Promise(setImmediate);
  create({ schedule: '* * * * * *' });
  create({ schedule: once(START_MS + 1_500) });
  create({ schedule: once(START_MS + 2_500) });
  const claims = turn();
  assert.deepEqual(
    claims.map(({ scheduledAtMs }) => scheduledAtMs - START_MS),
    [1_000, 2_000, 3_000, 1_500, 2_500],
  );
  assert.ok(claims.every(({ nodeId }) => nodeId !== 'n1'));
  assert.deepEqual(turn(), []);
});

test('in the moment in which others are sent, nothing is claimed ahead; what is due is', async (t) => {
  const { clock, create, turn } = leading(t);
  await new Promise(setImmediate);
  create({ schedule: once(START_MS + 4_000) });
  create({ schedule: once(START_MS + 1_100), delivery: 'at_most_once' });
  clock.pass(1_000 - 1);
  const times = (): number[] => turn().map(({ scheduledAtMs }) => scheduledAtMs - START_MS);
  assert.deepEqual(times(), [1_100]);
  clock.pass(1);
  assert.deepEqual(times(), [4_000]);
});

test('what is due goes first: a turn that is full of it claims nothing ahead', async (t) => {
  const { create, turn, clock } = leading(t);
  await new Promise(setImmediate);
  for (let count = 0; count < CLAIM_BATCH + 10; count += 1) {
    create({ schedule: once(START_MS + 300), delivery: 'at_most_once', callback: callbackAt(count) });
  }
  assert.deepEqual(turn(), [], 'at most once is never claimed ahead');
  clock.pass(100);
  create({ schedule: once(START_MS + 700) });
  const first = turn();
  assert.equal(first.length, CLAIM_BATCH);
  assert.ok(first.every(({ scheduledAtMs }) => scheduledAtMs === START_MS + 300));
  assert.deepEqual(
    turn().map(({ scheduledAtMs }) => scheduledAtMs - START_MS),
    [...Array(10).fill(300), 700],
  );
});

test('half of the hands are for what is due', async (t) => {
  const { create, turn, clock, firing } = leading(t);
  await new Promise(setImmediate);
  const tasks = 3 * CLAIMS_AHEAD_MAX + 100;
  for (let count = 0; count < tasks; count += 1) {
    create({ schedule: once(START_MS + 1_000), callback: callbackAt(count) });
  }
  let ahead = 0;
  for (let claimed = turn(); claimed.length > 0; claimed = turn()) ahead += claimed.length;
  assert.equal(ahead, 3 * CLAIMS_AHEAD_MAX);
  assert.equal(firing.claimsInHand, ahead);
  clock.pass(1_000);
  let due = 0;
  for (let claimed = turn(); claimed.length > 0; claimed = turn()) due += claimed.length;
  assert.equal(due, 100);
});

test('a cluster with a node that would send at once claims nothing ahead', async (t) => {
  const { create, turn, clock } = leading(t, LOOK_AHEAD_LEVEL - 1);
  await new Promise(setImmediate);
  create({ schedule: '* * * * * *' });
  assert.deepEqual(turn(), []);
  clock.pass(1_000);
  assert.equal(turn().length, 1);
});

test('a target that is full of fires of one instant gets those of the next as soon as it has room', async (t) => {
  const { create, turn, clock, firing, scenario } = leading(t);
  await new Promise(setImmediate);
  for (let count = 0; count <= TARGET_CLAIMS_MAX; count += 1) create({ schedule: '* * * * * *' });
  for (let claimed = turn(); claimed.length > 0; claimed = turn());
  clock.pass(1_000);
  assert.deepEqual(turn(), [], 'more than it takes at once have fallen due');
  const [first, second] = [...scenario.state.executions.values()].filter(
    ({ scheduledAtMs }) => scheduledAtMs === START_MS + 1_000,
  );
  for (const execution of [first, second]) {
    scenario.taskId = execution?.taskId ?? scenario.taskId;
    const results = scenario.outcome(execution?.run ?? 0, answered(200));
    firing.applied(scenario.entries.at(-1) as never, results);
  }
  const claims = turn();
  assert.equal(claims.length, TARGET_CLAIMS_MAX + 1);
  assert.ok(claims.every(({ scheduledAtMs }) => scheduledAtMs === START_MS + 4_000));
});

test('what a lost node held goes before what waits for the same target and was never claimed', async (t) => {
  const { create, turn, clock, firing, scenario } = leading(t, LOOK_AHEAD_LEVEL - 1);
  await new Promise(setImmediate);
  for (let count = 0; count < TARGET_CLAIMS_MAX + 10; count += 1) create({ schedule: once(START_MS + 100) });
  clock.pass(100);
  assert.equal(turn().length, TARGET_CLAIMS_MAX);
  const [held, ...others] = [...scenario.state.executions.values()];
  const ends = (execution: typeof held, outcome: Parameters<Scenario['outcome']>[1]): void => {
    scenario.taskId = execution?.taskId ?? scenario.taskId;
    const results = scenario.outcome(execution?.run ?? 0, outcome);
    firing.applied(scenario.entries.at(-1) as never, results);
  };
  const stateOfHeld = () => scenario.state.execution(held?.taskId as never, held?.run ?? 0)?.state;
  ends(held, { kind: 'lost' });
  assert.equal(turn().length, 1, 'the place that is free goes to what was parked by then');
  ends(others[0], answered(200));
  assert.deepEqual(turn(), []);
  assert.equal(stateOfHeld(), 'attempting');
});

/** A target each, so that none of them is full. */
const callbackAt = (count: number) => ({
  url: `http://127.0.0.1:${10_000 + count}/`,
  method: 'POST' as const,
  headers: {},
  body: '{}',
});
