import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvariantBroken } from '../../src/invariant.ts';
import { createRaftCore, type RaftCore } from '../../src/raft/core.ts';
import type { Effect, Input, RaftStart } from '../../src/raft/ports.ts';
import { roleOf } from '../../src/raft/role.ts';
import { step } from '../../src/raft/step.ts';
import { votersNamed } from './cluster/cluster.ts';
import { emptyDisk, startFrom } from './cluster/disk.ts';
import { effectInWords } from './cluster/in-words.ts';
import { memberOf, TIMINGS } from './cluster/node.ts';

/** The core by itself, an input at a time: what one voter writes, and when that counts. */

const restarted = (start: Partial<RaftStart> = {}, ...voters: readonly string[]): RaftCore => {
  const disk = emptyDisk(votersNamed('n1', ...voters));
  return createRaftCore({ ...startFrom(disk, memberOf('n1'), false, 1), ...start }, TIMINGS);
};

const tick = (monotonicMs: number, random = 0): Input => ({ type: 'tick', monotonicMs, random });
const persisted = (core: RaftCore): Input => ({ type: 'persisted', persistId: core.lastPersistId });
const write = (...proposalIds: readonly number[]): Input => ({
  type: 'propose',
  proposals: proposalIds.map((proposalId) => ({ proposalId, kind: 'events', data: 'x' })),
});
const brief = (effects: readonly Effect[]) => effects.map(effectInWords);

const lead = (core: RaftCore): void => {
  step(core, [tick(0)]);
  step(core, [persisted(core)]);
  step(core, [persisted(core)]);
};

test('a sole voter elects itself by the path that more voters take: pre-vote, vote on disk, first entry, commit', () => {
  const core = restarted();
  assert.deepEqual(brief(step(core, [tick(0)])), ['writes term 1, vote n1', 'is candidate in term 1']);
  assert.deepEqual(brief(step(core, [persisted(core)])), ['writes [1@1]', 'is leader in term 1']);
  assert.deepEqual(brief(step(core, [persisted(core)])), ['commits through 1']);
});

test('I8, raft.md case 2: the own vote does not count before it is on disk', () => {
  const core = restarted();
  step(core, [tick(0)]);
  step(core, [tick(50), tick(100), { type: 'persisted', persistId: 0 }]);
  assert.equal(roleOf(core.role), 'candidate');
});

test('I1: nothing commits before it is on disk', () => {
  const core = restarted();
  lead(core);
  assert.deepEqual(brief(step(core, [write(7)])), ['writes [2@1 x]', 'appends proposal 7 as 2@1']);
  assert.equal(core.commitIndex, 1);
  assert.deepEqual(brief(step(core, [persisted(core)])), ['commits through 2']);
});

test('I1: of two writes on their way, the first to be durable commits its own entries alone', () => {
  const core = restarted();
  lead(core);
  step(core, [write(1, 2)]);
  const first = persisted(core);
  step(core, [write(3)]);
  assert.deepEqual(brief(step(core, [first])), ['commits through 3']);
  assert.deepEqual(brief(step(core, [persisted(core)])), ['commits through 4']);
});

test('paper §5.4.2, raft.md case 1: entries of earlier terms commit only with the first of the own term', () => {
  const log = { read: () => [], termAt: () => 4 };
  const core = restarted({
    log,
    hardState: { term: 4, votedFor: null },
    lastIndex: 9,
    lastTerm: 4,
    appliedIndex: 3,
  });
  step(core, [tick(0)]);
  step(core, [persisted(core)]);
  assert.equal(roleOf(core.role), 'leader');
  step(core, [{ type: 'persisted', persistId: 1 }]);
  assert.equal(core.commitIndex, 3, 'index 9 is on a majority, and of an old term');
  assert.deepEqual(brief(step(core, [persisted(core)])), ['commits through 10']);
});

test('group commit: a turn of many inputs has one disk write', () => {
  const core = restarted();
  lead(core);
  assert.deepEqual(brief(step(core, [write(1), write(2, 3)])), [
    'writes [2@1 x, 3@1 x, 4@1 x]',
    'appends proposal 1 as 2@1',
    'appends proposal 2 as 3@1, 3 as 4@1',
  ]);
});

test('who does not lead refuses proposals and reads, and says so', () => {
  const core = restarted({}, 'n2', 'n3');
  assert.deepEqual(brief(step(core, [write(1)])), ['refuses proposal 1; leader: nobody']);
  assert.deepEqual(brief(step(core, [{ type: 'read', readIds: [4] }])), ['refuses read 4; leader: nobody']);
});

test('raft.md case 18: a read waits until an entry of the own term is committed', () => {
  const core = restarted();
  step(core, [tick(0)]);
  step(core, [persisted(core)]);
  assert.deepEqual(step(core, [{ type: 'read', readIds: [1] }]), []);
  assert.deepEqual(brief(step(core, [persisted(core)])), ['may answer read 1 once 1 is applied', 'commits through 1']);
  assert.deepEqual(brief(step(core, [{ type: 'read', readIds: [2] }])), ['may answer read 2 once 1 is applied']);
});

test('paper §5.2: one voter of three waits a random timeout, asks for pre-votes, and stays where it is without answers', () => {
  const core = restarted({}, 'n2', 'n3');
  step(core, [tick(0, 0.5)]);
  assert.deepEqual(step(core, [tick(599, 0.5)]), []);
  const [asked, moved] = step(core, [tick(600, 0.5)]);
  assert.equal(asked?.type === 'send' && asked.messages.length, 2);
  assert.deepEqual(moved, { type: 'role-changed', role: 'preCandidate', term: 0, leader: null });
});

test('raft.md case 12: who is no voter never campaigns', () => {
  const core = createRaftCore(startFrom(emptyDisk(votersNamed('n2', 'n3')), memberOf('n1'), false, 1), TIMINGS);
  for (let ms = 0; ms < 10_000; ms += 100) assert.deepEqual(step(core, [tick(ms)]), []);
});

test('an impossible completion stops the node with the number of what broke', () => {
  const core = restarted();
  lead(core);
  assert.throws(() => step(core, [{ type: 'persisted', persistId: 99 }]), InvariantBroken);
  assert.throws(() => step(core, [{ type: 'applied', index: 99 }]), /I4/);
  assert.throws(() => restarted({ lastTerm: 9 }), /I8/);
  assert.throws(() => restarted({ appliedIndex: 9 }), /I4/);
});
