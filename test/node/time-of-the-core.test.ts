import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HEARTBEAT_MS, TICK_MS } from '../../src/node/limits.ts';
import { RAFT_TIMINGS } from '../../src/node/raft-start.ts';
import { Tracing } from '../../src/node/tracing.ts';
import { createRaftCore, type RaftCore } from '../../src/raft/core.ts';
import type { Message } from '../../src/raft/messages.ts';
import type { Input } from '../../src/raft/ports.ts';
import { step } from '../../src/raft/step.ts';
import { type InstanceId, type MemberId, memberId, type NodeId } from '../../src/raft/types.ts';
import { steppedClock } from './stepped-clock.ts';

const members = ['n1', 'n2', 'n3'].map((name) => ({
  nodeId: name as NodeId,
  instance: 'i' as InstanceId,
  kind: 'voter' as const,
}));
const idOf = (name: string): MemberId => memberId(name as NodeId, 'i' as InstanceId);

function leading(): { core: RaftCore; feed: (...inputs: Input[]) => Message[]; tell: (body: object) => Message[] } {
  const core = createRaftCore(
    {
      self: idOf('n1'),
      hardState: { term: 0, votedFor: null },
      configurations: [{ index: 1, configuration: { members } }],
      log: { read: () => [], termAt: () => undefined },
      base: { index: 1, term: 0 },
      lastIndex: 1,
      lastTerm: 0,
      appliedIndex: 1,
      recovering: false,
      featureLevel: 1,
    },
    RAFT_TIMINGS,
  );
  function feed(...inputs: Input[]): Message[] {
    const effects = step(core, inputs);
    const sent = effects.flatMap((effect) => (effect.type === 'send' ? effect.messages : []));
    const persist = effects.find((effect) => effect.type === 'persist');
    return persist === undefined ? sent : [...sent, ...feed({ type: 'persisted', persistId: persist.persistId })];
  }
  const tell = (body: object): Message[] =>
    feed({ type: 'receive', messages: [{ from: idOf('n2'), to: core.self, term: 1, ...body } as Message] });
  feed({ type: 'tick', monotonicMs: 0, random: 0 });
  feed({ type: 'tick', monotonicMs: 400, random: 0 });
  tell({ type: 'pre-vote-answer', term: 0, forTerm: 1, granted: true });
  tell({ type: 'vote-answer', granted: true });
  assert.ok(core.leading !== null);
  return { core, feed, tell };
}

const heartbeats = (sent: readonly Message[]): Message[] =>
  sent.filter(({ type, to }) => type === 'heartbeat' && to === idOf('n2'));
const answer = (round: number) =>
  ({ type: 'heartbeat-answer', round, durableIndex: 2, appliedIndex: 1, recovering: false, featureLevel: 1 }) as const;

test('heartbeats leave as often as the design says, whether timers come a little early or late', () => {
  for (const offMs of [-1, 0, 1]) {
    const { core, feed, tell } = leading();
    const sinceMs = core.monotonicMs;
    let count = 0;
    let monotonicMs = sinceMs;
    while (monotonicMs - sinceMs < 10_000) {
      monotonicMs += TICK_MS + offMs;
      count += heartbeats(feed({ type: 'tick', monotonicMs, random: 0 })).length;
      tell(answer(core.round));
    }
    const everyMs = 10_000 / count;
    assert.ok(everyMs >= HEARTBEAT_MS - 1 && everyMs <= HEARTBEAT_MS + 5, `every ${everyMs} ms with ${offMs} ms`);
  }
});

test('a read that is confirmed after a stall was confirmed then, and not at the last tick: leases are counted from that (I6)', () => {
  const { core, feed, tell } = leading();
  tell({ type: 'appended', matchIndex: 2 });
  const [asked] = heartbeats(tell({ type: 'read-index', readIds: [1] }));
  assert.ok(asked?.type === 'heartbeat');
  const stalledMs = core.monotonicMs + 350;
  const answers = feed(
    { type: 'now', monotonicMs: stalledMs },
    { type: 'receive', messages: [{ from: idOf('n2'), to: core.self, term: 1, ...answer(asked.round) }] },
  );
  assert.ok(answers.some(({ type }) => type === 'read-index-answer'));
  assert.equal(core.leading?.peers.get(idOf('n2'))?.readConfirmedAtMs, stalledMs);
});

test('time alone makes nothing due: that is a tick’s to find', () => {
  const { core, feed } = leading();
  assert.deepEqual(feed({ type: 'now', monotonicMs: core.monotonicMs + 10_000 }), []);
  assert.ok(core.leading !== null);
  assert.throws(() => feed({ type: 'now', monotonicMs: 1 }), /went back/);
});

test('time that passes and changes nothing leaves no line in the trace', () => {
  const { core } = leading();
  const tracing = new Tracing('n1', steppedClock(0));
  tracing.keep(true);
  const traced = (...inputs: readonly Input[]): void => {
    tracing.step(core, 1, inputs);
  };
  const now: Input = { type: 'now', monotonicMs: 410 };
  // The first line says how it stands.
  traced(now);
  traced(now);
  assert.equal(tracing.after(0, 10).lines.length, 1);
  const read: Input = { type: 'read', readIds: [1] };
  traced(now, read);
  assert.equal(tracing.after(0, 10).lines.length, 2);
});
