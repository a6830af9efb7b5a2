import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Clock, systemClock } from '../../src/clock.ts';
import { createClusterTime } from '../../src/node/cluster-time.ts';
import { Peers } from '../../src/node/peers.ts';
import { createRaftCore, type RaftCore } from '../../src/raft/core.ts';
import { step } from '../../src/raft/step.ts';
import type { InstanceId, MemberId, NodeId } from '../../src/raft/types.ts';
import { memberId } from '../../src/raft/types.ts';
import { noTransport, type TransportListener } from '../../src/transport/transport.ts';

const members = ['a', 'b', 'c'].map((name) => ({
  nodeId: name as NodeId,
  instance: '1' as InstanceId,
  kind: 'voter' as const,
}));
const [a, b, c] = members.map(({ nodeId, instance }) => memberId(nodeId, instance));
assert.ok(a !== undefined && b !== undefined && c !== undefined);

function coreOf(count: number): RaftCore {
  return createRaftCore(
    {
      self: a as NonNullable<typeof a>,
      hardState: { term: 0, votedFor: null },
      configurations: [{ index: 1, configuration: { members: members.slice(0, count) } }],
      log: { read: () => [], termAt: () => undefined },
      base: { index: 1, term: 0 },
      lastIndex: 1,
      lastTerm: 0,
      appliedIndex: 1,
      recovering: false,
      featureLevel: 1,
    },
    { heartbeatMs: 80, electionTimeoutMinMs: 400, electionTimeoutMaxMs: 800 },
  );
}

/** A wall clock that jumps and a monotonic one that does not. */
function clockAt(startMs: number): Clock & { pass(ms: number): void; jump(ms: number): void } {
  let wallMs = startMs;
  let monotonicMs = 0.25;
  return {
    ...systemClock,
    nowMs: () => wallMs,
    monotonicMs: () => monotonicMs,
    pass(ms) {
      wallMs += ms;
      monotonicMs += ms + 0.001;
    },
    jump(ms) {
      wallMs += ms;
    },
  };
}

const HOUR = 3_600_000;

test('a node alone has its own clock, whatever that does', () => {
  const clock = clockAt(1_000_000);
  const time = createClusterTime(clock, () => coreOf(1));
  clock.pass(10);
  assert.equal(time.nowMs(), 1_000_010);
  clock.jump(-HOUR);
  assert.equal(time.nowMs(), 1_000_010 - HOUR);
});

function leading(): RaftCore {
  const core = coreOf(3);
  step(core, [{ type: 'tick', monotonicMs: 0, random: 0 }]);
  step(core, [{ type: 'tick', monotonicMs: 400, random: 0 }]);
  const answer = { from: b as NonNullable<typeof b>, to: core.self, granted: true } as const;
  step(core, [{ type: 'receive', messages: [{ ...answer, type: 'pre-vote-answer', term: 0, forTerm: 1 }] }]);
  step(core, [{ type: 'persisted', persistId: core.lastPersistId }]);
  step(core, [{ type: 'receive', messages: [{ ...answer, type: 'vote-answer', term: 1 }] }]);
  assert.ok(core.leading !== null);
  return core;
}

test('one clock of three that jumps an hour changes nothing: the leader’s own, or a follower’s', () => {
  const clock = clockAt(1_000_000);
  const core = leading();
  const time = createClusterTime(clock, () => core);
  const hearAll = (ofB: number, ofC: number): void => {
    time.heard(b as NonNullable<typeof b>, ofB, 0);
    time.heard(c as NonNullable<typeof c>, ofC, 0);
  };
  hearAll(1_000_000, 1_000_000);
  clock.jump(HOUR);
  assert.equal(time.nowMs(), 1_000_000, 'between two words of the others, too');
  hearAll(1_000_000, 1_000_000);
  assert.equal(time.nowMs(), 1_000_000);
  clock.jump(-HOUR);
  hearAll(1_000_000 - HOUR, 1_000_000);
  assert.equal(time.nowMs(), 1_000_000);
});

test('a clock that jumped changes nothing when it is the first that a new leader hears, or the only one', () => {
  const clock = clockAt(1_000_000);
  const core = leading();
  const time = createClusterTime(clock, () => core);
  for (const jumpMs of [HOUR, -HOUR]) {
    time.heard(b as NonNullable<typeof b>, 1_000_000 + jumpMs, 0);
    assert.equal(time.nowMs(), 1_000_000);
  }
  clock.jump(HOUR);
  time.heard(b as NonNullable<typeof b>, 1_000_000, 0);
  assert.equal(time.nowMs(), 1_000_000, 'nor does its own');
});

