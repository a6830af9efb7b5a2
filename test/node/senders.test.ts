import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLAIM_LAG_MS_MAX, LAG_SAMPLE_MS, NODE_LOST_MS, PLAN_B_LOOK_MS } from '../../src/node/limits.ts';
import { Senders } from '../../src/node/senders.ts';
import { isOfAnEarlierStart } from '../../src/node/settling.ts';
import type { RaftCore } from '../../src/raft/core.ts';
import { createProgress, type Progress } from '../../src/raft/progress.ts';
import type { InstanceId, MemberId, NodeId } from '../../src/raft/types.ts';
import { memberId } from '../../src/raft/types.ts';
import type { StateMeta } from '../../src/tasks/entities.ts';
import type { Attempt } from '../../src/tasks/execution.ts';

const members = ['n1', 'n2'].map((name) => ({
  nodeId: name as NodeId,
  instance: 'i' as InstanceId,
  kind: 'voter' as const,
}));

/** n1 leads, and n2 is heard all the time. */
function leading() {
  const progress: Progress = createProgress(1, 1_000);
  progress.state = 'replicate';
  progress.hasAnswered = true;
  const core = {
    self: memberId('n1' as NodeId, 'i' as InstanceId),
    configuration: { members, featureLevel: 3 },
    monotonicMs: 1_000,
    listensSinceMs: 0,
    appliedIndex: 100,
    leading: { peers: new Map<MemberId, Progress>([[memberId('n2' as NodeId, 'i' as InstanceId), progress]]) },
  };
  const nodes = Object.fromEntries(
    members.map(({ nodeId }) => [nodeId, { instance: 'i', incarnation: 1, startedAtMs: 0 }]),
  );
  const senders = new Senders({
    core: core as unknown as RaftCore,
    meta: () => ({ nodes }) as unknown as StateMeta,
    openOf: () => 0,
    isRetired: () => false,
  });
  /** Whom it gives claims to, after so long in which it applied so much. */
  function given(passedMs = 0, entries = 0): string {
    for (let passed = 0; passed < passedMs; passed += LAG_SAMPLE_MS) {
      core.monotonicMs += LAG_SAMPLE_MS;
      core.appliedIndex += entries;
      progress.heardAtMs = core.monotonicMs;
      senders.look();
    }
    senders.look();
    return [...new Set([senders.next()?.nodeId, senders.next()?.nodeId])].sort().join(' ');
  }
  return { core, progress, given, senders };
}

test('a node that is behind for longer than a moment gets no claims, until it has caught up', () => {
  const { core, progress, given } = leading();
  progress.appliedIndex = 100;
  assert.equal(given(), 'n1 n2');
  // Nothing happens: whoever has all is not behind, however long ago that was.
  assert.equal(given(10 * CLAIM_LAG_MS_MAX), 'n1 n2');
  assert.equal(given(CLAIM_LAG_MS_MAX / 2, 7), 'n1 n2', 'a moment');
  assert.equal(given(CLAIM_LAG_MS_MAX, 7), 'n1');
  assert.equal(given(20 * CLAIM_LAG_MS_MAX, 7), 'n1');
  progress.appliedIndex = core.appliedIndex - 7;
  assert.equal(given(), 'n1 n2');
  // It applies, and stays behind.
  progress.appliedIndex = core.appliedIndex;
  given(2 * CLAIM_LAG_MS_MAX, 1);
  progress.appliedIndex += 5;
  assert.equal(given(), 'n1');
});

test('a node that has not answered this leader yet is not lost, and gets no claims', () => {
  const { progress, given, senders } = leading();
  const held = { nodeId: 'n2', incarnation: 1, instance: 'i' };
  progress.hasAnswered = false;
  assert.equal(given(), 'n1');
  assert.equal(senders.isLost(held), false);
  progress.hasAnswered = true;
  assert.equal(given(), 'n1 n2');
});

test('a node that was silent before this one led is lost, and its start is not over', () => {
  const { core, progress, given, senders } = leading();
  const held = { nodeId: 'n2', incarnation: 1, instance: 'i' };
  progress.hasAnswered = false;
  progress.heardAtMs = core.monotonicMs - NODE_LOST_MS;
  assert.deepEqual([senders.isLost(held), senders.isOver(held)], [true, false]);
  assert.deepEqual(
    [senders.isLost({ ...held, incarnation: 0 }), senders.isOver({ ...held, incarnation: 0 })],
    [true, true],
  );
  assert.equal(given(), 'n1');
});

test('after a stall of its own, a leader takes nobody for lost before it has read what they said meanwhile', () => {
  const { core, progress, senders } = leading();
  const held = { nodeId: 'n2', incarnation: 1, instance: 'i' };
  const stalls = (ms: number): void => {
    core.monotonicMs += ms;
    core.listensSinceMs = core.monotonicMs;
  };
  stalls(2 * NODE_LOST_MS);
  assert.equal(senders.isLost(held), false);
  assert.equal(senders.isLost({ ...held, incarnation: 0 }), true, 'of a start that is over there is nothing to hear');
  core.monotonicMs += PLAN_B_LOOK_MS - 1;
  assert.equal(senders.isLost(held), false);
  core.monotonicMs += 1;
  assert.equal(senders.isLost(held), true, 'there was nothing to read');
  progress.heardAtMs = core.monotonicMs;
  stalls(2 * NODE_LOST_MS);
  progress.heardAtMs = core.monotonicMs;
  core.monotonicMs += PLAN_B_LOOK_MS;
  assert.equal(senders.isLost(held), false);
});

test('a node that takes a snapshot gets no claims', () => {
  const { core, progress, given } = leading();
  progress.appliedIndex = core.appliedIndex;
  progress.state = 'snapshot';
  assert.equal(given(), 'n1');
  progress.state = 'replicate';
  assert.equal(given(), 'n1 n2');
});

test('a claim of another instance under the same name and number is lost, though its node is there', () => {
  const { senders } = leading();
  const held = { nodeId: 'n2', incarnation: 1 };
  assert.equal(senders.isLost({ ...held, instance: 'i' }), false);
  assert.equal(senders.isLost({ ...held, instance: 'j' }), true);
  assert.equal(senders.isLost({ ...held, incarnation: 2, instance: 'i' }), true);
  // As it was made before entry version 3.
  assert.equal(senders.isLost(held), false);
});

test('a claim names the instance as soon as every member can read that', () => {
  const { core, senders } = leading();
  core.configuration.featureLevel = 2;
  assert.deepEqual(senders.next(), { nodeId: 'n2', incarnation: 1 });
  core.configuration.featureLevel = 3;
  assert.deepEqual(senders.next(), { nodeId: 'n1', incarnation: 1, instance: 'i' });
});

test('an open claim that names no instance is of an earlier start when it is older than the one that is known', () => {
  const meta = { nodes: { n2: { instance: 'i', incarnation: 1, startedAtMs: 500 } } } as unknown as StateMeta;
  const made = (claimedAtMs: number, instance?: string): Attempt =>
    ({ nodeId: 'n2', incarnation: 1, claimedAtMs, ...(instance === undefined ? {} : { instance }) }) as Attempt;
  assert.equal(isOfAnEarlierStart(made(499), meta), true);
  assert.equal(isOfAnEarlierStart(made(500), meta), false);
  assert.equal(isOfAnEarlierStart(made(499, 'i'), meta), false);
});
