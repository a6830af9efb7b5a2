import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TRACE_BYTES_MAX, TRACE_LINES_MAX, TRACE_PAGE_BYTES_MAX } from '../../src/node/limits.ts';
import { Tracing } from '../../src/node/tracing.ts';
import { createRaftCore, type RaftCore } from '../../src/raft/core.ts';
import type { Effect, Input } from '../../src/raft/ports.ts';
import type { Entry, MemberId, NodeId } from '../../src/raft/types.ts';
import { encodeEntry } from '../../src/tasks/entry.ts';
import type { StepLine } from '../../src/trace/format.ts';
import { replayRole } from '../../src/trace/role-replay.ts';
import { LINE_ENTRY_CHARS_MAX } from '../../src/trace/telling.ts';
import { steppedClock } from './stepped-clock.ts';

function sole(): { readonly core: RaftCore; readonly tracing: Tracing; run(...inputs: Input[]): readonly Effect[] } {
  const members = [{ nodeId: 'n1' as NodeId, instance: 'i1' as never, kind: 'voter' as const }];
  const core = createRaftCore(
    {
      self: 'n1/i1' as MemberId,
      hardState: { term: 1, votedFor: null },
      configurations: [{ index: 1, configuration: { members } }],
      log: { read: () => [], termAt: () => 1 },
      base: { index: 1, term: 1 },
      lastIndex: 1,
      lastTerm: 1,
      appliedIndex: 1,
      recovering: false,
      featureLevel: 1,
    },
    { heartbeatMs: 80, electionTimeoutMinMs: 400, electionTimeoutMaxMs: 800 },
  );
  const tracing = new Tracing('n1', steppedClock(5));
  const run = (...inputs: Input[]): readonly Effect[] => {
    const effects = tracing.step(core, core.appliedIndex, inputs);
    for (const effect of effects)
      if (effect.type === 'persist') run({ type: 'persisted', persistId: effect.persistId });
    return effects;
  };
  return { core, tracing, run };
}

const propose = (data: string): Input => ({ type: 'propose', proposals: [{ proposalId: 1, kind: 'events', data }] });
const steps = (tracing: Tracing, after = 0): StepLine[] =>
  tracing.after(after, 1_000).lines.filter((line): line is StepLine => line.what === 'step');

test('off, nothing is kept, and the core says nothing of its moves', () => {
  const { core, tracing, run } = sole();
  run({ type: 'tick', monotonicMs: 1, random: 0 });
  assert.deepEqual(tracing.after(0, 10), { lines: [], dropped: 0, newest: 0 });
  assert.equal(core.watched, null);
});

test('an election of one, and a write, as the machine was sent them', () => {
  const { tracing, run } = sole();
  tracing.keep(true);
  run({ type: 'tick', monotonicMs: 1, random: 0 });
  run(propose('x'));
  const lines = steps(tracing);
  const moves = lines.flatMap(replayRole).map(({ event, to }) => `${event.type} ${to.role}`);
  assert.deepEqual(moves.slice(0, 3), ['ELECTION_DUE preCandidate', 'PRE_VOTES_WON candidate', 'VOTES_WON leader']);
  const wrote = lines.flatMap((line) => line.wrote ?? []);
  assert.deepEqual(
    wrote.map(({ kind }) => kind),
    ['term-started', 'events'],
  );
  assert.deepEqual([lines.at(-1)?.commit, lines.at(-1)?.atMs, lines.at(-1)?.role], [3, 5, 'leader']);
});

test('bounded by lines and by bytes, and what was dropped is said (I10)', () => {
  const { tracing, run } = sole();
  tracing.keep(true);
  run({ type: 'tick', monotonicMs: 1, random: 0 });
  const large = 'x'.repeat(1_024 * 1_024);
  const count = (2 * TRACE_BYTES_MAX) / large.length;
  for (let at = 0; at < count; at += 1) run(propose(large));
  const { dropped, newest } = tracing.after(0, 1_000);
  assert.ok(dropped > count && dropped < newest, `${dropped} of ${newest}`);
  const small = sole();
  small.tracing.keep(true);
  small.run({ type: 'tick', monotonicMs: 1, random: 0 });
  for (let at = 0; at < TRACE_LINES_MAX; at += 1) small.run(propose('x'));
  const kept = small.tracing.after(0, 1_000);
  assert.equal(kept.newest - kept.dropped, TRACE_LINES_MAX);
  assert.equal(kept.lines[0]?.line, kept.dropped + 1);
});

test('a page is bounded by bytes too, and goes on where it ended', () => {
  const { tracing, run } = sole();
  tracing.keep(true);
  run({ type: 'tick', monotonicMs: 1, random: 0 });
  const data = encodeEntry({ v: 1, atMs: 1, pairs: [] }).padEnd(50_000);
  for (let at = 0; at < 30; at += 1) run(propose(data));
  const seen: number[] = [];
  for (let after = 0; ; ) {
    const { lines, dropped } = tracing.after(after, 1_000);
    assert.equal(dropped, 0);
    if (lines.length === 0) break;
    assert.ok(JSON.stringify(lines).length <= 2 * TRACE_PAGE_BYTES_MAX);
    seen.push(...lines.map(({ line }) => line));
    after = seen.at(-1) ?? 0;
  }
  assert.deepEqual(
    seen,
    Array.from({ length: tracing.after(0, 1).newest }, (_, at) => at + 1),
  );
});

test('what a callback’s headers say leaves no node, and neither does an entry that fits no page (I11, I10)', () => {
  const { tracing, run } = sole();
  tracing.keep(true);
  run({ type: 'tick', monotonicMs: 1, random: 0 });
  const event = { type: 'TaskCreated', definition: { callback: { headers: { authorization: 'Bearer s3cret' } } } };
  run(propose(JSON.stringify({ v: 1, atMs: 1, pairs: [{ requires: [], events: [event], by: 'x' }] })));
  run(propose('x'.repeat(LINE_ENTRY_CHARS_MAX + 1)));
  const [first, second] = steps(tracing)
    .flatMap((line) => line.wrote ?? [])
    .slice(-2) as [Entry, Entry];
  assert.ok(!first.data.includes('s3cret') && first.data.includes('authorization'), first.data);
  assert.deepEqual(Object.keys(second), ['index', 'term', 'kind']);
});

test('a watcher that says nothing more costs nothing for long; an operator’s wish stays', () => {
  const clock = steppedClock(0);
  const tracing = new Tracing('n1', clock);
  tracing.watch(10_000);
  clock.pass(9_000);
  tracing.watch(10_000);
  clock.pass(9_000);
  assert.equal(tracing.isOn, true);
  clock.pass(1_001);
  assert.equal(tracing.isOn, false);
  assert.equal(clock.timers, 0);
  tracing.keep(true);
  tracing.watch(100);
  clock.pass(101);
  assert.equal(tracing.isOn, true);
  tracing.keep(false);
  assert.equal(tracing.isOn, false);
});