test('when most clocks jump, so does cluster time', () => {
  const clock = clockAt(1_000_000);
  const core = leading();
  const time = createClusterTime(clock, () => core);
  clock.jump(HOUR);
  time.heard(b as NonNullable<typeof b>, 1_000_000 + HOUR, 0);
  time.heard(c as NonNullable<typeof c>, 1_000_000, 0);
  assert.equal(time.nowMs(), 1_000_000 + HOUR);
});

function following(clock: Clock): { time: ReturnType<typeof createClusterTime>; leader: MemberId } {
  const core = coreOf(3);
  step(core, [{ type: 'tick', monotonicMs: 0, random: 0 }]);
  const from = b as NonNullable<typeof b>;
  const heartbeat = { type: 'heartbeat', round: 1, commitIndex: 0, lastIndex: 1, logLost: false } as const;
  step(core, [{ type: 'receive', messages: [{ from, to: core.self, term: 1, ...heartbeat }] }]);
  return { time: createClusterTime(clock, () => core), leader: from };
}

test('a follower takes its leader’s time, and goes on with it by its own monotonic clock', () => {
  const clock = clockAt(1_000_000);
  const { time, leader } = following(clock);
  time.heard(leader, 5_000_000, 2_000_000);
  clock.pass(7);
  clock.jump(HOUR);
  assert.equal(time.nowMs(), 2_000_007);
  assert.ok(Number.isInteger(time.nowMs()));
});

test('a time that no clock shows is not taken, neither from a voter nor from the leader', () => {
  for (const wrong of [Number.NaN, Infinity, -1, Date.UTC(2100, 0, 1), '1' as unknown as number]) {
    const clock = clockAt(1_000_000);
    const { time, leader } = following(clock);
    assert.equal(time.heard(leader, 1_000_000, wrong), false);
    assert.equal(time.heard(leader, wrong, 1_000_000), false);
    assert.equal(time.nowMs(), 1_000_000);
    assert.equal(time.heard(leader, 2_000_000, 3_000_000), true);
    assert.equal(time.nowMs(), 3_000_000);
  }
});

test('the clocks of members that have no vote are not kept: they have no part in the median, now or later', () => {
  const clock = clockAt(1_000_000);
  const core = leading();
  const time = createClusterTime(clock, () => core);
  const [first, second, third] = [a, b, c] as MemberId[] as [MemberId, MemberId, MemberId];
  core.voters = { incoming: [first, second], outgoing: null };
  time.heard(third, 9_000_000, 9_000_000);
  core.voters = { incoming: [first, second, third], outgoing: null };
  time.heard(second, 2_000_000, 2_000_000);
  assert.equal(time.nowMs(), 1_000_000, 'of two clocks, as what the third said without a vote was not kept');
  time.heard(third, 5_000_000, 5_000_000);
  assert.equal(time.nowMs(), 2_000_000);
  core.voters = { incoming: [first, second], outgoing: null };
  time.heard(second, 2_000_000, 2_000_000);
  core.voters = { incoming: [first, second, third], outgoing: null };
  time.heard(second, 9_000_000, 9_000_000);
  assert.equal(time.nowMs(), 2_000_000, 'nor what it said before it left');
});

test('a leader that was started again, and acts as none, gives no time to those that do not know it yet', () => {
  const clock = clockAt(1_000_000);
  const core = coreOf(3);
  step(core, [{ type: 'tick', monotonicMs: 0, random: 0 }]);
  const from = b as NonNullable<typeof b>;
  const heartbeat = { type: 'heartbeat', round: 1, commitIndex: 0, lastIndex: 1, logLost: false } as const;
  const asLeader = { from, to: core.self, term: 1, ...heartbeat };
  step(core, [{ type: 'receive', messages: [asLeader] }]);
  const time = createClusterTime(clock, () => core);
  let listener: TransportListener | undefined;
  new Peers({
    transport: {
      ...noTransport,
      listen: (given) => {
        listener = given;
      },
    },
    clock: time,
    take: () => {},
    noted: assert.fail,
    hailed: () => assert.fail(),
    dropped: assert.fail,
  });
  const wrong = { notes: [], clockMs: 1_000_000 + HOUR, clusterMs: 1_000_000 + HOUR };
  const answer = { type: 'vote-answer', from, to: core.self, term: 1, granted: false } as const;
  for (const raft of [[], [answer]]) listener?.received(from, { ...wrong, raft });
  assert.equal(time.nowMs(), 1_000_000);
  listener?.received(from, { notes: [], clockMs: 0, clusterMs: 2_000_000, raft: [asLeader] });
  assert.equal(time.nowMs(), 2_000_000);
});
